"""What the features of a long ledger hold, for their explanation: from the projections.

A ledger grows by the hour where systems report, and its page must not. Levels less what the asked
position does not know are the same sums (`verify_books` compares them), at the same cost always.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from credits import clock
from credits.domain.figures import Standing, standing
from credits.models import Balance, Customer, Feature, License, LicenseTerm, Operation, Side

if TYPE_CHECKING:
    from billing.domain.explanation import Question

LONG = 1_000
"""Ledgers of no more rows are summed row by row."""

RECENT = timedelta(hours=48)
"""So far back the rows recorded since are few enough to be taken back one by one."""


def is_long(customer: Customer) -> bool:
    """Whether a customer's ledger has more rows than a page should read."""
    return Balance.objects.filter(customer=customer, seq__gt=LONG).exists()


def of_licenses(customer: Customer, license: License | None) -> list[int]:
    """The operations that brought a term or took one back: no other changes a license.

    By them the few rows of licenses are found among those of features.
    """
    terms = LicenseTerm.objects.filter(license__customer=customer).order_by()
    if license is not None:
        terms = terms.filter(license=license)
    brought = terms.values("operation")
    taken_back = Operation.objects.filter(reverses__in=brought).order_by().values("pk")
    return list(brought.union(taken_back).values_list("operation", flat=True))


def levels_asked(question: Question) -> dict[Feature, int] | None:
    """The credits of each feature that ever held some; None where only the ledger tells.

    That is at an instant before the one of knowledge, and long ago.
    """
    now = max(clock.now(), question.known)
    if question.at < question.known or question.known < now - RECENT:
        return None
    stands = standing(question.customer, now=now, boundary=question.known)
    if stands.unpublished:
        return None
    held = Counter(stands.shown.by_feature)
    for step in stands.shown.ahead:
        if step.at <= question.at:
            for entry in step.entries:
                if entry.feature_id is not None:
                    held[entry.feature_id] += entry.credits
    held.update(dict.fromkeys(released(stands), 0))
    features = Feature.objects.filter(pk__in=held).select_related("group__solution")
    if question.feature is not None:
        features = features.filter(pk=question.feature.pk)
    if question.group is not None:
        features = features.filter(group=question.group)
    if question.solution is not None:
        features = features.filter(group__solution=question.solution)
    return {feature: held[feature.pk] for feature in features}


def released(stands: Standing) -> Iterator[int]:
    """The features that held credits once and have rows that the position knows for certain."""
    later = {entry.feature_id for entry in stands.beyond}
    for side, pk in stands.levels:
        if side == Side.ALLOCATED and pk not in later:
            yield pk
