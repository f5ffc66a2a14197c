"""Beat, queue and worker of one installation, minute by minute, on a clock that may be wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from celery.schedules import crontab

from config.schedule import BEAT_SCHEDULE
from credits import clock
from credits.domain.jobs import HOUR, job_named

MINUTE = timedelta(minutes=1)
RIGHT = timedelta(0)

Window = tuple[datetime, datetime]
"""From one instant up to another, without it."""


def is_due(name: str, now: datetime, *, thinned: bool) -> bool:
    """Whether beat sends a task at a minute, by the schedule itself.

    Thinned: in an hour only the first time, and what is not made up hour by hour in every third
    hour alone. The ticks that are left out only look whether something is missing.
    """
    schedule: crontab = BEAT_SCHEDULE[name]["schedule"]
    assert len(schedule.hour) == 24, "every job asks each hour what it has missed"
    if not thinned:
        return now.minute in schedule.minute
    job = job_named(name)
    is_hourly = job.every == HOUR and job.catches_up
    return now.minute == min(schedule.minute) and (is_hourly or now.hour % 3 == 0)


def nothing(now: datetime) -> None:
    """What is looked at where a test wants to see the end alone."""


@dataclass
class World:
    """How the hours go by. All instants are true ones, whatever the machine's clock says."""

    start: datetime
    end: datetime
    acts: Mapping[datetime, Callable[[], Any]] = field(default_factory=dict)
    """What people do, each at its minute."""
    beats: int = 1
    """How many beats run, none knowing of another."""
    off: Sequence[Window] = ()
    """While there is no beat at all."""
    lost: Sequence[Window] = ()
    """While there is no worker; what was put into the queue meanwhile is lost with it."""
    wrong: Sequence[tuple[Window, timedelta]] = ()
    """While the machine's clock is off, and by how much."""
    thinned: bool = True
    look: Callable[[datetime], None] = nothing
    """Called after each minute in which a task ran."""
    queue: list[str] = field(default_factory=list)
    ran: int = 0
    """How many tasks ran."""

    def go_by(self) -> World:
        """Let the time go by."""
        now = self.start
        while now < self.end:
            if act := self.acts.get(now):
                with clock.moved_to(now):
                    act()
            if not within(self.off, now):
                self.tick(now)
            if within(self.lost, now):
                self.queue.clear()
            elif self.queue:
                self.work(now)
                self.look(now)
            now += MINUTE
        return self

    def tick(self, now: datetime) -> None:
        """Every beat puts what is due by the machine's clock into the queue."""
        shown = now + self.error(now)
        for name, entry in BEAT_SCHEDULE.items():
            if is_due(name, shown, thinned=self.thinned):
                self.queue += [entry["task"]] * self.beats

    def work(self, now: datetime) -> None:
        """A worker does what is in the queue."""
        with present(now, self.error(now)):
            while self.queue:
                current_app.tasks[self.queue.pop(0)]()
                self.ran += 1

    def error(self, now: datetime) -> timedelta:
        """How far the machine's clock is off at an instant."""
        return sum((by for window, by in self.wrong if within([window], now)), RIGHT)


def within(windows: Sequence[Window], now: datetime) -> bool:
    """Whether an instant lies in one of these."""
    return any(start <= now < end for start, end in windows)


@contextmanager
def present(now: datetime, error: timedelta = RIGHT) -> Iterator[None]:
    """A true instant, on a machine whose clock is off by an error.

    The present is moved there as on a development installation, and with it what is compared with
    the database's own clock. The error moves the machine's clock alone: the database's is right.
    """
    machine = datetime.now(UTC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "stored_offset", lambda: now - machine)
        patch.setattr(clock, "machine", lambda: machine + error)
        yield
