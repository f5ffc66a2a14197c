"""How a spreadsheet counts the credits of one allocation group: formulas, and what they come to.

The formulas follow credits.domain.pricing and estimator.domain.needs step by step, from other
cells. What each comes to is written beside it, so that a viewer that does not calculate shows the
same (docs/rules.md#estimate-files).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from credits.domain.pricing import PRICERS, RESERVED, Rate, blocks, total
from estimator.domain.needs import BLOCK_MODELS, GroupNeed
from estimator.files.columns import YES
from estimator.files.layout import SheetLine, SheetRow

NOUGHT = "0"
WHOLE_BLOCKS = BLOCK_MODELS | {RESERVED}
"""Models that price whole blocks, begun ones included."""


@dataclass(frozen=True)
class RateCells:
    """A rate, and the cells that hold what is counted with it."""

    rate: Rate
    credits: str
    block: str
    cap: str


@dataclass(frozen=True)
class RowFigures:
    """What one row comes to."""

    counted: Decimal
    """What is priced of its units."""
    blocks: int | None
    credits: int


@dataclass(frozen=True)
class GroupFormulas:
    """The formulas of one group's rows, where its units and rates stand in given cells."""

    lines: Sequence[SheetLine]
    rates: Mapping[str, Rate]
    """In force, of all features of the group."""
    units: Callable[[SheetRow], str]
    """The cell that holds a row's units."""
    overlap: str
    """The cell that says whether packages were stated for the same units."""

    def counted(self, line: SheetLine) -> list[str]:
        """What is priced, by row. What is counted for a line as a whole stands in its first row."""
        if self.is_shared:
            whole = self._shared(line)
        elif is_split(line, self.rates[line.key]):
            return [self.units(row) for row in line.rows]
        else:
            whole = self._own(line)
        return [whole, *(NOUGHT for _row in line.rows[1:])]

    @property
    def is_shared(self) -> bool:
        """Whether one number serves all features, as GroupNeed.shared."""
        return any(rate.parts for rate in self.rates.values())

    def replaced(self, line: SheetLine) -> str:
        """Whether a bundle takes a line's place; empty where none can."""
        bundles = [
            self._is_complete(key)
            for key, rate in self.rates.items()
            if line.key in rate.parts and key in self._keys
        ]
        return any_of(bundles) if bundles and not self.rates[line.key].parts else ""

    def _own(self, line: SheetLine) -> str:
        """A line that is priced by itself."""
        rate, units = self.rates[line.key], self._total(line)
        if rate.model == "fixed_per_asset" and line.by_account:
            return f"COUNT({self._cells(line)})"
        if rate.model == "package" and (dearer := self._dearer(line)):
            rest = f"MAX(0,{units}-MAX({','.join(map(self._total, dearer))}))"
            return f'IF({self.overlap}="{YES}",{rest},{units})'
        return units

    def _shared(self, line: SheetLine) -> str:
        """A line of a bundle or its parts: the one number of the group, or nothing."""
        number = f"MAX({','.join(self._total(one) for one in self._stated)})"
        if self.rates[line.key].parts:
            return f"IF({self._is_complete(line.key)},{number},0)"
        counted = f"IF({self._is_wanted(line.key)},{number},0)"
        replaced = self.replaced(line)
        return f"IF({replaced},0,{counted})" if replaced else counted

    def _dearer(self, line: SheetLine) -> list[SheetLine]:
        """The packages that take units before this one, as estimator.domain.needs.won."""
        packages = [one for one in self._stated if self.rates[one.key].model == "package"]
        ranked = sorted(packages, key=lambda one: self.rates[one.key].credits, reverse=True)
        return ranked[: ranked.index(line)] if line in ranked else []

    def _is_complete(self, bundle: str) -> str:
        """Whether all parts of a bundle are estimated."""
        return f"AND({','.join(self._is_wanted(part) for part in self.rates[bundle].parts)})"

    def _is_wanted(self, key: str) -> str:
        """Whether a feature is estimated at more than nothing, by itself or in a bundle."""
        cells = [
            self._total(line)
            for line in self._stated
            if key in (self.rates[line.key].parts or (line.key,))
        ]
        return f"{'+'.join(cells)}>0" if cells else "FALSE"

    def _total(self, line: SheetLine) -> str:
        cells = self._cells(line)
        return f"SUM({cells})" if ":" in cells else cells

    def _cells(self, line: SheetLine) -> str:
        first, last = self.units(line.rows[0]), self.units(line.rows[-1])
        return first if first == last else f"{first}:{last}"

    @cached_property
    def _stated(self) -> list[SheetLine]:
        return [line for line in self.lines if line.is_stated]

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(line.key for line in self.lines)


def is_split(line: SheetLine, rate: Rate) -> bool:
    """Whether each account of a line is priced by itself."""
    return rate.model == "tiered" and line.by_account


def blocks_formula(cells: RateCells, counted: str) -> str:
    """Whole blocks, begun ones included. Decimals of a block are kept from adding another one."""
    share = f"{counted}/{cells.block}"
    return f"ROUNDUP({share if is_whole(cells.rate.block) else f'ROUND({share},9)'},0)"


def credits_formula(cells: RateCells, counted: str, whole_blocks: str = "") -> str:
    """Credits for what is counted, or for its blocks where those stand in a cell."""
    if cells.rate.model in WHOLE_BLOCKS:
        counted = whole_blocks or blocks_formula(cells, counted)
    elif counted == NOUGHT:
        return NOUGHT
    product = f"{counted}*{cells.credits}"
    # A binary product of decimals may fall just short of a half.
    product = product if is_whole(cells.rate.credits) else f"ROUND({product},4)"
    cost = f"ROUND({product},0)"
    has_cap = cells.rate.model == "tiered" and cells.rate.cap is not None
    return f"MIN({cells.cap},{cost})" if has_cap else cost


def row_figures(line: SheetLine, need: GroupNeed) -> list[RowFigures]:
    """What the rows of a line come to."""
    rate = need.rates[line.key]
    return [figures_of(rate, counted) for counted in counted_by_row(line, need)]


def figures_of(rate: Rate, counted: Decimal) -> RowFigures:
    """One number at a rate."""
    whole = blocks(counted, rate.block) if rate.model in WHOLE_BLOCKS else None
    return RowFigures(counted, whole, PRICERS[rate.model](rate, counted))


def counted_by_row(line: SheetLine, need: GroupNeed) -> list[Decimal]:
    """What is priced, by row."""
    nothing = [Decimal(0) for _row in line.rows[1:]]
    if need.shared:
        return [need.units if is_holding(line.key, need) else Decimal(0), *nothing]
    quantity = need.counted.get(line.key, Decimal(0))
    if isinstance(quantity, Mapping) and is_split(line, need.rates[line.key]):
        return list(quantity.values()) or [Decimal(0)]
    if isinstance(quantity, Mapping) and need.rates[line.key].model == "fixed_per_asset":
        return [Decimal(len(quantity)), *nothing]
    return [total(quantity), *nothing]


def is_holding(key: str, need: GroupNeed) -> bool:
    """Whether a feature of a shared group holds credits."""
    parts = need.rates[key].parts
    if parts:
        return is_complete(parts, need)
    return key in need.wanted and not is_replaced(key, need)


def is_replaced(key: str, need: GroupNeed) -> bool:
    """Whether a bundle takes a feature's place."""
    return any(key in rate.parts and is_complete(rate.parts, need) for rate in need.rates.values())


def is_complete(parts: Sequence[str], need: GroupNeed) -> bool:
    return bool(parts) and need.wanted >= set(parts)


def any_of(conditions: Iterable[str]) -> str:
    """One condition, or any of several."""
    found = list(conditions)
    return found[0] if len(found) == 1 else f"OR({','.join(found)})"


def is_whole(number: Decimal) -> bool:
    return number == number.to_integral_value()
