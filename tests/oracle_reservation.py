"""Usage reservation by first principles: walk through what was stated, period by period.

The law is docs/rules.md#r10. Nothing here comes from the product.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction


@dataclass(frozen=True)
class Event:
    """All that counts at one instant: whether the feature is on from it, and what is stated."""

    moment: datetime
    is_on: bool
    quantity: Fraction | None = None
    typed: bool = False


@dataclass(frozen=True)
class Period:
    """The year that runs, of the chain whose first day is `anchor`, and what it holds."""

    anchor: datetime
    number: int
    highest: Fraction

    @property
    def start(self) -> datetime:
        return years_after(self.anchor, self.number)

    @property
    def end(self) -> datetime:
        return years_after(self.anchor, self.number + 1)


def years_after(anchor: datetime, years: int) -> datetime:
    """The anniversary; where the day does not exist, the one after the last of its month."""
    try:
        return anchor.replace(year=anchor.year + years)
    except ValueError:
        return datetime(anchor.year + years, 3, 1, tzinfo=UTC)


def running(events: Iterable[Event], at: datetime) -> Period | None:
    """The period that runs at an instant; none before the first quantity and after an end."""
    period: Period | None = None
    chain: list[Event] = []
    is_on = True
    for event in sorted(events, key=lambda event: event.moment):
        if event.moment > at:
            break
        while period and period.end < event.moment:
            period = following(period, chain, is_on)
        is_on = event.is_on
        if event.quantity is not None and is_on:
            chain.append(event)
        if period and period.end == event.moment:
            period = following(period, chain, is_on)
        if event.quantity and is_on:
            if period is None:
                period, chain = Period(day_of(event.moment), 0, event.quantity), [event]
            period = replace(period, highest=max(period.highest, event.quantity))
    while period and period.end <= at:
        period = following(period, chain, is_on)
    return period


def following(period: Period, chain: Sequence[Event], is_on: bool) -> Period | None:
    """The next period: it starts at what was last typed in the chain, else at the last usage."""
    stated = [event for event in chain if event.typed] or list(chain)
    quantity = stated[-1].quantity
    if not is_on or not quantity:
        return None
    return Period(period.anchor, period.number + 1, quantity)


def day_of(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def roll_overs(moments: Iterable[datetime], until: datetime) -> set[datetime]:
    """Every instant at which a period could end, whichever of the moments began its chain.

    Through the first one after `until`: beyond it nothing changes.
    """
    found = set()
    for anchor in {day_of(moment) for moment in moments}:
        years = 1
        while years_after(anchor, years) <= until:
            found.add(years_after(anchor, years))
            years += 1
        found.add(years_after(anchor, years))
    return found
