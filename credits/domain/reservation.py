"""Usage reservation: the one level that does not fall when less is stated (docs/rules.md#r10).

A period keeps the highest quantity stated so far in it, at the rate of its start; the next one
starts at the last quantity typed. Pure: moments in, levels out; no database, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from credits import clock
from credits.domain.pricing import Rate, price
from credits.domain.terms import last_day

PERIOD_MONTHS = 12


@dataclass(frozen=True)
class Statement:
    """A quantity in force, and whether a person typed it or a system reported it as used."""

    quantity: Decimal
    by_hand: bool


@dataclass(frozen=True)
class Moment:
    """What holds from an instant at which anything about the feature changes."""

    at: datetime
    counts: bool
    """The feature is on, on credits, and has a rate."""
    in_force: Statement | None
    is_new: bool
    """Whether the statement in force was made for this very instant."""


@dataclass
class Period:
    """A running period within its chain; `number` counts from 1 at `first_day`."""

    first_day: date
    number: int
    rate: Rate
    highest: Decimal

    @property
    def ends_at(self) -> datetime:
        """The roll-over: an anniversary of the chain's first day, at 00:00 UTC."""
        last = last_day(self.first_day, PERIOD_MONTHS * self.number)
        return clock.start_of(last + timedelta(days=1))

    @property
    def credits(self) -> int:
        """What the period holds (credits)."""
        return price({"reserved": self.rate}, {"reserved": self.highest}, {"reserved"})["reserved"]


class Chain:
    """Periods that follow each other, moved along from instant to instant."""

    def __init__(self, rate_at: Callable[[datetime], Rate | None]) -> None:
        self.rate_at = rate_at
        self.levels: dict[datetime, int] = {}
        self.period: Period | None = None
        self.counts = False
        self.typed: Decimal | None = None
        self.used = Decimal(0)

    def reach(self, moment: Moment) -> None:
        """Roll over what ends before a moment, then take in what the moment says."""
        while self.period and self.period.ends_at < moment.at:
            self.roll_over(self.period)
        switched_on = moment.counts and not self.counts
        self.counts = moment.counts
        speaks = self.counts and (moment.is_new or switched_on)
        stated = moment.in_force if speaks else None
        if stated:
            self.remember(stated)
        if self.period and self.period.ends_at == moment.at:
            self.roll_over(self.period)
        if stated:
            if self.period is None:
                self.begin(moment.at, stated)
            else:
                self.period.highest = max(self.period.highest, stated.quantity)
        self.levels[moment.at] = self.level

    def begin(self, at: datetime, stated: Statement) -> None:
        """Begin a chain with the first quantity above zero."""
        day = clock.day_of(at)
        rate = self.rate_at(clock.start_of(day)) or self.rate_at(at)
        if stated.quantity > 0 and rate is not None:
            self.typed, self.used = None, Decimal(0)
            self.remember(stated)
            self.period = Period(day, 1, rate, stated.quantity)

    def remember(self, stated: Statement) -> None:
        """Keep what the next period starts at."""
        if stated.by_hand:
            self.typed = stated.quantity
        else:
            self.used = stated.quantity

    def roll_over(self, ended: Period) -> None:
        """End a period; the next one starts at the last quantity typed, else used."""
        at = ended.ends_at
        quantity = self.used if self.typed is None else self.typed
        rate = self.rate_at(at)
        goes_on = self.counts and quantity > 0 and rate is not None
        self.period = (
            Period(ended.first_day, ended.number + 1, rate, quantity) if goes_on and rate else None
        )
        self.levels[at] = self.level

    @property
    def level(self) -> int:
        return self.period.credits if self.period else 0


@dataclass(frozen=True)
class Running:
    """A period that runs, and what the one after it starts at, by all that is known."""

    rate: Rate
    quantity: Decimal
    """The highest stated so far in it: what it holds."""
    ends_at: datetime
    next_quantity: Decimal
    """Zero: no period follows."""
    next_rate: Rate | None

    def next_credits(self, quantity: Decimal) -> int:
        """What the next period would hold if it started at a quantity (credits)."""
        if self.next_rate is None:
            return 0
        return price({"reserved": self.next_rate}, {"reserved": quantity}, {"reserved"})["reserved"]


def running_at(
    moments: Iterable[Moment], rate_at: Callable[[datetime], Rate | None], at: datetime
) -> Running | None:
    """The period that runs at an instant, if one does."""
    chain = Chain(rate_at)
    for moment in moments:
        if moment.at <= at:
            chain.reach(moment)
    while chain.period and chain.period.ends_at <= at:
        chain.roll_over(chain.period)
    period = chain.period
    if period is None:
        return None
    chain.roll_over(period)
    following = chain.period.highest if chain.period else Decimal(0)
    return Running(period.rate, period.highest, period.ends_at, following, rate_at(period.ends_at))


def reserved_levels(
    moments: Iterable[Moment], rate_at: Callable[[datetime], Rate | None]
) -> dict[datetime, int]:
    """The level from each instant at which it may change, in time order (credits).

    Reaches to the first roll-over after the last moment; beyond it nothing changes.
    """
    chain = Chain(rate_at)
    for moment in moments:
        chain.reach(moment)
    if chain.period:
        chain.roll_over(chain.period)
    return chain.levels
