"""Customers a batch at a time, each batch its own transaction; one that fails stops no other."""

from __future__ import annotations

import logging
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from django.db import connection, transaction

logger = logging.getLogger(__name__)

BATCH = 500

Work = Callable[[Sequence[int]], Counter[str]]
"""What is done for some customers, by their keys; how many of each thing it did."""

FAILED = "failed customers"


def in_batches(customers: Iterable[int], work: Work) -> Counter[str]:
    """Do the work for customers, in the order given; counts, with how many failed.

    A batch that fails is done again customer by customer, so that only those are left out for
    whom it fails alone.
    """
    # Eight bytes a customer: of a hundred thousand less than a batch takes.
    keys = array("q", customers)
    counts: Counter[str] = Counter()
    for start in range(0, len(keys), BATCH):
        counts.update(done(work, keys[start : start + BATCH]))
    return counts


def done(work: Work, keys: Sequence[int]) -> Counter[str]:
    """The work of one batch, whole or apart. Raises what went wrong where the database is gone."""
    try:
        with transaction.atomic():
            return work(keys)
    except Exception:
        if not connection.is_usable():
            raise
        if len(keys) > 1:
            counts: Counter[str] = Counter()
            for key in keys:
                counts.update(done(work, [key]))
            return counts
        logger.exception("notices_failed customer=%d", keys[0])
        return Counter({FAILED: 1})
