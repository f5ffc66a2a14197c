"""Where everything stands in the sheets that others speak of: rows, columns and names of cells."""

from __future__ import annotations

from estimator.files import columns
from estimator.files.layout import FIRST_ROW, Layout
from estimator.files.page import at

HEAD_ROW = FIRST_ROW - 1
NAME_ROW, YEARS_ROW, OVERLAP_ROW, PERCENT_ROW, FREE_ROW = range(3, 8)
LINES_ROW, KEPT_ROW, LEVEL_ROW, TIMES_ROW, HIGHEST_ROW, SUM_ROW = range(3, 9)
"""The settings on the left, and beside them what the estimate comes to."""

PLACE = {name: place for place, name in enumerate(columns.COLUMNS)}
LABEL, VALUE = PLACE[columns.SOLUTION], PLACE[columns.FEATURE]
RESULT_LABEL, RESULT, REMARK = (
    PLACE[columns.RAMP],
    PLACE[columns.CREDITS],
    PLACE[columns.ARITHMETIC],
)
START = len(columns.COLUMNS)
"""A hidden column beside the others: the month from which a line counts, as a number."""

OVERLAP = at(OVERLAP_ROW, VALUE, fixed="row column")
FIRST_MONTH = 2
"""The column of the first month in the sheet Months, beside names and units."""

DAY_ROW, NUMBER_ROW, USED_ROW, FREED_ROW, HELD_ROW = range(4, 9)
"""Of the sheet Months: from which day on, its month as a number, and what is held from then on."""

MOST_ROW, YEARS_SUM_ROW, FIRST_YEAR_ROW = 10, 11, 12
"""The highest level, the highest of each year added up, and these one below the other."""


def cell(name: str, row: int, *, fixed: str = "") -> str:
    """A cell of the table by its heading."""
    return at(row, PLACE[name], fixed=fixed)


def column(name: str, layout: Layout) -> str:
    """All cells of the lines under a heading."""
    return f"{cell(name, FIRST_ROW)}:{cell(name, layout.last_row)}"


def elsewhere(name: str, row: int) -> str:
    """A cell of the table as another sheet names it, wherever it is copied to."""
    return f"{columns.SHEET}!{cell(name, row, fixed='row column')}"


def setting(row: int) -> str:
    """The value of a setting as any sheet names it."""
    return f"{columns.SHEET}!{at(row, VALUE, fixed='row column')}"


def month_cell(row: int, place: int, *, fixed: str = "row") -> str:
    """A cell of a month in the sheet Months."""
    return at(row, FIRST_MONTH + place, fixed=fixed)
