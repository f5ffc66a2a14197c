"""What a file's cells hold, whatever kind of file it is, and what is wrong with one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum

from django.utils.translation import gettext as _

from credits.domain.quantities import plain_units
from credits.exceptions import InvalidCommand

MAX_ROWS = 4_000
"""Rows of a file that hold something; a feature whose accounts are priced apart takes several."""

MAX_COLUMNS = 50

SHOWN = 60
"""Characters of a cell that are shown again."""


class Unreadable(InvalidCommand):
    """The file as a whole cannot be read; its message says what to do."""


class Odd(Enum):
    """What a spreadsheet's cell may hold and no column takes."""

    FORMULA = "formula"
    """A formula whose result was never kept."""
    ERROR = "error"
    TRUTH = "truth"
    TIME = "time"
    """A time of day or a duration."""
    NUMBER = "number"
    """A number beyond all numbers."""


Value = str | Decimal | date | Odd
"""A text is trimmed and never empty; a cell without anything has no value."""


@dataclass(frozen=True)
class Cell:
    """One cell that holds something."""

    value: Value
    text: str
    """It, as a person knows it."""
    percent: bool = False
    """Whether it is a number that is shown as a percentage: 0.1 is shown as 10 %."""


@dataclass(frozen=True)
class Row:
    """One row that holds something: its cells by their column, counted from 0."""

    number: int
    """As a spreadsheet or a text editor counts, from 1."""
    cells: Mapping[int, Cell]


@dataclass(frozen=True)
class Grid:
    """The rows of a sheet or of a text file that hold something."""

    rows: Sequence[Row]
    sheet: str = ""
    """Its name; empty for a text file."""
    separator: str = ""
    """What stands between the cells of a text file; empty for a sheet."""

    def place(self, row: int, column: int, heading: str) -> str:
        """How a person finds a cell: B7 in a sheet, line 7, Units in a text file."""
        if self.separator:
            return f"line {row}, {heading}" if heading else f"line {row}"
        return f"{letters(column)}{row}"


@dataclass(frozen=True)
class Problem:
    """What is wrong: where, what stands there, and what to do."""

    place: str
    """Empty where it is the file as a whole."""
    shown: str
    text: str


def letters(column: int) -> str:
    """A column as a spreadsheet names it: A for 0, AA for 26."""
    name, rest = "", column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        name = chr(ord("A") + digit) + name
    return name


def text_cell(text: str) -> Cell:
    """A cell of text."""
    return Cell(text, text)


def number_cell(value: Decimal, *, percent: bool) -> Cell:
    """A cell of a number."""
    shown = f"{plain_units(value * 100)} %" if percent else plain_units(value)
    return Cell(value, shown, percent)


def shortened(text: str) -> str:
    """What stands in a cell, short enough to be shown beside its problem."""
    plain = "".join(letter for letter in text if letter.isprintable())
    return plain if len(plain) <= SHOWN else plain[:SHOWN] + "\N{HORIZONTAL ELLIPSIS}"


def too_long() -> str:
    most = {"most": f"{MAX_ROWS:,}"}
    return _("A file has up to %(most)s rows that hold something. Split it.") % most


def too_wide() -> str:
    most = {"most": MAX_COLUMNS}
    return _("A file has up to %(most)d columns. Remove those that are not needed.") % most
