"""One sheet of a workbook being written: every cell of its own kind, and no text as a formula."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from credits.web.cells import is_risky
from estimator.files.styles import BASE, STYLES

LONGEST_TEXT, LONGEST_FOOTER = 32_767, 100
A4 = 9
DAY_NOUGHT = date(1899, 12, 30)
"""Before the first day of a spreadsheet: days are counted from here."""


class Styles:
    """The formats of a workbook, each made when it is first used."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._book.add_format(BASE | STYLES[name])
        return self._made[name]


class PlainSheet(Worksheet):  # type: ignore[misc]  # the library ships no types
    """A sheet whose formulas stand in the file as they are written.

    The library looks through each for the names of thirty functions that came to spreadsheets
    late. None is used here, what is looked for might be part of a name, and it takes longer than
    all the rest.
    """

    def _prepare_formula(self, formula: str, _late: bool = False) -> str:
        return formula.removeprefix("=")


class Page:
    """A sheet. Rows are counted from 1 and columns from 0, as `at` names them."""

    def __init__(self, book: Any, styles: Styles, name: str) -> None:
        self.book = book
        self.sheet = book.add_worksheet(name, PlainSheet)
        self.styles = styles
        self.name = name
        self.sheet.hide_gridlines(2)

    def text(self, row: int, column: int, text: str, style: str = "text") -> None:
        """Words, which stay words whatever they look like."""
        if is_risky(text):
            style = "input_risky" if style.startswith("input") else "risky"
        self.sheet.write_string(row - 1, column, text[:LONGEST_TEXT], self.styles[style])

    def number(self, row: int, column: int, number: Decimal | int, style: str = "whole") -> None:
        self.sheet.write_number(row - 1, column, exact(number), self.styles[style])

    def day(self, row: int, column: int, day: date, style: str = "day") -> None:
        plain = datetime(day.year, day.month, day.day)
        self.sheet.write_datetime(row - 1, column, plain, self.styles[style])

    def blank(self, row: int, column: int, style: str) -> None:
        """A cell that holds nothing yet."""
        self.sheet.write_blank(row - 1, column, None, self.styles[style])

    def formula(
        self, row: int, column: int, formula: str, value: float | str, style: str = "whole"
    ) -> None:
        """A formula with what it comes to. It is made of cells and numbers, never of names."""
        self.sheet.write_formula(row - 1, column, f"={formula}", self.styles[style], value)

    def widths(self, *widths: float) -> None:
        """The columns from the first on, in characters; 0 hides one."""
        for column, width in enumerate(widths):
            hidden = {} if width else {"hidden": True}
            self.sheet.set_column(column, column, width or None, None, hidden)

    def printed(self, title: str, *, across: int) -> None:
        """On A4 across, so many pages wide and as many long as it takes."""
        self.sheet.set_landscape()
        self.sheet.set_paper(A4)
        self.sheet.set_margins(0.4, 0.4, 0.5, 0.6)
        self.sheet.fit_to_pages(across, 0)
        # An ampersand begins a code in a footer; two are one that is printed.
        self.sheet.set_footer(f"&L{title.replace('&', '&&')[:LONGEST_FOOTER]}&R&P / &N")


@lru_cache(maxsize=1024)
def letters(column: int) -> str:
    """A column's name: E."""
    name: str = xl_col_to_name(column)
    return name


def at(row: int, column: int, *, fixed: str = "") -> str:
    """A cell's name: E11; with `fixed` rows, columns or both as in $E$11."""
    column_mark = "$" if "column" in fixed else ""
    row_mark = "$" if "row" in fixed else ""
    return f"{column_mark}{letters(column)}{row_mark}{row}"


def exact(number: Decimal | int) -> int | float:
    """A number as a cell can hold it."""
    return int(number) if number == int(number) else float(number)


def day_number(day: date) -> int:
    """A day as a cell holds it."""
    return (day - DAY_NOUGHT).days


def number_style(number: Decimal) -> str:
    """How a number that never changes is shown: grouped where it has no decimals."""
    return "whole" if number == number.to_integral_value() else "number"
