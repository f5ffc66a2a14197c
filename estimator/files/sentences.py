"""Arithmetic in words that follows its figures: formulas that put cells into a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from credits.domain.pricing import RESERVED
from estimator.domain.needs import GroupNeed
from estimator.files.counting import (
    GroupFormulas,
    RateCells,
    RowFigures,
    is_replaced,
    is_whole,
)
from estimator.files.layout import SheetLine, SheetRow

PLACE = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class Part:
    """A formula that gives a text, and the text it gives."""

    formula: str
    value: str


@dataclass(frozen=True)
class RowCells:
    """The cells of a row that its arithmetic speaks of."""

    units: str
    counted: str
    blocks: str
    credits: str


def quoted(text: str) -> str:
    """A text as a formula holds it."""
    return '"' + text.replace('"', '""') + '"'


def said(pattern: str, parts: Mapping[str, Part]) -> Part:
    """A translated pattern with its places filled by cells."""
    formulas, values = [], []
    for place, piece in enumerate(PLACE.split(pattern)):
        if place % 2:
            formulas.append(parts[piece].formula)
            values.append(parts[piece].value)
        elif piece:
            formulas.append(quoted(piece))
            values.append(piece)
    return Part("&".join(formulas), "".join(values))


def whole(cell: str, number: Decimal | int) -> Part:
    """A whole number, grouped as the reader's program groups."""
    return Part(f"FIXED({cell},0)", f"{number:,.0f}")


def measured(cell: str, number: Decimal) -> Part:
    """A number that may have decimals, as it stands."""
    return Part(cell, plain(number))


def plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def either(condition: str, holds: bool, one: Part, other: Part) -> Part:
    """One of two texts."""
    return Part(f"IF({condition},{one.formula},{other.formula})", (one if holds else other).value)


def arithmetic(
    line: SheetLine,
    row: SheetRow,
    group: GroupFormulas,
    rate_cells: RateCells,
    cells: RowCells,
    figures: RowFigures,
    need: GroupNeed,
    bundle: str,
) -> Part:
    """How a row's credits are counted, as the pages say it, but alive.

    `bundle` is the name of the one that may take the line's place.
    """
    rate = rate_cells.rate
    if not rate.credits:
        return Part(quoted(_("needs no credits")), _("needs no credits"))
    units = row.units or Decimal(0)
    rate_part = (whole if is_whole(rate.credits) else measured)(rate_cells.credits, rate.credits)
    if figures.blocks is not None:
        product = blocks_said(cells, figures, rate_part, units, rate_cells)
    else:
        product = product_said(line, cells, figures, rate_part, units)
    replaced = group.replaced(line)
    if not replaced:
        return product
    instead = said(_("counted in %(name)s"), {"name": Part(quoted(bundle), bundle)})
    return either(replaced, is_replaced(line.key, need), instead, product)


def blocks_said(
    cells: RowCells, figures: RowFigures, rate_part: Part, units: Decimal, rate_cells: RateCells
) -> Part:
    """2,200 → 5 blocks × 1,000, at most 8,000."""
    number = figures.blocks or 0
    parts = {
        "units": grouped(cells.units, units),
        "blocks": whole(cells.blocks, number),
        "rate": rate_part,
    }
    if rate_cells.rate.model == RESERVED and rate_cells.rate.block == 1:
        return said(_("%(blocks)s × %(rate)s"), parts)
    one = said(_("%(units)s → %(blocks)s block × %(rate)s"), parts)
    several = said(_("%(units)s → %(blocks)s blocks × %(rate)s"), parts)
    product = either(f"{cells.blocks}=1", number == 1, one, several)
    cap = rate_cells.rate.cap
    if cap is None or not rate_cells.cap:
        return product
    most = {"product": product, "cap": whole(rate_cells.cap, cap)}
    over = f"{cells.blocks}*{rate_cells.credits}>{rate_cells.cap}"
    is_over = number * rate_cells.rate.credits > cap
    return either(over, is_over, said(_("%(product)s, at most %(cap)s"), most), product)


def grouped(cell: str, number: Decimal) -> Part:
    """A number that may have decimals: grouped while it has none."""
    formula = f"IF({cell}=INT({cell}),FIXED({cell},0),{cell})"
    return Part(formula, whole(cell, number).value if is_whole(number) else plain(number))


def product_said(
    line: SheetLine, cells: RowCells, figures: RowFigures, rate_part: Part, units: Decimal
) -> Part:
    """300 × 65, and what is counted elsewhere."""
    parts = {"counted": whole(cells.counted, figures.counted), "rate": rate_part}
    product = said(_("%(counted)s × %(rate)s"), parts)
    if not line.is_stated or len(line.rows) > 1:
        return product
    told = {"product": product, "units": whole(cells.units, units)}
    fewer = said(_("%(product)s, the rest of %(units)s in a higher package"), told)
    more = said(_("%(product)s, one number serves all"), told)
    rest = either(f"{cells.counted}>{cells.units}", figures.counted > units, more, product)
    return either(f"{cells.counted}<{cells.units}", figures.counted < units, fewer, rest)
