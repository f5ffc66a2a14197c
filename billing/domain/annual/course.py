"""The course of valid and allocated: what has been, and what is known ahead."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from billing.domain.annual.outlook import Name, RateChange, coming_words, license_labels, totals
from billing.domain.annual.words import licenses_start, moves_by
from credits import clock
from credits.domain.figures import Figure, Position, Step
from credits.domain.history import history
from credits.models import Customer, LedgerEntry, Side

SPANS = {"3m": 3, "6m": 6, "1y": 12, "3y": 36}
"""Months back, and as many ahead."""

DEFAULT_SPAN = "1y"


@dataclass(frozen=True)
class Point:
    """The figure from an instant on; `what` names what happens there, ahead of now only."""

    at: datetime
    figure: Figure
    what: str = ""
    ending: tuple[str, ...] = ()
    is_ahead: bool = False


@dataclass(frozen=True)
class Course:
    """All points from `start` to `end`; the position lies between them."""

    start: datetime
    now: datetime
    end: datetime
    points: tuple[Point, ...]


def course(
    customer: Customer,
    position: Position,
    beyond: Sequence[LedgerEntry],
    span: str,
    license_name: Name,
    feature_name: Name,
    rate_change: RateChange = lambda _feature, _at: "",
) -> Course:
    """The course over a span, as known at the position."""
    months = SPANS[span]
    today = clock.day_of(position.at)
    since = shifted(today, -months)
    end = clock.start_of(shifted(today, months))
    past = [
        Point(clock.start_of(day.day), day.figure)
        for day in history(customer, position, beyond, since=since)
    ]
    ahead = [
        point_ahead(step, license_name, feature_name, rate_change)
        for step in position.ahead
        if step.at <= end
    ]
    ahead = [point for point in ahead if point.what]
    return Course(clock.start_of(since), position.at, end, (*past, *ahead))


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
