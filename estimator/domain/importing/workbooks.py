"""The sheets of an XLSX, as grids of cells: what a person saw in them, not how it came about."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.cell.read_only import EMPTY_CELL
from openpyxl.utils.exceptions import InvalidFileException

from credits.domain.usage_file import unguarded
from estimator.domain.importing.archive import BROKEN, check_archive, damaged
from estimator.domain.importing.cells import (
    MAX_COLUMNS,
    MAX_ROWS,
    Cell,
    Grid,
    Odd,
    Row,
    Unreadable,
    number_cell,
    too_long,
    too_wide,
)

MAX_SHEETS = 20
LAST_ROW = 100_000
"""How far down a sheet is looked through: a row far below makes the parser fill all above it."""

LOOKED_AT = 60
"""Columns in which something beyond the last one is noticed."""

EXACT = ".15g"
"""Digits of a number that a spreadsheet keeps; what binary fractions add is no part of it."""

LITERAL = re.compile(r'"[^"]*"|\\.')
"""What a number format writes as it stands."""

FAULTY = (*BROKEN, LookupError, TypeError, AttributeError, ArithmeticError, ParseError)
"""What openpyxl raises for a workbook that is not what it says; it has no error of its own."""


def read_sheets(data: bytes, first: str) -> Iterator[Grid]:
    """The sheets that are shown, in their order, the one that is called `first` leading.

    Raises Unreadable for what is no workbook, is too large, or could do harm. A sheet is read when
    it is asked for.
    """
    check_archive(data)
    with sentences():
        values = load_workbook(BytesIO(data), read_only=True, data_only=True)
        formulas = load_workbook(BytesIO(data), read_only=True)
        names = [sheet.title for sheet in values.worksheets if sheet.sheet_state == "visible"]
        names.sort(key=lambda name: name != first)
    for name in names[:MAX_SHEETS]:
        with sentences():
            grid = Grid(list(rows_of(values[name], formulas[name])), sheet=name)
        yield grid


@contextmanager
def sentences() -> Iterator[None]:
    """Let a workbook that is not what it says end in a sentence, and a whole one in silence."""
    try:
        with warnings.catch_warnings():
            # openpyxl warns of what it leaves out: charts, rules, extensions. Nobody reads it here.
            warnings.simplefilter("ignore")
            yield
    except (*FAULTY, InvalidFileException) as error:
        raise Unreadable(damaged()) from error


def rows_of(values: Any, formulas: Any) -> Iterator[Row]:
    """The rows of a sheet that hold something. Raises Unreadable beyond the limits.

    What a sheet says of its own size is not believed.
    """
    values.reset_dimensions()
    formulas.reset_dimensions()
    pairs = zip(
        values.iter_rows(max_col=LOOKED_AT), formulas.iter_rows(max_col=LOOKED_AT), strict=True
    )
    count = 0
    for number, (row, written) in enumerate(pairs, start=1):
        if number > LAST_ROW:
            raise Unreadable(too_far())
        if all(cell is EMPTY_CELL for cell in row):
            continue
        both = enumerate(zip(row, written, strict=True))
        cells = {column: cell for column, (one, other) in both if (cell := cell_of(one, other))}
        if not cells:
            continue
        count += 1
        if count > MAX_ROWS:
            raise Unreadable(too_long())
        if max(cells) >= MAX_COLUMNS:
            raise Unreadable(too_wide())
        yield Row(number, cells)


def cell_of(shown: Any, written: Any) -> Cell | None:
    """A cell as it is shown; None where nothing stands in it."""
    value = shown.value
    if value is None:
        # A formula may come to an empty text; one without any result was never calculated.
        is_unknown = written.data_type == "f" and shown.data_type != "str"
        return Cell(Odd.FORMULA, _("a formula")) if is_unknown else None
    if shown.data_type == "e":
        return Cell(Odd.ERROR, str(value))
    if isinstance(value, bool):
        return Cell(Odd.TRUTH, "TRUE" if value else "FALSE")
    if isinstance(value, int | float):
        number = Decimal(value) if isinstance(value, int) else Decimal(format(value, EXACT))
        if not number.is_finite():
            return Cell(Odd.NUMBER, str(value))
        return number_cell(number, percent=is_percent(shown.number_format or ""))
    if isinstance(value, date):
        day = value.date() if isinstance(value, datetime) else value
        return Cell(day, day.isoformat())
    if not isinstance(value, str):
        return Cell(Odd.TIME, str(value))
    text = unguarded(value.strip())
    return Cell(text, text) if text else None


def is_percent(number_format: str) -> bool:
    """Whether a format shows a hundred times the number; a sign that is only written does not."""
    return "%" in LITERAL.sub("", number_format)


def too_far() -> str:
    last = {"last": f"{LAST_ROW:,}"}
    return _("The sheet goes on below row %(last)s. Delete the rows below the units.") % last
