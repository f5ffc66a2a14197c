"""One slot of notices: what is due of licenses and access, and what the balances have become."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import partial

from django.db.models import Max

from billing.domain.notices.access import customers_without, tell_access
from billing.domain.notices.batches import FAILED, in_batches
from billing.domain.notices.terms import customers_with, tell_terms
from billing.domain.notices.watching import customers_watched, tell_states
from billing.domain.notices.windows import Window
from credits.domain.jobs import JobFailed, job_named
from credits.models import JobRun, RunState

JOB = "send-notices"


def send_notices(as_of: datetime) -> dict[str, int]:
    """Tell what is due in the 24 hours up to an instant, and what has changed by then.

    Any number of runs at once tell everything once. Raises JobFailed, after all others were told,
    where it failed for some customers.
    """
    window = Window.of_slot(as_of)
    counts: Counter[str] = Counter()
    counts.update(in_batches(customers_with(window), partial(tell_terms, window=window)))
    counts.update(in_batches(customers_without(window), partial(tell_access, window=window)))
    counts.update(in_batches(customers_watched(window), partial(tell_states, at=judged_at(as_of))))
    if counts[FAILED]:
        raise JobFailed(f"Notices failed for {counts[FAILED]} customers; all others were told.")
    return dict(counts)


def judged_at(as_of: datetime) -> datetime:
    """The instant at which balances are judged: the slot's own, or that of the newest one done.

    A slot that failed and is run after a later one must not tell what has been over since.
    """
    job = job_named(JOB)
    runs = JobRun.objects.filter(job=JOB, state=RunState.DONE)
    newest = runs.aggregate(newest=Max("slot"))["newest"]
    return max(as_of, job.due_at(newest)) if newest else as_of
