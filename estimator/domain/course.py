"""The course of an estimate over its term: what it needs, and what that leaves, step by step.

What is held already, licenses that end, and rates and levels that change on a known day are all in
it, so that nothing counts twice (docs/rules.md#scenarios).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import groupby

from credits import clock
from credits.domain.figures import Figure, Position
from credits.domain.pricing import Quantity
from credits.domain.terms import last_day
from estimator.domain.arrivals import Arrivals, Holding
from estimator.domain.estimates import Draft, Needs, RatesByGroup, group_needs
from estimator.domain.levels import levels_at, split
from estimator.domain.needs import Basis, GroupNeed
from estimator.domain.plans import month_of, months_within
from estimator.domain.price_list import PriceList

NOTHING = Figure(0, 0)


@dataclass(frozen=True)
class Moment:
    """An instant from which an estimate, or what is booked, comes to something else."""

    at: datetime
    level: int
    """Credits to hold, the reserve among them."""
    reserve: int
    figure: Figure
    """Valid and allocated credits as they are booked, without the estimate."""
    change: int
    """What the estimate adds to what is allocated, and keeps free."""

    @property
    def balance(self) -> int:
        """What is left with the estimate held, if nothing is bought."""
        return self.figure.balance - self.change


@dataclass(frozen=True)
class Month:
    """A calendar month of a term, or the part of one in which the term begins."""

    begins_at: datetime
    level: int
    """The highest level to hold in it."""
    reserve: int
    """The part of that level that is kept free."""
    worst: Moment
    """Where the balance is lowest in it, the first time."""
    moments: tuple[Moment, ...]
    """What changes in it."""

    @property
    def in_use(self) -> int:
        """What the lines hold of that level."""
        return self.level - self.reserve


@dataclass(frozen=True)
class Course:
    """All moments of a term in time order, the first of them its beginning."""

    moments: tuple[Moment, ...]
    ends_at: datetime
    """The first instant after the term."""
    years: int

    @property
    def begins_at(self) -> datetime:
        return self.moments[0].at

    @cached_property
    def highest(self) -> Moment:
        """Where the most is needed, the first time."""
        return max(self.moments, key=lambda moment: (moment.level, -moment.at.timestamp()))

    @cached_property
    def lowest(self) -> Moment:
        """Where the balance is lowest, the first time."""
        return min(self.moments, key=lambda moment: (moment.balance, moment.at))

    @cached_property
    def credit_years(self) -> int:
        """The highest level of each year, added up: level x years where nothing changes."""
        starts = [term_end(self.begins_at, year) for year in range(self.years)]
        return sum(
            max(moment.level for moment in self.between(start, end))
            for start, end in zip(starts, [*starts[1:], self.ends_at], strict=True)
        )

    def between(self, start: datetime, end: datetime) -> list[Moment]:
        """What holds at an instant, and what changes until another."""
        held = [moment for moment in self.moments if moment.at <= start][-1:]
        return [
            *(held or self.moments[:1]),
            *(moment for moment in self.moments if start < moment.at < end),
        ]

    @cached_property
    def months(self) -> tuple[Month, ...]:
        """The term by calendar months."""
        own = {
            month: tuple(moments)
            for month, moments in groupby(
                self.moments, key=lambda moment: month_of(clock.day_of(moment.at))
            )
        }
        found = []
        before = self.moments[0]
        first = clock.day_of(self.begins_at)
        for month in [month_of(first), *months_within(first, clock.day_of(self.ends_at))]:
            moments = own.get(month, ())
            begins_at = max(self.begins_at, clock.start_of(month))
            carried = () if moments and moments[0].at == begins_at else (before,)
            found.append(month_row(begins_at, (*carried, *moments), moments))
            before = moments[-1] if moments else before
        return tuple(found)


def month_row(begins_at: datetime, held: Sequence[Moment], moments: tuple[Moment, ...]) -> Month:
    """A month in which these moments hold, the first of them perhaps from before."""
    highest = max(held, key=lambda moment: moment.level)
    worst = min(held, key=lambda moment: (moment.balance, moment.at))
    return Month(begins_at, highest.level, highest.reserve, worst, moments)


def nothing_held(at: datetime) -> Position:
    """Where a visitor stands of whom nothing is known: nothing is valid, nothing allocated."""
    return Position(at=at, known=at, figure=NOTHING, by_license={}, by_feature={}, ahead=())


def term_end(at: datetime, years: int) -> datetime:
    """Where a term of so many years ends that starts on the day of an instant."""
    if not years:
        return at
    return clock.start_of(last_day(clock.day_of(at), 12 * years) + timedelta(days=1))


def course_of(
    draft: Draft, prices: PriceList, position: Position, basis: Basis = Basis.INSTEAD
) -> Course:
    """An estimate from a position's instant to the end of its term.

    What it stands for is priced at the rates of each instant, and what the same features hold is
    taken as the ledger has it booked ahead.
    """
    ends_at = term_end(position.at, draft.years)
    return Course(tuple(steps(draft, prices, position, basis, ends_at)), ends_at, draft.years)


def steps(
    draft: Draft, prices: PriceList, position: Position, basis: Basis, ends_at: datetime
) -> Iterator[Moment]:
    """The moments of a course, in time order."""
    begins = clock.day_of(position.at)
    ahead = {step.at: step for step in position.ahead if step.at < ends_at}
    repriced = prices.changes(groups_of(draft, prices), ends_at)
    months = months_within(begins, clock.day_of(ends_at)) if draft.plans else ()
    instants = sorted({position.at, *ahead, *repriced, *map(clock.start_of, months)})
    parts = split(draft, prices)
    levels = levels_at(instants, parts.alone, draft.plans, prices)
    planner = Planner(parts.together, prices, begins)
    holding = Holding(position, prices, parts.alone.keys())
    arrivals = Arrivals(draft, parts, prices, instants, holding.ever)
    for place, at in enumerate(instants):
        if at in ahead:
            holding.follow(ahead[at])
        together, arriving = planner.at(at), arrivals.at(at)
        in_use = levels[place] + together.in_use
        kept_free = draft.reserve.of(in_use)
        added = levels[place] + together_change(together, holding.by_key, basis, arriving)
        if basis == Basis.INSTEAD:
            added -= holding.total - holding.above(arrivals.levels(place, arriving))
        yield Moment(at, in_use + kept_free, kept_free, holding.figure, added + kept_free)


def together_change(
    needs: Needs, held: Mapping[str, int], basis: Basis, arriving: AbstractSet[str]
) -> int:
    """What lines that are priced together add to what is held, without a reserve.

    Until all of them have arrived, they take nothing of what is held.
    """
    added = 0
    for need in needs.groups.values():
        change = sum(need.changes(held, basis).values())
        added += max(0, change) if arriving & need.lines.keys() else change
    return added


def groups_of(draft: Draft, prices: PriceList) -> set[str]:
    """The allocation groups that an estimate has lines of."""
    return {prices.offers[key].feature.group.key for key in draft.quantities}


class Planner:
    """The needs of a draft at any instant of its term, each group priced once for its units."""

    def __init__(self, draft: Draft, prices: PriceList, begins: date) -> None:
        self.draft, self.prices, self.begins = draft, prices, begins
        self.groups = group_needs(draft.quantities, prices.now, overlap=draft.overlap)
        self._changes = prices.changes(self.groups, term_end(clock.start_of(begins), draft.years))
        self._rates: dict[int, RatesByGroup] = {0: prices.now}
        self._known: dict[tuple[int, str], tuple[Mapping[str, Quantity], GroupNeed]] = {
            (0, group): (need.lines, need) for group, need in self.groups.items()
        }

    def at(self, at: datetime) -> Needs:
        """What is needed at an instant."""
        era = sum(change <= at for change in self._changes)
        if era not in self._rates:
            self._rates[era] = self.prices.in_force(at)
        units = self.draft.on(self.begins, clock.day_of(at))
        found = {
            group: self._need(era, group, {key: units[key] for key in need.lines})
            for group, need in self.groups.items()
        }
        return Needs(found, self.draft.reserve)

    def _need(self, era: int, group: str, lines: Mapping[str, Quantity]) -> GroupNeed:
        known = self._known.get((era, group))
        if known is not None and known[0] == lines:
            return known[1]
        need = GroupNeed(self._rates[era][group], lines, self.draft.overlap)
        self._known[era, group] = (lines, need)
        return need
