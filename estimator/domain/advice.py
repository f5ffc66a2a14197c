"""What to buy, and when at the latest, so that the balance never falls below zero."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from credits import clock
from credits.domain.figures import Position
from estimator.domain.course import Course, course_of
from estimator.domain.estimates import Draft
from estimator.domain.needs import Basis
from estimator.domain.price_list import PriceList


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

    def bought_by(self, at: datetime) -> int:
        """The credits of it that are valid at an instant within the term."""
        day = clock.day_of(at)
        return sum(buy.credits for buy in self.buys if buy.first_day <= day)


def advise(
    draft: Draft, prices: PriceList, position: Position, basis: Basis = Basis.INSTEAD
) -> Advice:
    """What to buy to hold an estimate from now to the end of its term.

    Licenses that end, and rates and levels that change on a known day, are all in it.
    """
    return advice_of(course_of(draft, prices, position, basis))


def advice_of(course: Course) -> Advice:
    """What to buy on a course."""
    balances = ((moment.at, moment.balance) for moment in course.moments)
    lowest = course.lowest
    return Advice(least_buys(balances), course.ends_at, lowest.balance, lowest.at)


def least_buys(balances: Iterable[tuple[datetime, int]]) -> tuple[Buy, ...]:
    """The fewest credits that keep a balance from falling below zero, each as late as is safe.

    The balance from each instant on comes in time order. Wherever the shortage becomes larger than
    what was bought before, the rest is bought from that day on: one credit fewer, or one day later,
    and the balance is short.
    """
    bought = 0
    buys: dict[date, int] = {}
    for at, balance in balances:
        missing = -balance - bought
        if missing > 0:
            day = clock.day_of(at)
            buys[day] = buys.get(day, 0) + missing
            bought += missing
    return tuple(Buy(credits, day) for day, credits in buys.items())
