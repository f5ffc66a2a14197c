"""What many customers had chosen to be told of at an instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from billing.domain.notices.choosing import SetNotices
from billing.models import NoticeSettings
from credits.models import Operation

SETTINGS = NoticeSettings()
"""The defaults."""


@dataclass(frozen=True)
class Chosen:
    """What a customer is told of the balance."""

    low_levels: tuple[int, ...] = tuple(SETTINGS.low_levels)
    days_ahead: int = SETTINGS.days_ahead


def chosen_at(customers: Sequence[int], at: datetime) -> dict[int, Chosen]:
    """The settings in force at an instant, so that a late slot is told by those of its day.

    The rows say what is in force now; only of customers that have chosen since then the operation
    before is looked for.
    """
    chosen = {pk: Chosen() for pk in customers}
    rows = NoticeSettings.objects.filter(customer__in=customers)
    for row in rows:
        chosen[row.customer_id] = Chosen(tuple(row.low_levels), row.days_ahead)
    if rows:
        chosen.update(before(later_choices(list(chosen), at), at))
    return chosen


def later_choices(customers: Sequence[int], at: datetime) -> list[int]:
    """The customers that chose anew after an instant."""
    later = Operation.objects.filter(
        customer__in=customers, kind=SetNotices.kind, recorded_at__gt=at
    )
    return list(later.order_by().values_list("customer_id", flat=True).distinct())


def before(customers: Sequence[int], at: datetime) -> Mapping[int, Chosen]:
    """What they had chosen by then; the defaults where it was their first choice."""
    chosen = {pk: Chosen() for pk in customers}
    if customers:
        earlier = choices_of(customers).filter(recorded_at__lte=at).order_by("position")
        for customer, answer in earlier.values_list("customer_id", "answer"):
            chosen[customer] = stated(answer)
    return chosen


def choices_of(customers: Sequence[int]) -> QuerySet[Operation]:
    """Every act by which one of them chose."""
    return Operation.objects.filter(customer__in=customers, kind=SetNotices.kind)


def stated(answer: Mapping[str, Any]) -> Chosen:
    """What an operation chose."""
    return Chosen(tuple(answer["low_levels"]), answer["days_ahead"])
