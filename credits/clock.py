"""The only source of the present: a port that a development installation can move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta

from django.conf import settings

_fixed: ContextVar[datetime | None] = ContextVar("credits_clock_fixed", default=None)

DAY = timedelta(days=1)


def now() -> datetime:
    """The present as a UTC instant: fixed by `moved_to`, else machine time plus the offset."""
    fixed = _fixed.get()
    if fixed is not None:
        return fixed
    return machine() + timedelta(seconds=settings.CLOCK_OFFSET)


def machine() -> datetime:
    """The time of this machine, which may be wrong."""
    return datetime.now(UTC)


def moved_by() -> timedelta:
    """How far the present was moved on purpose: nothing, in production.

    Added to the database's own clock where a rule waits for that one, so that it can be moved with
    the present, and a machine whose time is wrong moves nothing.
    """
    fixed = _fixed.get()
    if fixed is not None:
        return fixed - machine()
    return timedelta(seconds=settings.CLOCK_OFFSET)


@contextmanager
def moved_to(instant: datetime) -> Iterator[None]:
    """Hold the clock at `instant` for the block (the demonstration's replay, tests)."""
    token = _fixed.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)


def start_of(day: date) -> datetime:
    """00:00 UTC of a day. All days in the books are UTC days."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def day_of(instant: datetime) -> date:
    """The UTC day that holds an instant."""
    return instant.astimezone(UTC).date()
