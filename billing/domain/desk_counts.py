"""How many of a sales person's customers each list of the desk holds, for the navigation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q

from billing.domain.desk import SOON, with_figures
from billing.domain.growth import IS_GROWING, with_growth
from billing.domain.request_lists import open_requests_for
from credits.domain.people import customers_for
from credits.models import License, User

CUSTOMERS, EXPIRING, SHORT, GROWING, REQUESTS = "c", "x", "h", "w", "r"
"""The letters of the entries (settings.PORTAL_NAVIGATION)."""


def counts(user: User, now: datetime) -> Mapping[str, int]:
    """By the letter of an entry how much its list holds, in two queries (settings.DESK_COUNTS)."""
    ends = License.objects.filter(
        customer=OuterRef("pk"), voided_at__isnull=True, ends_at__gt=now, ends_at__lte=now + SOON
    )
    customers = with_growth(with_figures(customers_for(user), now), now).order_by()
    found = customers.annotate(expires=Exists(ends)).aggregate(
        customers=Count("pk"),
        expiring=Count("pk", filter=Q(expires=True)),
        short=Count("pk", filter=Q(short_at__isnull=False)),
        growing=Count("pk", filter=IS_GROWING),
    )
    return {
        CUSTOMERS: found["customers"],
        EXPIRING: found["expiring"],
        SHORT: found["short"],
        GROWING: found["growing"],
        REQUESTS: open_requests_for(user),
    }
