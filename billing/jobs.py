"""The scheduled jobs of billing (settings.JOBS)."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.domain.digests.sending import send_digests, send_morning
from billing.domain.importing.running import run_imports
from billing.domain.lifecycle import advance
from billing.domain.marketplaces.applying import apply_messages
from billing.domain.marketplaces.reconciling import reconcile
from billing.domain.publication import newest_hour, publish_hour
from billing.domain.purchase_files import forget_given_up
from credits.domain.jobs import DAY, HOUR, MINUTE, WEEK, Job

MORNING = timedelta(hours=6)
"""When the mail of a day is written, UTC."""

NIGHT = timedelta(hours=3)
"""When few people write, UTC."""


def enter_files(as_of: datetime) -> dict[str, int]:
    """A file that was confirmed is entered as soon as a worker is there."""
    return run_imports()


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
    Job(
        name="apply-messages",
        words="Applies what marketplaces sent, from what they say when they are asked.",
        every=MINUTE,
        tick=MINUTE,
        work=apply_messages,
        catches_up=False,
        kept=DAY,
    ),
    Job(
        name="reconcile-marketplaces",
        words="Lists what marketplaces and our purchases say differently; repairs nothing.",
        every=DAY,
        after=NIGHT,
        work=reconcile,
        catches_up=False,
    ),
    Job(
        name="forget-files",
        words="Deletes files that were chosen for a purchase which was never entered.",
        every=DAY,
        after=NIGHT,
        work=forget_given_up,
        catches_up=False,
    ),
    Job(
        name="import-purchases",
        words="Enters the files of purchases that were confirmed.",
        every=MINUTE,
        tick=MINUTE,
        work=enter_files,
        catches_up=False,
        kept=DAY,
    ),
)
