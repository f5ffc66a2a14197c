"""What automatic usage changed in a week, told to each customer it changed something for.

Automatic is what systems reported: the rows of operations that brought a report which nobody typed.
A row belongs to the week in which it came to count, by both clocks: (a week before, as of], so
that weeks add up to the ledger (docs/rules.md#r23).
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from billing.domain.digests.positions import in_batches
from billing.domain.notices.telling import tell
from billing.models import Notice, NoticeKind, NoticeSettings
from credits import clock
from credits.domain.access_state import Stage, state_of, with_held
from credits.domain.feature_names import told_apart
from credits.domain.figures import Figure, standing
from credits.domain.jobs import ANCHOR, JobFailed
from credits.models import Customer, Feature, LedgerEntry, Side, UsageReport

logger = logging.getLogger(__name__)

WEEK = timedelta(days=7)

FIRST_END = ANCHOR + timedelta(hours=6)
"""The end of some week: a Monday, 06:00 UTC."""

LISTED = 10
"""Features that a digest names; what all others changed is one sum."""

SILENT = (Stage.NEW, Stage.LOCKED)
"""Where access stands when nothing is told of a week."""


def send_weekly(as_of: datetime) -> dict[str, int]:
    """Tell each customer what automatic usage changed in the week that ends with an instant.

    The same instant again tells nothing again. Raises JobFailed, after all others were told, where
    a customer could not be.
    """
    told, failed = 0, 0
    # What stands in broken books may be wrong, and nothing is told of erased ones.
    sound = Customer.objects.filter(standing__purged_at=None, standing__parked_at=None)
    for batch in in_batches(with_held(sound.filter(~unwanted()))):
        open_ones = {one.pk: one for one in batch if state_of(one, as_of).stage not in SILENT}
        for pk, changes in changes_of(open_ones, as_of).items():
            try:
                with transaction.atomic():
                    told += tell(weekly_notice(open_ones[pk], changes, as_of))
            except Exception:
                logger.exception("weekly_failed customer=%d", pk)
                failed += 1
    if failed:
        raise JobFailed(f"The week could not be told to {failed} customers.")
    return {"weekly digests": told}


def unwanted() -> Exists:
    """Customers that chose not to be told."""
    return Exists(NoticeSettings.objects.filter(customer=OuterRef("pk"), weekly=False))


def automatic_rows(as_of: datetime) -> QuerySet[LedgerEntry]:
    """The ledger rows that systems' reports made and that came to count in the week."""
    start = as_of - WEEK
    became = Q(recorded_at__gt=start) | Q(effective_at__gt=start) & Q(
        effective_at__gt=F("recorded_at")
    )
    reports = UsageReport.objects.filter(operation=OuterRef("operation"), by_hand=False)
    counted = LedgerEntry.objects.filter(side=Side.ALLOCATED).counted(at=as_of, known=as_of)
    return counted.filter(became).filter(Exists(reports))


def changes_of(customers: Iterable[int], as_of: datetime) -> dict[int, dict[int, int]]:
    """Per customer and feature the credits that the week's reports added or took; no zeros."""
    rows = automatic_rows(as_of).filter(customer__in=list(customers)).order_by()
    found: Mapping[int, dict[int, int]] = defaultdict(dict)
    for row in rows.values("customer_id", "feature_id").annotate(change=Sum("credits")):
        if row["change"]:
            found[row["customer_id"]][row["feature_id"]] = row["change"]
    return dict(sorted(found.items()))


def weekly_notice(customer: Customer, changes: Mapping[int, int], as_of: datetime) -> Notice:
    """The notice of a week, not saved yet; with its figures at both ends as known at each."""
    figure, after = levels_at(customer, as_of)
    _, before = levels_at(customer, as_of - WEEK)
    largest = sorted(changes, key=lambda pk: (-abs(changes[pk]), pk))
    named, others = largest[:LISTED], largest[LISTED:]
    facts = {
        "since": (as_of - WEEK).isoformat(),
        "until": as_of.isoformat(),
        "features": lines(named, changes, before, after),
        "others": {"count": len(others), "change": sum(changes[pk] for pk in others)},
        "change": sum(changes.values()),
        "valid": figure.valid,
        "allocated": figure.allocated,
        "balance": figure.balance,
    }
    return Notice(
        customer=customer,
        kind=NoticeKind.WEEKLY,
        key=f"weekly/{customer.public_id}/{as_of:%Y-%m-%d}",
        facts=facts,
        at=as_of,
        created_at=clock.now(),
    )


def lines(
    named: Sequence[int],
    changes: Mapping[int, int],
    before: Mapping[int, int],
    after: Mapping[int, int],
) -> list[dict[str, Any]]:
    """What each feature held, what reports changed, what else did, and what it holds.

    before + change + otherwise = after.
    """
    found = Feature.objects.select_related("group__solution").in_bulk(named)
    features = [found[pk] for pk in named]
    return [
        {
            "name": name,
            "before": before.get(feature.pk, 0),
            "change": changes[feature.pk],
            "otherwise": after.get(feature.pk, 0) - before.get(feature.pk, 0) - changes[feature.pk],
            "after": after.get(feature.pk, 0),
        }
        for feature, name in zip(features, told_apart(*features), strict=True)
    ]


def levels_at(customer: Customer, at: datetime) -> tuple[Figure, Mapping[int, int]]:
    """A customer's figure and the level of each feature at an instant, as known then."""
    stands = standing(customer, now=at, boundary=at)
    if stands.unpublished:
        return Figure(0, 0), {}
    return stands.shown.figure, stands.shown.by_feature


def sample_week(customer: Customer, as_of: datetime) -> Notice | None:
    """The newest week of the last year in which a customer would be told something; not saved."""
    since = as_of - timedelta(days=366)
    rows = LedgerEntry.objects.filter(customer=customer, side=Side.ALLOCATED)
    reports = UsageReport.objects.filter(operation=OuterRef("operation"), by_hand=False)
    newest = (
        rows.counted(at=as_of, known=as_of)
        .filter(Exists(reports), recorded_at__gt=since)
        .order_by("-seq")
        .first()
    )
    if newest is None:
        return None
    until = min(as_of, week_end(newest.visible_at))
    changes = changes_of([customer.pk], until).get(customer.pk)
    return weekly_notice(customer, changes, until) if changes else None


def week_end(at: datetime) -> datetime:
    """The Monday, 06:00 UTC, with which the week ends that an instant belongs to."""
    return FIRST_END - (FIRST_END - at) // WEEK * WEEK
