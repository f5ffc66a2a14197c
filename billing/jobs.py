"""The scheduled jobs of billing (settings.JOBS)."""

from __future__ import annotations

from datetime import timedelta

from billing.domain.digests.sending import send_digests, send_morning
from billing.domain.lifecycle import advance
from billing.domain.publication import newest_hour, publish_hour
from credits.domain.jobs import DAY, HOUR, WEEK, Job

MORNING = timedelta(hours=6)
"""When the mail of a day is written, UTC."""

JOBS = (
    Job(
        name="publish-hour",
        words="Closes the boundary of the hour, so that Annual credits moves on.",
        every=HOUR,
        tick=timedelta(minutes=10),
        work=publish_hour,
        newest=newest_hour,
    ),
    Job(
        name="advance-lifecycle",
        words="Records what began and ended, grace, lock and mark, and erases what is due.",
        every=HOUR,
        tick=timedelta(minutes=20),
        work=advance,
    ),
    Job(
        name="send-notices",
        words="Tells customers what ends, what will be short and what the balance has become.",
        every=DAY,
        after=MORNING,
        work=send_morning,
    ),
    Job(
        name="send-digests",
        words="Tells what automatic usage changed in a week, and sales whom to look after.",
        every=WEEK,
        after=MORNING,
        work=send_digests,
    ),
)
