"""What to buy, and when at the latest, so that the balance never falls below zero."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from credits import clock
from credits.domain.figures import Position
from credits.domain.terms import last_day
from credits.models import Side
from estimator.domain.estimates import Draft, group_needs, total_change
from estimator.domain.needs import Basis
from estimator.domain.price_list import PriceList

Course = Sequence[tuple[datetime, int]]
"""The balance from each instant on, in time order."""


@dataclass(frozen=True)
class Buy:
    """Credits that are needed from a day on, to the end of the estimate's term."""

    credits: int
    first_day: date


@dataclass(frozen=True)
class Advice:
    """The least that must be bought, as late as is safe, over what is known of a term."""

    buys: tuple[Buy, ...]
    ends_at: datetime
    """The end of the estimate's term (first instant after it)."""
    lowest: int
    """The lowest balance within the term if nothing is bought (credits)."""
    lowest_at: datetime

    @property
    def credits(self) -> int:
        """All credits that must be bought."""
        return sum(buy.credits for buy in self.buys)


def term_end(at: datetime, years: int) -> datetime:
    """Where the term of an estimate ends that starts on the day of an instant."""
    return clock.start_of(last_day(clock.day_of(at), 12 * years) + timedelta(days=1))


def advise(
    draft: Draft, prices: PriceList, position: Position, basis: Basis = Basis.INSTEAD
) -> Advice:
    """What to buy to hold an estimate from now to the end of its term.

    Licenses that end, and rates and levels that change on a known day, are all in it.
    """
    ends_at = term_end(position.at, draft.years)
    course = list(outlook(draft, prices, position, basis, ends_at))
    lowest_at, lowest = min(course, key=lambda step: (step[1], step[0]))
    return Advice(least_buys(course), ends_at, lowest, lowest_at)


def least_buys(course: Course) -> tuple[Buy, ...]:
    """The fewest credits that keep a balance from falling below zero, each as late as is safe.

    Wherever the shortage becomes larger than what was bought before, the rest is bought from
    that day on: one credit fewer, or one day later, and the balance is short.
    """
    bought = 0
    buys: dict[date, int] = {}
    for at, balance in course:
        missing = -balance - bought
        if missing > 0:
            day = clock.day_of(at)
            buys[day] = buys.get(day, 0) + missing
            bought += missing
    return tuple(Buy(credits, day) for day, credits in buys.items())


def outlook(
    draft: Draft, prices: PriceList, position: Position, basis: Basis, ends_at: datetime
) -> Iterator[tuple[datetime, int]]:
    """The balance with the estimate held, from now until its term ends, step by step.

    What the estimate stands for is priced at the rates of each instant, and what the same
    features hold is taken as the ledger has it booked ahead, so that nothing counts twice.
    """
    needs = group_needs(draft, prices.now)
    ahead = {step.at: step for step in position.ahead if step.at < ends_at}
    repriced = set(prices.changes(needs, ends_at))
    by_feature = dict(position.by_feature)
    balance = position.figure.balance
    for at in sorted({position.at, *ahead, *repriced}):
        if at in ahead:
            balance = ahead[at].figure.balance
            for entry in ahead[at].entries:
                if entry.side == Side.ALLOCATED and entry.feature_id is not None:
                    held = by_feature.get(entry.feature_id, 0)
                    by_feature[entry.feature_id] = held + entry.credits
        if at in repriced:
            needs = group_needs(draft, prices.in_force(at))
        yield at, balance - total_change(needs, prices.held(by_feature), basis)
