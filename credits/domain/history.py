"""The course of valid and allocated by day: backwards for the past, forwards for what is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from credits import clock
from credits.domain.figures import Figure, Position
from credits.models import Customer, DailyChange, LedgerEntry, Side

DAY = timedelta(days=1)


@dataclass(frozen=True)
class DayFigure:
    """The figure from a UTC day on, until the next one listed."""

    day: date
    figure: Figure


def history(
    customer: Customer, position: Position, beyond: Sequence[LedgerEntry], *, since: date
) -> list[DayFigure]:
    """The figure at the end of each day since `since` on which it changed, up to the position.

    Read backwards from the position, one stored change a day. `beyond` are the entries recorded
    after the position's moment of knowledge: each is taken back on the day it took effect.
    """
    today = clock.day_of(position.at)
    changes: Counter[tuple[str, date]] = Counter()
    stored = DailyChange.objects.filter(customer=customer, day__gt=since, day__lte=today)
    for side, day, credits in stored.order_by().values_list("side", "day", "credits"):
        changes[side, day] = credits
    for entry in unseen(beyond, position):
        changes[entry.side, clock.day_of(entry.effective_at)] -= entry.credits
    valid, allocated = position.figure.valid, position.figure.allocated
    points = []
    for day in sorted({d for (_, d), credits in changes.items() if credits}, reverse=True):
        if not since < day <= today:
            continue
        points.append(DayFigure(day, Figure(valid, allocated)))
        valid -= changes[Side.VALID, day]
        allocated -= changes[Side.ALLOCATED, day]
    points.append(DayFigure(since, Figure(valid, allocated)))
    return points[::-1]


def unseen(entries: Iterable[LedgerEntry], position: Position) -> list[LedgerEntry]:
    """Entries that are in the stored changes of days up to today but not in the position."""
    end_of_today = clock.start_of(clock.day_of(position.at) + DAY)
    return [
        entry
        for entry in entries
        if entry.effective_at < end_of_today
        and (entry.recorded_at > position.known or entry.effective_at > position.at)
    ]
