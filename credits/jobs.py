"""The scheduled jobs of the books (settings.JOBS)."""

from __future__ import annotations

from datetime import datetime, timedelta

from credits import clock
from credits.domain.alarms import verify_and_park
from credits.domain.jobs import DAY, HOUR, MINUTE, Job
from credits.domain.mail import relay
from credits.domain.rate_run import apply_rates


def apply_newest(as_of: datetime) -> dict[str, int]:
    """Rates are booked as soon as they are entered, whatever hour it is."""
    return {"customers": apply_rates()}


def send_due(as_of: datetime) -> dict[str, int]:
    """Mail waits until it is due by the clock, not by the minute of the tick."""
    return {"mails": relay(clock.now())}


JOBS = (
    Job(
        name="apply-rates",
        words="Books dated rates for every customer that does not know them yet.",
        every=HOUR,
        work=apply_newest,
        catches_up=False,
        kept=timedelta(days=40),
    ),
    Job(
        name="relay-outbox",
        words="Sends the mail that is due.",
        every=MINUTE,
        tick=MINUTE,
        work=send_due,
        catches_up=False,
        kept=DAY,
    ),
    Job(
        name="verify-books",
        words="Checks every invariant of all books, and parks customers whose books are broken.",
        every=DAY,
        after=timedelta(hours=2),
        work=verify_and_park,
        catches_up=False,
    ),
)
