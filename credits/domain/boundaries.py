"""The boundary: the instant through which Annual credits shows its figures.

A boundary is due by the clock and in force once it is closed. Writers hold GATE together and the
closing of a boundary takes it alone, so that no writer is between: what is recorded after a
closing is recorded later than the boundary (docs/rules.md#r11).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Max, Subquery

from credits.models import Boundary

HOUR = timedelta(hours=1)
DELAY = timedelta(hours=2)
GRACE = timedelta(minutes=15)
"""How long after its hour a closing may come before it is called late."""

GATE = 7_305_846_201
"""The advisory lock that writers share and the closing of a boundary takes exclusively."""


def boundary_at(now: datetime) -> datetime:
    """The boundary that is due: at hour H it is H - 2 h, so at 11:00 everything up to 09:00."""
    return now.replace(minute=0, second=0, microsecond=0) - DELAY


def shown_from(visible_at: datetime) -> datetime:
    """The hour at which Annual credits shows what became visible at an instant."""
    hour = visible_at.replace(minute=0, second=0, microsecond=0)
    return (hour if hour == visible_at else hour + HOUR) + DELAY


def newest_boundary() -> datetime | None:
    """The newest closed boundary, which is in force; None before the first one ever."""
    newest: datetime | None = Boundary.objects.aggregate(newest=Max("at"))["newest"]
    return newest


def published_by(at: datetime) -> Boundary | None:
    """The boundary that was in force at an instant: the newest closed by then, if any was."""
    return Boundary.objects.filter(closed_at__lte=at).order_by("-at").first()


def newest_closed() -> Subquery:
    """The newest closed boundary as a part of another query."""
    return Subquery(Boundary.objects.order_by("-at").values("at")[:1])


def missing_hours(now: datetime) -> list[datetime]:
    """The hours that are due and not closed, in order.

    They follow the newest boundary without a gap; a fresh installation misses only the one that
    is due. None are missing while the clock stands before the newest boundary.
    """
    due, newest = boundary_at(now), newest_boundary()
    if newest is None:
        return [due]
    return [newest + HOUR * n for n in range(1, (due - newest) // HOUR + 1)]


def missed(newest: datetime, now: datetime) -> int:
    """How many hours are not closed although their hour and the grace after it have passed."""
    return max(0, (boundary_at(now - GRACE) - newest) // HOUR)
