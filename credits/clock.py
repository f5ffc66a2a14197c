"""The only source of the present: a port that a development installation can move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_fixed: ContextVar[datetime | None] = ContextVar("credits_clock_fixed", default=None)

DAY = timedelta(days=1)
NOT_MOVED = timedelta(0)
LONGEST_OFFSET = 32
"""More characters than any number of seconds has."""


def now() -> datetime:
    """The present as a UTC instant: fixed by `moved_to`, else machine time plus what is stored."""
    fixed = _fixed.get()
    if fixed is not None:
        return fixed
    return machine() + stored_offset()


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
    return stored_offset()


def stored_offset() -> timedelta:
    """How far a development installation keeps its clock moved; nothing in production.

    All its processes read the one file that `settings.CLOCK_FILE` names, at each call, so that
    the clock of those that run moves as well. It holds whole seconds, and is replaced as a whole.

    Raises ImproperlyConfigured for a file that holds anything else.
    """
    if not settings.CLOCK_FILE:
        return NOT_MOVED
    try:
        # Read without buffers: a third of the time, and this is called many times a request.
        with open(settings.CLOCK_FILE, "rb", buffering=0) as file:
            return timedelta(seconds=int(file.read(LONGEST_OFFSET)))
    except FileNotFoundError:
        return NOT_MOVED
    except (ValueError, OverflowError) as error:
        raise ImproperlyConfigured(f"{settings.CLOCK_FILE} must hold seconds.") from error


def store_offset(offset: timedelta) -> None:
    """Move the clock of every process of a development installation, by whole seconds.

    Raises ImproperlyConfigured where no file is named to keep it.
    """
    if not settings.CLOCK_FILE:
        raise ImproperlyConfigured("PORTAL_CLOCK_FILE names no file to keep a moved clock in.")
    path = Path(settings.CLOCK_FILE)
    new = path.with_name(f"{path.name}.new")
    new.write_text(str(offset // timedelta(seconds=1)), encoding="utf-8")
    new.replace(path)


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
