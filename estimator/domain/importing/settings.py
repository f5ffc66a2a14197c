"""What an estimate's own workbook says of the whole estimate: its term, overlap and reserve."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from django.utils.translation import gettext as _

from credits.exceptions import CreditsError, InvalidCommand
from estimator.domain.checking import check_reserve
from estimator.domain.importing.cells import Cell, Problem, shortened
from estimator.domain.importing.columns import Column, Table
from estimator.domain.importing.values import HUNDREDTHS, number_of
from estimator.domain.plans import HUNDRED, NO_RESERVE, Reserve
from estimator.files.columns import NO, OVERLAP, RESERVE_CREDITS, RESERVE_PERCENT, YEARS, YES
from estimator.models import MAX_YEARS

T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """What is said beside the lines; None where a file says nothing."""

    years: int | None = None
    overlap: bool | None = None
    reserve: Reserve | None = None


class SettingsReader:
    """The labels above the header and the cells beside them, in a workbook that has them."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.problems: list[Problem] = []
        self.found = dict(self._labeled())

    def read(self) -> Settings:
        """What they say; what is wrong with them goes to the problems."""
        return Settings(
            years=self._tried(YEARS, read_years),
            overlap=self._tried(OVERLAP, read_overlap),
            reserve=self._reserve(),
        )

    def _labeled(self) -> Iterator[tuple[str, tuple[str, Cell]]]:
        """Each label with the place and the cell of its value."""
        columns = self.table.meanings
        if not self.table.grid.sheet or not {Column.SOLUTION, Column.FEATURE} <= columns.keys():
            return
        for row in self.table.above:
            label, value = (
                row.cells.get(columns[column]) for column in (Column.SOLUTION, Column.FEATURE)
            )
            if label is not None and value is not None:
                yield label.text, (self.table.place(row, Column.FEATURE), value)

    def _reserve(self) -> Reserve | None:
        """The reserve, stated in one of its two cells; zero in both is none."""
        percent = self._tried(RESERVE_PERCENT, read_percent)
        credits = self._tried(RESERVE_CREDITS, read_credits)
        if percent is None and credits is None:
            return None
        if percent and credits:
            text = _("A reserve is credits or a percentage, not both. Empty one of the two.")
            self._wrong(RESERVE_CREDITS, text)
            return None
        if percent:
            return percent
        return credits or NO_RESERVE

    def _tried(self, label: str, read: Callable[[Cell], T]) -> T | None:
        """What a reader makes of a label's cell; None for nothing, and for a problem."""
        if label not in self.found:
            return None
        try:
            return read(self.found[label][1])
        except CreditsError as refusal:
            self._wrong(label, refusal.message)
            return None

    def _wrong(self, label: str, text: str) -> None:
        place, cell = self.found[label]
        self.problems.append(Problem(place, shortened(cell.text), text))


def read_years(cell: Cell) -> int:
    """Whole years. Raises InvalidCommand."""
    years = None if cell.percent else number_of(cell, measured=False, commas_group=False)
    if years is None or years % 1 or not 1 <= years <= MAX_YEARS:
        most = {"most": MAX_YEARS}
        raise InvalidCommand(_("The term is a whole number of years from 1 to %(most)d.") % most)
    return int(years)


def read_overlap(cell: Cell) -> bool:
    """Yes or No. Raises InvalidCommand."""
    answers: Mapping[str, bool] = {YES.casefold(): True, NO.casefold(): False}
    answer = answers.get(cell.text.casefold())
    if answer is None:
        raise InvalidCommand(_("Write %(yes)s or %(no)s.") % {"yes": YES, "no": NO})
    return answer


def read_percent(cell: Cell) -> Reserve:
    """A share of the level. Raises InvalidCommand."""
    number = number_of(cell, measured=True, commas_group=False)
    percent = number * HUNDRED if number is not None and cell.percent else number
    if percent is None or percent != round(percent, HUNDREDTHS):
        raise InvalidCommand(_("A share is a percentage with up to two decimals."))
    return checked(Reserve(percent=percent))


def read_credits(cell: Cell) -> Reserve:
    """Credits kept free. Raises InvalidCommand."""
    credits = None if cell.percent else number_of(cell, measured=False, commas_group=False)
    if credits is None or credits % Decimal(1):
        raise InvalidCommand(_("Credits are a whole number."))
    return checked(Reserve(credits=int(credits)))


def checked(reserve: Reserve) -> Reserve:
    """A reserve that can be meant. Raises InvalidCommand."""
    check_reserve(reserve)
    return reserve
