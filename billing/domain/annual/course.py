"""The course of valid and allocated: what has been, and what is known ahead."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from billing.domain.annual.outlook import Name, RateChange, coming_words, license_labels, totals
from billing.domain.annual.words import licenses_ended, licenses_start, moves_by
from credits import clock
from credits.domain.figures import Figure, Position, Step
from credits.domain.history import DAY, history
from credits.models import Customer, LedgerEntry, Side

SPANS = {"1m": 1, "3m": 3, "6m": 6, "1y": 12, "2y": 24, "3y": 36}
"""Months back, and as many ahead."""

DEFAULT_SPAN = "1y"

RESOLUTION = timedelta(microseconds=1)

Ends = Mapping[datetime, Sequence[str]]
"""The names of the licenses that have ended, by the instant of their end."""


@dataclass(frozen=True)
class Reach:
    """What a course covers: from the first day's start to `end`."""

    first: date
    end: datetime

    @classmethod
    def of_span(cls, span: str, today: date) -> Reach:
        """A span's months back and ahead of a UTC day. Raises KeyError for an unknown span."""
        months = SPANS[span]
        return cls(shifted(today, -months), clock.start_of(shifted(today, months)))

    @classmethod
    def of_days(cls, first: date, last: date) -> Reach:
        """UTC days, both of them whole."""
        return cls(first, clock.start_of(last + DAY))

    @property
    def start(self) -> datetime:
        return clock.start_of(self.first)

    @property
    def last(self) -> date:
        """The last day of which anything is covered."""
        return clock.day_of(self.end - RESOLUTION)


@dataclass(frozen=True)
class Point:
    """The figure from an instant on; `what` names what happens there, as far as it is known.

    Of the past, that is the licenses that ended.
    """

    at: datetime
    figure: Figure
    what: str = ""
    ending: tuple[str, ...] = ()
    is_ahead: bool = False
    closes_at: datetime | None = None
    """The last instant of a day that has passed, at whose end the figure is told."""

    @property
    def rows_at(self) -> datetime:
        """The instant of the ledger rows that sum to the figure."""
        return self.closes_at or self.at


@dataclass(frozen=True)
class Course:
    """All points from `start` to `end`; `now` is the position's instant, wherever it lies."""

    start: datetime
    now: datetime
    end: datetime
    points: tuple[Point, ...]


def course(
    customer: Customer,
    position: Position,
    beyond: Sequence[LedgerEntry],
    reach: Reach,
    license_name: Name,
    feature_name: Name,
    rate_change: RateChange = lambda _feature, _at: "",
    ended: Callable[[], Ends] = dict,
) -> Course:
    """The course over a reach, as known at the position.

    `ended` is asked only where valid credits have fallen within it.
    """
    past = list(points_past(customer, position, beyond, reach))
    if any(after.figure.valid < before.figure.valid for before, after in pairwise(past)):
        past = named(past, ended())
    ahead = [
        point_ahead(step, license_name, feature_name, rate_change)
        for step in position.ahead
        if reach.start < step.at <= reach.end
    ]
    ahead = [point for point in ahead if point.what]
    return Course(reach.start, position.at, reach.end, (*past, *ahead))


def points_past(
    customer: Customer, position: Position, beyond: Sequence[LedgerEntry], reach: Reach
) -> Iterator[Point]:
    """The days on which the figure changed, led by the figure at the reach's start.

    Where the whole reach lies ahead, that is the figure known for its first instant.
    """
    if reach.start > position.at:
        yield Point(reach.start, position.figure_at(reach.start), is_ahead=True)
        return
    for day in history(customer, position, beyond, since=reach.first):
        if clock.start_of(day.day) < reach.end:
            end = clock.start_of(day.day + DAY) - RESOLUTION
            yield Point(clock.start_of(day.day), day.figure, closes_at=min(end, position.at))


def named(past: Sequence[Point], ended: Ends) -> list[Point]:
    """The points of the past, each with the licenses that ended where valid credits fell."""
    found = list(past[:1])
    for before, point in pairwise(past):
        labels = tuple(ended.get(point.at, ()))
        if labels and point.figure.valid < before.figure.valid:
            point = replace(point, what=licenses_ended(labels), ending=labels)
        found.append(point)
    return found


def point_ahead(
    step: Step, license_name: Name, feature_name: Name, rate_change: RateChange
) -> Point:
    """A known step with what happens at it."""
    ending = license_labels(step.entries, license_name, rising=False)
    starting = license_labels(step.entries, license_name, rising=True)
    said = [coming_words(step.entries, license_name, feature_name, rate_change)]
    said += falling_words(step, feature_name, rate_change)
    if starting:
        said.append(licenses_start(starting))
    what = "; ".join(words for words in said if words)
    return Point(step.at, step.figure, what, tuple(ending), is_ahead=True)


def falling_words(step: Step, feature_name: Name, rate_change: RateChange) -> list[str]:
    """The features that need fewer credits from a known instant on, and why if a rate says so."""
    falling = {pk: n for pk, n in totals(step.entries, Side.ALLOCATED).items() if n < 0}
    return [
        rate_change(pk, step.at) or moves_by(feature_name(pk), credits)
        for pk, credits in falling.items()
    ]


def shifted(day: date, months: int) -> date:
    """The same day some months on or back; the month's last where there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
