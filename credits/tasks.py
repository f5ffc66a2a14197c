"""The scheduled side of the books: each task asks one job for the slots that are missing."""

from __future__ import annotations

import logging
from datetime import datetime

from celery import shared_task
from kombu.exceptions import OperationalError

from credits import clock
from credits.domain import jobs
from credits.domain.job_hands import run_by_hand

logger = logging.getLogger(__name__)

LONG = 55 * 60
"""Seconds until a task that goes through all books is stopped; the next run finds what is left."""


def tick(name: str) -> int:
    """Run what is missing of a job; how many slots. A clock that jumped runs nothing."""
    try:
        return jobs.catch_up(jobs.job_named(name), clock.now(), is_tick=True)
    except jobs.ClockJumped as jump:
        logger.error("job_refused job=%s reason=%s", name, jump.message)
        return 0


@shared_task(name="credits.tasks.apply_rates", time_limit=LONG, soft_time_limit=LONG - 60)  # type: ignore[untyped-decorator]
def apply_rates() -> int:
    """Book the newest rates for every customer that does not know them."""
    return tick("apply-rates")


@shared_task(name="credits.tasks.relay_outbox")  # type: ignore[untyped-decorator]
def relay_outbox() -> int:
    """Send the mails that are due; any number of these may run at once."""
    return tick("relay-outbox")


@shared_task(name="credits.tasks.verify_books", time_limit=LONG, soft_time_limit=LONG - 60)  # type: ignore[untyped-decorator]
def verify_books() -> int:
    """Check every invariant of all books."""
    return tick("verify-books")


@shared_task(name="credits.tasks.run_slot", time_limit=LONG, soft_time_limit=LONG - 60)  # type: ignore[untyped-decorator]
def run_slot(name: str, slot: str) -> bool:
    """Run one slot of a job, done before or not: by an operator's button, or to hurry it."""
    try:
        run_by_hand(jobs.job_named(name), datetime.fromisoformat(slot), clock.now())
    except (jobs.ClockJumped, jobs.JobFailed) as error:
        logger.error("job_refused job=%s slot=%s reason=%s", name, slot, error)
        return False
    return True


def start(name: str) -> bool:
    """Hurry a job along, once what it waits for is committed; False if the queue is down.

    Nothing depends on it: the next tick does the same.
    """
    slot = jobs.job_named(name).newest_due(clock.now())
    return start_slot(name, slot)


def start_slot(name: str, slot: datetime) -> bool:
    """Put one slot of a job into the queue; False if the queue is down."""
    try:
        run_slot.apply_async(
            (name, slot.isoformat()), retry_policy={"max_retries": 1, "interval_start": 0}
        )
    except OperationalError:
        logger.warning("job_not_started job=%s reason=no_queue", name, exc_info=True)
        return False
    return True


def start_applying_rates() -> None:
    """Start the booking of a rate that was just entered, once it is committed."""
    start("apply-rates")
