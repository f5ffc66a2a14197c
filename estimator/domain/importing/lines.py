"""The lines of a table of units: features with their units, or what is wrong, by cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

from django.utils.translation import gettext as _

from credits.domain.catalogue import Offer
from credits.domain.quantities import MEASURED
from credits.exceptions import CreditsError
from estimator.domain.checking import MAX_LINES, check_feature
from estimator.domain.importing.cells import Cell, Odd, Problem, Row, shortened
from estimator.domain.importing.columns import Column, Table
from estimator.domain.importing.features import Features
from estimator.domain.importing.values import read_growth, read_month, read_ramp, read_units
from estimator.domain.price_list import PriceList

MAX_ACCOUNTS = 200
BY_ACCOUNT = "tiered"
"""The model whose accounts are priced apart."""

T = TypeVar("T")
FEATURE = (Column.KEY, Column.FEATURE)
PLANNED = (Column.GROWTH, Column.STARTS, Column.RAMP)


@dataclass
class UnitsLine:
    """What a file says of one feature; what it does not say of its plan stays as it is."""

    offer: Offer
    place: str
    """Where it stands first."""
    units: list[Decimal] = field(default_factory=list)
    """One number, or one of each account."""
    accounts: dict[str, str] = field(default_factory=dict)
    """Where the accounts that have a name stand."""
    growth: Decimal | None = None
    starts_on: date | None = None
    ramp: int | None = None
    is_whole: bool = True
    """Whether none of its rows has a problem."""

    @property
    def key(self) -> str:
        key: str = self.offer.feature.key
        return key

    @property
    def by_account(self) -> bool:
        """Whether each account is stated apart."""
        return self.offer.rate.model == BY_ACCOUNT


class Lines:
    """The lines of a table as they are gathered, row by row."""

    def __init__(self, table: Table, prices: PriceList) -> None:
        self.table = table
        self.prices = prices
        self.features = Features(prices)
        self.lines: dict[str, UnitsLine] = {}
        self.problems: list[Problem] = list(table.problems)
        self.without_units = 0
        """Rows that name a feature and no units; they say nothing."""
        for row in table.rows:
            self._read(row)
        if len(self.lines) > MAX_LINES:
            said = {"most": MAX_LINES, "sent": len(self.lines)}
            text = _("An estimate has up to %(most)d lines. The file has %(sent)d.") % said
            self.problems.append(Problem("", "", text))
            self.lines = {}

    @property
    def whole(self) -> list[UnitsLine]:
        """The lines without a problem; none where a column is there twice."""
        if self.table.problems:
            return []
        return [line for line in self.lines.values() if line.is_whole]

    def _read(self, row: Row) -> None:
        """Add a row to its feature's line, or what is wrong with it to the problems."""
        table = self.table
        units = table.cell(row, Column.UNITS)
        if units is None:
            self.without_units += any(table.cell(row, column) for column in FEATURE)
            return
        before = len(self.problems)
        offer = self._offer(row)
        if offer is None:
            return
        line = self.lines.get(offer.feature.key)
        if line is None:
            place = table.place(row, *FEATURE)
            line = self.lines[offer.feature.key] = UnitsLine(offer, place)
        elif not line.by_account:
            self._repeated(row, line)
            return
        self._account(row, line)
        self._plan(row, line)
        self._units(row, line, units)
        line.is_whole = line.is_whole and len(self.problems) == before

    def _offer(self, row: Row) -> Offer | None:
        """The feature that a row is about, if it takes new allocations."""
        key, name = (self.table.cell(row, column) for column in FEATURE)
        solution = self.table.cell(row, Column.SOLUTION)
        said = key or name
        if said is None:
            text = _("These units belong to no feature. Name it, or empty the cell.")
            self._wrong(row, Column.UNITS, text)
            return None
        column = Column.KEY if key else Column.FEATURE

        def found() -> Offer:
            if key is None:
                offer = self.features.by_name(said.text, solution.text if solution else "")
            else:
                offer = self.features.by_key(key.text)
            check_feature(offer.feature.key, self.prices)
            return offer

        offer = self._tried(row, column, found)
        if offer and key and name and not self.features.is_called(name.text, offer):
            text = _("The key beside it is that of %(name)s. Correct one of the two.")
            self._wrong(row, Column.FEATURE, text % {"name": offer.feature.name})
            return None
        return offer

    def _repeated(self, row: Row, line: UnitsLine) -> None:
        """A second row of a feature that has one number."""
        column = Column.KEY if self.table.cell(row, Column.KEY) else Column.FEATURE
        text = _("This feature stands at %(place)s already. Put its units into one row.")
        self._wrong(row, column, text % {"place": line.place})
        line.is_whole = False

    def _account(self, row: Row, line: UnitsLine) -> None:
        """Take note of an account; one that has a name is stated once."""
        cell = self.table.cell(row, Column.ACCOUNT) if line.by_account else None
        if cell is not None and cell.text in line.accounts:
            text = _("This account stands at %(place)s already. Put its units into one row.")
            self._wrong(row, Column.ACCOUNT, text % {"place": line.accounts[cell.text]})
        elif cell is not None:
            line.accounts[cell.text] = self.table.place(row, Column.ACCOUNT)

    def _units(self, row: Row, line: UnitsLine, cell: Cell) -> None:
        """Add the units of a row."""
        measured = line.offer.rate.model in MEASURED
        units = self._tried(
            row,
            Column.UNITS,
            lambda: read_units(cell, measured=measured, commas_group=self._commas_group),
        )
        if units is None:
            return
        if len(line.units) == MAX_ACCOUNTS:
            text = _("A feature has up to %(most)d accounts.") % {"most": MAX_ACCOUNTS}
            self._wrong(row, Column.UNITS, text)
            return
        line.units.append(units)

    def _plan(self, row: Row, line: UnitsLine) -> None:
        """What a row says of how its units change. The rows of one feature say the same."""
        commas, percent = self._commas_group, self.table.says_percent
        growth, starts, ramp = (self._planned(row, line, column) for column in PLANNED)
        if growth is not None:
            said = self._tried(
                row,
                Column.GROWTH,
                lambda: read_growth(growth, says_percent=percent, commas_group=commas),
            )
            line.growth = self._agreed(row, Column.GROWTH, line.growth, said)
        if starts is not None:
            month = self._tried(row, Column.STARTS, lambda: read_month(starts))
            line.starts_on = self._agreed(row, Column.STARTS, line.starts_on, month)
        if ramp is not None:
            months = self._tried(row, Column.RAMP, lambda: read_ramp(ramp, commas_group=commas))
            line.ramp = self._agreed(row, Column.RAMP, line.ramp, months)

    def _planned(self, row: Row, line: UnitsLine, column: Column) -> Cell | None:
        """A cell of the plan. In an estimate's own workbook the rows of further accounts repeat
        the first one's by formulas, whose result is nothing where that says nothing."""
        cell = self.table.cell(row, column)
        return None if cell and cell.value is Odd.FORMULA and line.units else cell

    def _agreed(self, row: Row, column: Column, known: T | None, said: T | None) -> T | None:
        """What the rows of one feature say; another one's word is a problem."""
        if known is not None and said is not None and known != said:
            text = _("A row above says something else of the same feature. Let both say the same.")
            self._wrong(row, column, text)
        return said if known is None else known

    @property
    def _commas_group(self) -> bool:
        return self.table.grid.separator == ","

    def _tried(self, row: Row, column: Column, read: Callable[[], T]) -> T | None:
        """What a reader gives, or None with its refusal among the problems."""
        try:
            return read()
        except CreditsError as refusal:
            self._wrong(row, column, refusal.message)
            return None

    def _wrong(self, row: Row, column: Column, text: str) -> None:
        """Add a problem at a cell."""
        cell = self.table.cell(row, column)
        shown = shortened(cell.text) if cell else ""
        self.problems.append(Problem(self.table.place(row, column), shown, text))
