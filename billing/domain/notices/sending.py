"""One slot of notices: what is due of licenses and access, and what the balances have become."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from heapq import merge
from itertools import groupby

from django.db.models import Max

from billing.domain.notices.access import access_due, customers_without
from billing.domain.notices.batches import FAILED, in_batches
from billing.domain.notices.telling import tell_all
from billing.domain.notices.terms import customers_with, terms_due
from billing.domain.notices.watching import customers_watched, states_changed
from billing.domain.notices.windows import Window
from credits.domain.access_state import state_of, with_held
from credits.domain.jobs import JobFailed, job_named
from credits.models import Customer, JobRun, RunState

JOB = "send-notices"


def send_notices(as_of: datetime) -> dict[str, int]:
    """Tell what is due in the 24 hours up to an instant, and what has changed by then.

    All that is told to a customer is told in one transaction, and so in one mail a person.
    Any number of runs at once tell everything once. Raises JobFailed, after all others were told,
    where it failed for some customers.
    """
    window = Window.of_slot(as_of)
    # Eight bytes a customer, as in a batch's own list.
    watched = array("q", customers_watched(window))
    asked = merge(customers_with(window), customers_without(window), watched)
    work = partial(tell_customers, window=window, watched=watched, judged=judged_at(as_of))
    counts = in_batches((key for key, _same in groupby(asked)), work)
    if counts[FAILED]:
        raise JobFailed(f"Notices failed for {counts[FAILED]} customers; all others were told.")
    return dict(counts)


def tell_customers(
    customers: Sequence[int], window: Window, watched: Sequence[int], judged: datetime
) -> Counter[str]:
    """Tell some customers of their licenses and access, and those watched of their balances.

    Nothing is told after a purge.
    """
    asked = Customer.objects.filter(pk__in=customers, standing__purged_at__isnull=True)
    found = list(with_held(asked).select_related("standing").order_by("pk"))
    stand = {customer.pk: (customer, state_of(customer, window.until)) for customer in found}
    due = {
        "license notices": terms_due(stand, window),
        "access notices": access_due(stand, window),
        "state notices": states_changed(
            [customer for customer in found if is_among(watched, customer.pk)], judged
        ),
    }
    told = tell_all(notice for notices in due.values() for notice in notices)
    return Counter(
        {name: sum(one.public_id in told for one in notices) for name, notices in due.items()}
    )


def is_among(keys: Sequence[int], key: int) -> bool:
    """Whether a key is one of a sorted list."""
    place = bisect_left(keys, key)
    return place < len(keys) and keys[place] == key


def judged_at(as_of: datetime) -> datetime:
    """The instant at which balances are judged: the slot's own, or that of the newest one begun.

    A slot that failed and is run after a later one must not tell what has been over since. One
    that is being run counts as well: it may have been done before, and is only run again.
    """
    job = job_named(JOB)
    runs = JobRun.objects.filter(job=JOB).exclude(state=RunState.FAILED)
    newest = runs.aggregate(newest=Max("slot"))["newest"]
    return max(as_of, job.due_at(newest)) if newest else as_of
