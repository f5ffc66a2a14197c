"""What the jobs would have told on the past days of the demonstration, had they run.

So that a fresh start has an inbox with a past: what ended, what was short, and when it was told.
The vendor's own digests and the hours are not made up; the worker goes on where this ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial

from billing.domain.digests.weekly import send_weekly
from billing.domain.lifecycle import advance
from billing.domain.notices import send_notices
from billing.domain.notices.inbox import mark_read
from billing.models import Notice
from credits import clock
from credits.domain.jobs import Counts, job_named
from credits.models import Customer, JobRun, Role, RunState, User

DAYS = 100
"""How far back something was told."""

READ = timedelta(days=12)
"""What is older than this was read by whoever looks after it."""

MORNING = timedelta(hours=6, minutes=5)
"""When the mail of a day is written, UTC."""

DAILY, WEEKLY = 1, 7


def mornings(now: datetime) -> Iterator[tuple[datetime, Callable[[], None]]]:
    """The past mornings on which the jobs ran, and what they did; the newest ones at last.

    What began and ended is recorded once a week, for each run records all since the one before;
    a week's usage is told on Mondays.
    """
    today = clock.start_of(clock.day_of(now))
    for days in range(DAYS, -1, -1):
        morning = min(today - days * clock.DAY + MORNING, now)
        if days % WEEKLY == 0:
            yield morning, partial(run, "advance-lifecycle", advance)
        if days or morning < now:
            yield morning, partial(run, "send-notices", send_notices)
        if morning.weekday() == 0 and (days or morning < now):
            yield morning, partial(run, "send-digests", send_weekly)


def run(name: str, work: Callable[[datetime], Counts]) -> None:
    """Do the slot of a job that is due by the clock, and keep that it was done."""
    job, now = job_named(name), clock.now()
    slot = job.newest_due(now)
    counts = work(job.due_at(slot))
    JobRun.objects.get_or_create(
        job=name,
        slot=slot,
        defaults={
            "state": RunState.DONE,
            "started_at": now,
            "finished_at": now,
            "counts": dict(counts),
        },
    )


def read_some(customers: Iterable[Customer], now: datetime) -> None:
    """Let the admins have read what is some days old, each of their own customer."""
    for customer in customers:
        seen = Notice.objects.filter(customer=customer, at__lte=now - READ).order_by("-pk")
        for newest in seen[:1]:
            for admin in User.objects.filter(
                memberships__customer=customer, memberships__role=Role.ADMIN, is_active=True
            ):
                mark_read(customer, admin, newest.public_id)
