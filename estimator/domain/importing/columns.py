"""Which column of a file means what, by the names in its header, wherever that stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from django.utils.translation import gettext as _

from estimator.domain.importing.cells import Cell, Grid, Problem, Row, Unreadable, shortened
from estimator.files import columns as written


class Column(Enum):
    """What a column may mean."""

    KEY = "key"
    FEATURE = "feature"
    SOLUTION = "solution"
    ACCOUNT = "account"
    UNITS = "units"
    GROWTH = "growth"
    STARTS = "starts"
    RAMP = "ramp"


OURS: Mapping[Column, str] = {
    Column.KEY: written.KEY,
    Column.FEATURE: written.FEATURE,
    Column.SOLUTION: written.SOLUTION,
    Column.ACCOUNT: written.ACCOUNT,
    Column.UNITS: written.UNITS,
    Column.GROWTH: written.GROWTH,
    Column.STARTS: written.FROM,
    Column.RAMP: written.RAMP,
}
"""The columns as an estimate's own files name them."""

OTHERS: Mapping[Column, Sequence[str]] = {
    Column.KEY: ("key",),
    Column.FEATURE: ("feature name", "name", "product", "package"),
    Column.ACCOUNT: ("account name",),
    Column.UNITS: ("number of units", "expected units", "quantity", "qty"),
    Column.GROWTH: ("growth %", "growth a year", "growth per year", "growth"),
    Column.STARTS: ("start month", "from"),
    Column.RAMP: ("ramp",),
}
"""Other names, in small letters; of several the first is taken, the rest are for people to read."""

FOR_PEOPLE = frozenset(name.casefold() for name in written.COLUMNS) | {"counted in"}
"""Columns that say what others say; that they are not read is not worth a word."""


@dataclass(frozen=True)
class Table:
    """The rows below a header, and what their cells mean."""

    grid: Grid
    header: Row
    meanings: Mapping[Column, int]
    rows: Sequence[Row]
    above: Sequence[Row]
    """What stands above the header."""
    problems: Sequence[Problem]
    """Columns that are there twice."""

    def cell(self, row: Row, column: Column) -> Cell | None:
        """What stands in a column of a row; None for nothing, and without such a column."""
        place = self.meanings.get(column)
        return row.cells.get(place) if place is not None else None

    def place(self, row: Row, *columns: Column) -> str:
        """How a person finds the cell of the first of these columns that the table has."""
        there = [self.meanings[column] for column in columns if column in self.meanings]
        column = there[0] if there else min(self.header.cells)
        return self.grid.place(row.number, column, self.header.cells[column].text)

    @property
    def unread(self) -> Iterator[str]:
        """The columns that mean nothing here, by their names."""
        for column, cell in sorted(self.header.cells.items()):
            if column not in self.meanings.values() and said(cell) not in FOR_PEOPLE:
                yield shortened(cell.text)

    @property
    def says_percent(self) -> bool:
        """Whether the column of growth is named as one of percentages."""
        column = self.meanings.get(Column.GROWTH)
        return column is not None and "%" in self.header.cells[column].text


def find_table(grids: Iterable[Grid]) -> Table:
    """The first grid with a header, and the rows below it. Raises Unreadable where none has one."""
    is_empty, sheets = True, []
    for grid in grids:
        is_empty = is_empty and not grid.rows
        sheets.append(grid.sheet)
        for place, row in enumerate(grid.rows):
            meanings = meanings_of(row)
            if Column.UNITS in meanings and not meanings.keys().isdisjoint(
                (Column.KEY, Column.FEATURE)
            ):
                return Table(
                    grid=grid,
                    header=row,
                    meanings=meanings,
                    rows=grid.rows[place + 1 :],
                    above=grid.rows[:place],
                    problems=list(twice(grid, row, meanings)),
                )
    if is_empty:
        raise Unreadable(_("The file is empty."))
    raise Unreadable(no_header([name for name in sheets if name]))


def meanings_of(row: Row) -> dict[Column, int]:
    """What the cells of a row would mean if it were the header."""
    there: dict[str, int] = {}
    for place, cell in row.cells.items():
        there.setdefault(said(cell), place)
    found = {}
    for column, own in OURS.items():
        names = (own.casefold(), *OTHERS.get(column, ()))
        known = [there[name] for name in names if name in there]
        if known:
            found[column] = known[0]
    return found


def twice(grid: Grid, row: Row, meanings: Mapping[Column, int]) -> Iterator[Problem]:
    """Columns of the same name as one that is read."""
    names = {said(row.cells[place]): place for place in meanings.values()}
    for place, cell in sorted(row.cells.items()):
        first = names.get(said(cell), place)
        if first != place:
            yield Problem(
                grid.place(row.number, place, ""),
                shortened(cell.text),
                _("This column is there twice. Keep one of them, or rename the other."),
            )


def said(cell: Cell) -> str:
    """A cell as a name of a column: small letters, single spaces."""
    return " ".join(cell.text.replace("_", " ").split()).casefold()


def no_header(sheets: Sequence[str]) -> str:
    """Why nothing can be read, with the sheets that were looked through."""
    text = _(
        "No row names a column of features (Feature key or Feature) and one of units (Units). "
        "Name them in the row above the first line."
    )
    if len(sheets) < 2:
        return text
    looked = {"text": text, "sheets": ", ".join(shortened(name) for name in sheets)}
    return _("%(text)s Looked through the sheets %(sheets)s.") % looked
