"""How the jobs stand: their newest slots, what is missing and what is late.

One statement for all jobs, by the index of their slots, so that a watchdog may ask it each minute.
A job is judged by what it did, not by whether a process runs (docs/rules.md#r24).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import connection

from credits import clock
from credits.domain.jobs import Job, jobs, last_counted, missing_of
from credits.models import JobRun

GRACE = timedelta(minutes=15)
"""How long after the tick that should have done it a slot is called late."""

FOREVER = datetime.max.replace(tzinfo=UTC)

NEWEST = """
SELECT name,
    (SELECT max(slot) FROM credits_jobrun WHERE job = name AND slot <= last),
    (SELECT max(slot) FROM credits_jobrun WHERE job = name AND slot <= last AND state = 'done'),
    (SELECT id FROM credits_jobrun WHERE job = name ORDER BY slot DESC LIMIT 1),
    ARRAY(SELECT slot FROM credits_jobrun WHERE job = name AND state <> 'done'),
    (SELECT max(applied) FROM django_migrations)
FROM unnest(%s::text[], %s::timestamptz[]) AS asked (name, last)
"""


@dataclass(frozen=True)
class JobState:
    """Where one job stands at an instant."""

    job: Job
    now: datetime
    begun: datetime | None
    """The newest slot that was begun."""
    done: datetime | None
    """The newest slot that was done."""
    newest_run: int | None = None
    """The id of the run of the newest slot."""
    unfinished: list[datetime] = field(default_factory=list)
    """Slots that were begun and not finished, in order."""
    is_new: bool = False
    """Whether the installation, or its newest release, is too young for the job to have run."""

    @property
    def missing(self) -> list[datetime]:
        """The slots that are due and not done, in order."""
        return missing_of(self.job, self.begun, self.unfinished, self.now)

    @property
    def is_late(self) -> bool:
        """Whether a slot is not done although the tick after it and the grace have passed.

        Where the newest stands for all, only the newest of those that should be done counts.
        """
        if self.begun is None:
            return not self.is_new
        due = self.job.newest_due(self.now - self.job.tick - GRACE)
        if not self.job.catches_up:
            return self.done is None or self.done < due
        return any(slot <= due for slot in self.missing)


def job_states(now: datetime) -> list[JobState]:
    """How every job stands, in the order of the registry."""
    with connection.cursor() as cursor:
        cursor.execute(
            NEWEST,
            [[job.name for job in jobs()], [last_counted(job, now) or FOREVER for job in jobs()]],
        )
        found = {name: rest for name, *rest in cursor.fetchall()}
    return [state_of(job, now, *found[job.name]) for job in jobs()]


def state_of(
    job: Job,
    now: datetime,
    begun: datetime | None,
    done: datetime | None,
    newest_run: int | None,
    unfinished: list[datetime],
    installed: datetime | None,
) -> JobState:
    """A job's state, from what was read of it; its own tables come before its runs."""
    if job.newest is not None:
        begun = done = job.newest()
    age = clock.machine() - installed if installed else timedelta(0)
    return JobState(
        job=job,
        now=now,
        begun=begun,
        done=done,
        newest_run=newest_run,
        unfinished=sorted(unfinished),
        is_new=age < job.tick + GRACE,
    )


def newest_runs(job: Job, count: int) -> list[JobRun]:
    """The newest runs of a job, newest first."""
    return list(JobRun.objects.filter(job=job.name).order_by("-slot")[:count])


def last_runs(states: Iterable[JobState]) -> dict[str, JobRun]:
    """The run of the newest slot of each job, by its name, in one query."""
    found = JobRun.objects.in_bulk([state.newest_run for state in states if state.newest_run])
    return {run.job: run for run in found.values()}
