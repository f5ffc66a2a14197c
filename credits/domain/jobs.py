"""Scheduled jobs: what each does, the windows it is due for, and the row that each window has.

Beat only asks which slots are missing. A slot is the start of a window, from the schedule and never
from the clock of the run, and unique by (job, slot); what a run does is a function of its slot. A
run that was late, doubled, or killed in the middle is run again, and every job may be: so the same
end is reached (docs/rules.md#r24).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils.module_loading import import_string

from credits import clock
from credits.exceptions import CreditsError, UnknownObject
from credits.models import JobRun, RunState

logger = logging.getLogger(__name__)

MINUTE, HOUR, DAY, WEEK = (timedelta(**{unit: 1}) for unit in ("minutes", "hours", "days", "weeks"))

ANCHOR = datetime(1970, 1, 5, tzinfo=UTC)
"""A Monday at 00:00 UTC, from which all slots are counted."""

LONGEST_JUMP = timedelta(days=30)
"""A slot that far past the newest one is left to an operator: more likely the clock is wrong."""

TRIES = 3
"""A slot that was tried so often gives way to all others."""

AT_WORK = timedelta(minutes=5)
"""For so long a slot that was begun and not finished is taken to be in work."""

PROBLEM_LENGTH = 400

Counts = Mapping[str, int]
"""How many of each thing a run dealt with, by its name in the plural."""


class ClockJumped(CreditsError):
    """The clock stands so far past the newest slot that an operator must look at it."""

    code = "clock-jumped"


class JobFailed(Exception):
    """A job went wrong in some slot; whatever else was due has been done."""


@dataclass(frozen=True)
class Job:
    """One job of the registry.

    `work` does one slot; it is given the instant at which the slot was due, takes that as its
    present (`as_of`), and may run any number of times, also at once. `tick` is how often beat asks
    at least, which is how old a due slot may be before it is late.
    """

    name: str
    words: str
    every: timedelta
    work: Callable[[datetime], Counts]
    after: timedelta = timedelta(0)
    """How long after the start of its window a slot is due."""
    tick: timedelta = HOUR
    newest: Callable[[], datetime | None] | None = None
    """The newest slot that was done, where the job's own tables tell it."""
    catches_up: bool = True
    """Whether missed slots are made up one by one; else the newest stands for all of them."""
    kept: timedelta = timedelta(days=800)
    """How long the rows of done slots are kept."""

    def slot_of(self, instant: datetime) -> datetime:
        """The start of the window that holds an instant."""
        return ANCHOR + (instant - ANCHOR) // self.every * self.every

    def newest_due(self, now: datetime) -> datetime:
        """The newest slot that is due at an instant."""
        return self.slot_of(now - self.after)

    def due_at(self, slot: datetime) -> datetime:
        """The instant at which a slot is due; what it does, it does as of then."""
        return slot + self.after


@cache
def jobs() -> tuple[Job, ...]:
    """Every job, from the lists that the settings name (settings.JOBS)."""
    return tuple(job for path in settings.JOBS for job in import_string(path))


def job_named(name: str) -> Job:
    """A job by its name. Raises UnknownObject."""
    for job in jobs():
        if job.name == name:
            return job
    known = ", ".join(job.name for job in jobs())
    raise UnknownObject(f"There is no job {name!r}. There are: {known}.", field="name")


def missing_slots(job: Job, now: datetime) -> list[datetime]:
    """The slots that are due and not done, in order.

    A fresh installation is due for the newest one alone. Of a job that makes up each slot none
    are missing while the clock stands before the newest that was begun.
    """
    unfinished = JobRun.objects.filter(job=job.name).exclude(state=RunState.DONE)
    slots = unfinished.values_list("slot", flat=True)
    return missing_of(job, newest_begun(job, now), slots, now)


def missing_of(
    job: Job, newest: datetime | None, unfinished: Iterable[datetime], now: datetime
) -> list[datetime]:
    """The same, from the newest slot that was begun and all that were begun and not finished."""
    due = job.newest_due(now)
    if newest is None:
        return [due]
    begun = {slot for slot in unfinished if slot <= due}
    if not job.catches_up:
        return [due] if due > newest or due in begun else []
    return sorted({*begun, *slots_between(job, newest, due)})


def newest_begun(job: Job, now: datetime) -> datetime | None:
    """The newest slot of a job that was begun, within what counts at an instant."""
    if job.newest is not None:
        return job.newest()
    begun = JobRun.objects.filter(job=job.name)
    if (last := last_counted(job, now)) is not None:
        begun = begun.filter(slot__lte=last)
    newest: datetime | None = begun.order_by("-slot").values_list("slot", flat=True).first()
    return newest


def last_counted(job: Job, now: datetime) -> datetime | None:
    """The last slot of which it counts whether it was begun; None where all do.

    A job that makes up each slot stands still after a clock that ran ahead, until that time is
    reached again. One that does whatever is there goes on at once.
    """
    return None if job.catches_up else job.newest_due(now)


def slots_between(job: Job, begun: datetime, due: datetime) -> Iterator[datetime]:
    """The slots after one and up to another, in order."""
    slot = begun + job.every
    while slot <= due:
        yield slot
        slot += job.every


def catch_up(
    job: Job,
    now: datetime,
    *,
    is_told: bool = False,
    through: datetime | None = None,
    is_tick: bool = False,
) -> int:
    """Run every missing slot in order; how many were done. A second run finds none.

    A slot that fails is kept with its problem, tried again by the next tick, and holds up none
    after it. `is_told` is an operator's word that the clock is right; `through` is the last slot
    to run.

    For a tick (`is_tick`), what was tried three times comes behind all others, the one that has
    waited longest first, until one fails again: what goes wrong in every slot costs one try a
    tick, and not one for each slot it went wrong in.

    Raises ClockJumped where the clock stands more than 30 days past the newest slot and nobody
    gave his word, and JobFailed, after all others, where a slot failed.
    """
    if not is_told:
        refuse_jump(job, now)
    missing = [slot for slot in missing_slots(job, now) if through is None or slot <= through]
    last = tried_often(job, missing, now) if is_tick else []
    failed = []
    for slot in [*(slot for slot in missing if slot not in last), *last]:
        if not run_slot(job, slot):
            failed.append(slot)
            if slot in last:
                break
    trim(job, now)
    if failed:
        raise JobFailed(f"{job.name} failed for {len(failed)} of {len(missing)} slots.")
    return len(missing)


def tried_often(job: Job, missing: Iterable[datetime], now: datetime) -> list[datetime]:
    """Those of the missing slots that were tried three times, the longest untried first.

    One that was begun a moment ago is no failure yet: several workers may be at it at once, and
    each must take the slots in their order.
    """
    tried = JobRun.objects.filter(job=job.name, attempts__gte=TRIES).exclude(state=RunState.DONE)
    tried = tried.exclude(state=RunState.RUNNING, started_at__gt=now - AT_WORK)
    slots = set(missing)
    by_turn = tried.order_by("started_at", "slot").values_list("slot", flat=True)
    return [slot for slot in by_turn if slot in slots]


def refuse_jump(job: Job, now: datetime) -> None:
    """Raise ClockJumped where the due slot lies too far past the newest one."""
    newest, due = newest_begun(job, now), job.newest_due(now)
    if newest is None or due - newest <= LONGEST_JUMP:
        return
    raise ClockJumped(
        f"Nothing was run: {due:%Y-%m-%d %H:%M} UTC is due, {(due - newest).days} days after the "
        f"newest slot of {job.name}, {newest:%Y-%m-%d %H:%M}. If the clock is right, run what is "
        f"missing with: manage.py run_job {job.name} --all --yes"
    )


def run_slot(job: Job, slot: datetime) -> bool:
    """Run one slot, done before or not, and keep what came of it; False if it failed."""
    begin(job, slot)
    started = time.monotonic()
    try:
        counts = job.work(job.due_at(slot))
    except Exception as error:
        if not connection.is_usable():
            raise
        logger.exception("job_failed job=%s slot=%s", job.name, f"{slot:%Y-%m-%dT%H:%M}")
        finish(job, slot, started, state=RunState.FAILED, problem=problem_of(error))
        return False
    finish(job, slot, started, state=RunState.DONE, counts=dict(counts))
    logger.info("job_done job=%s slot=%s counts=%s", job.name, f"{slot:%Y-%m-%dT%H:%M}", counts)
    return True


def begin(job: Job, slot: datetime) -> None:
    """Note that a slot is being run, for the first time or again."""
    now = clock.now()
    _, is_new = JobRun.objects.get_or_create(job=job.name, slot=slot, defaults={"started_at": now})
    if not is_new:
        JobRun.objects.filter(job=job.name, slot=slot).update(
            state=RunState.RUNNING, attempts=F("attempts") + 1, started_at=now, finished_at=None
        )


def finish(
    job: Job,
    slot: datetime,
    started: float,
    *,
    state: RunState,
    counts: dict[str, int] | None = None,
    problem: str = "",
) -> None:
    """Keep how a run ended; a slot that another run has done meanwhile stays done."""
    mine = JobRun.objects.filter(job=job.name, slot=slot)
    if state != RunState.DONE:
        mine = mine.exclude(state=RunState.DONE)
    mine.update(
        state=state,
        finished_at=clock.now(),
        milliseconds=round((time.monotonic() - started) * 1000),
        counts=counts or {},
        problem=problem,
    )


def problem_of(error: Exception) -> str:
    """A failure in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:PROBLEM_LENGTH]


def trim(job: Job, now: datetime) -> None:
    """Forget done slots that are older than they are kept; the newest one always stays."""
    newest = newest_begun(job, now)
    if newest is not None:
        old = min(now - job.kept, newest)
        JobRun.objects.filter(job=job.name, slot__lt=old, state=RunState.DONE).delete()
