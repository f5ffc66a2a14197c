"""The boundary: the instant through which Annual credits shows its figures."""

from __future__ import annotations

from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
DELAY = timedelta(hours=2)


def boundary_at(now: datetime) -> datetime:
    """The boundary in force: at hour H it is H - 2 h, so at 11:00 everything up to 09:00."""
    return now.replace(minute=0, second=0, microsecond=0) - DELAY


def shown_from(visible_at: datetime) -> datetime:
    """The hour at which Annual credits shows what became visible at an instant."""
    hour = visible_at.replace(minute=0, second=0, microsecond=0)
    return (hour if hour == visible_at else hour + HOUR) + DELAY
