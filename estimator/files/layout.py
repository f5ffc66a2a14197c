"""What rows and columns the spreadsheet of a statement has, and where each stands.

Rows are those of Excel, counted from 1; a row of the sheet Estimate is one number of units.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from credits import clock
from credits.domain.catalogue import Offer
from credits.domain.in_force import newest
from credits.domain.pricing import Quantity, Rate
from credits.models import FeatureRate
from estimator.domain.course import term_end
from estimator.domain.estimates import RatesByGroup, group_needs
from estimator.domain.needs import GroupNeed
from estimator.domain.plans import Plan, months_within
from estimator.domain.price_list import PriceList
from estimator.domain.statement import Statement

LONGEST, MANY_LINES = 5, 100
"""Years that the months cover at least, so that a longer term can be tried in the file; those of
more lines than so many cover their term alone, so that the file stays handy."""

FIRST_ROW = 11
"""Of the sheet Estimate: the first line, below the settings and the heading."""

FIRST_RATE = 4
"""Of the sheet Rates."""


@dataclass(frozen=True)
class SheetRow:
    """One number of units: a feature's, or that of one of its accounts."""

    key: str
    account: str
    units: Decimal | None
    """As stated; None where nothing was."""
    place: int
    """From 0, over all lines."""

    @property
    def number(self) -> int:
        """Its row in the sheet Estimate."""
        return FIRST_ROW + self.place


@dataclass(frozen=True)
class SheetLine:
    """One feature, with all its rows."""

    offer: Offer
    rows: tuple[SheetRow, ...]
    plan: Plan
    by_account: bool
    is_stated: bool
    """False for a bundle that can only follow from its parts."""

    @property
    def key(self) -> str:
        key: str = self.offer.feature.key
        return key

    @property
    def group(self) -> str:
        key: str = self.offer.feature.group.key
        return key


@dataclass(frozen=True)
class Segment:
    """From one instant on, within one month, everything stays as it is."""

    at: datetime
    place: int
    era: int
    """Which of the known changes of rates have come by then: 0 is none."""


@dataclass(frozen=True)
class RateRow:
    """A rate in force from a day on, of a feature the file counts with."""

    offer: Offer
    rate: FeatureRate
    number: int
    """Its row in the sheet Rates."""


class Layout:
    """A statement as rows, months and rates."""

    def __init__(self, statement: Statement, longest: int = LONGEST) -> None:
        self.statement = statement
        self.draft = statement.draft
        self.prices: PriceList = statement.prices
        is_handy = len(self.draft.quantities) <= MANY_LINES
        self.years = max(self.draft.years, longest if is_handy else 1)
        self.begins = clock.day_of(self.prices.at)
        self.ends_at = term_end(self.prices.at, self.years)

    @cached_property
    def groups(self) -> frozenset[str]:
        """The allocation groups that are counted."""
        offers = self.prices.offers
        return frozenset(offers[key].feature.group.key for key in self.draft.quantities)

    @cached_property
    def changes(self) -> list[datetime]:
        """When rates change on the way, as far as is known."""
        return self.prices.changes(self.groups, self.ends_at)

    @cached_property
    def eras(self) -> list[RatesByGroup]:
        """The rates in force at first, and from each of the changes on."""
        return [self.prices.in_force(at) for at in (self.prices.at, *self.changes)]

    @cached_property
    def segments(self) -> list[Segment]:
        """The months of the longest term that can be chosen, cut where rates change."""
        months = months_within(self.begins, clock.day_of(self.ends_at))
        instants = sorted({self.prices.at, *self.changes, *map(clock.start_of, months)})
        return [
            Segment(at, place, sum(change <= at for change in self.changes))
            for place, at in enumerate(instants)
        ]

    @cached_property
    def year_starts(self) -> list[datetime]:
        """Where each year begins, and where the last one ends."""
        return [term_end(self.prices.at, year) for year in range(self.years + 1)]

    def of_year(self, year: int) -> tuple[Segment, Segment]:
        """The first and the last segment of a year, counted from 0."""
        start, end = self.year_starts[year : year + 2]
        begun = [segment for segment in self.segments if segment.at <= start]
        return begun[-1], [segment for segment in self.segments if segment.at < end][-1]

    @cached_property
    def lines(self) -> list[SheetLine]:
        """The lines in their order, then every bundle that they can make."""
        offers = self.prices.offers
        found: list[SheetLine] = []
        place = 0
        for key, quantity in self.draft.quantities.items():
            rows = tuple(rows_of(key, quantity, place))
            by_account = isinstance(quantity, Mapping)
            found.append(SheetLine(offers[key], rows, self.draft.plan(key), by_account, True))
            place += len(rows)
        for key in self.possible_bundles:
            row = SheetRow(key, "", None, place)
            found.append(SheetLine(offers[key], (row,), self.draft.plan(key), False, False))
            place += 1
        return found

    @property
    def rows(self) -> list[SheetRow]:
        return [row for line in self.lines for row in line.rows]

    @cached_property
    def last_row(self) -> int:
        """Of the sheet Estimate; the first one where there are no lines."""
        return max((row.number for row in self.rows), default=FIRST_ROW)

    @cached_property
    def possible_bundles(self) -> list[str]:
        """Bundles that are no lines, and whose parts all are, at any time of the term."""
        found: dict[str, None] = {}
        for rates in self.eras:
            for group in sorted(self.groups):
                own = rates[group]
                stated = [key for key in self.draft.quantities if key in own]
                parts = {part for key in stated for part in (own[key].parts or (key,))}
                for key, rate in own.items():
                    if rate.parts and key not in stated and parts >= set(rate.parts):
                        found[key] = None
        return list(found)

    def in_group(self, group: str) -> list[SheetLine]:
        return self.by_group.get(group, [])

    @cached_property
    def by_group(self) -> dict[str, list[SheetLine]]:
        found: dict[str, list[SheetLine]] = {}
        for line in self.lines:
            found.setdefault(line.group, []).append(line)
        return found

    @cached_property
    def rate_rows(self) -> list[RateRow]:
        """Each rate that is counted with, by feature and day."""
        found: list[RateRow] = []
        for line in self.lines:
            seen: dict[int, FeatureRate] = {}
            for at in (self.prices.at, *self.changes):
                rate = self.fact(line.key, at)
                seen[rate.pk] = rate
            for rate in seen.values():
                found.append(RateRow(line.offer, rate, FIRST_RATE + len(found)))
        return found

    @cached_property
    def rate_numbers(self) -> dict[tuple[str, int], int]:
        """Where the sheet Rates has a feature's rate of an era."""
        places = {(row.offer.feature.key, row.rate.pk): row.number for row in self.rate_rows}
        return {
            (line.key, era): places[line.key, self.fact(line.key, at).pk]
            for line in self.lines
            for era, at in enumerate((self.prices.at, *self.changes))
        }

    def fact(self, key: str, at: datetime) -> FeatureRate:
        """A feature's rate in force at an instant of the term."""
        return newest(self.prices.rates[key], at) or self.prices.offers[key].rate

    def rates(self, line: SheetLine, era: int) -> Mapping[str, Rate]:
        """All rates of a line's allocation group in an era."""
        return self.eras[era][line.group]

    def needs_now(self) -> Mapping[str, GroupNeed]:
        """What the units as typed need, at the first rates."""
        return self.needs(self.draft.quantities, 0)

    def needs_in(self, segment: Segment) -> Mapping[str, GroupNeed]:
        """What is needed from an instant of the term on."""
        return self.needs(self.units_in(segment), segment.era)

    def units_in(self, segment: Segment) -> dict[str, Quantity]:
        """The units of each line from an instant of the term on."""
        return self.draft.on(self.begins, clock.day_of(segment.at))

    def needs(self, quantities: Mapping[str, Quantity], era: int) -> Mapping[str, GroupNeed]:
        return group_needs(quantities, self.eras[era], overlap=self.draft.overlap)


def rows_of(key: str, quantity: Quantity, place: int) -> Iterator[SheetRow]:
    """A row for each number of a line, from a place on."""
    if not isinstance(quantity, Mapping):
        yield SheetRow(key, "", quantity, place)
        return
    accounts: Sequence[tuple[str, Decimal | None]] = [*quantity.items()] or [("", None)]
    for offset, (account, units) in enumerate(accounts):
        yield SheetRow(key, account, units, place + offset)
