"""How fast what customers hold grows: the last 90 days, and how long the balance lasts at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import (
    BigIntegerField,
    ExpressionWrapper,
    F,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Cast, Coalesce, NullIf

from credits import clock
from credits.models import Customer, DailyChange, Side

WINDOW = timedelta(days=90)
"""The UTC days that are looked back on, today among them."""

LEAST_SHARE = 5
"""Growing fast is by at least one of so many parts of what was held before: a fifth."""

LEAST_CREDITS = 500
"""And by at least so many credits: a fifth of little is little."""

IS_GROWING = Q(grew__gte=LEAST_CREDITS, held_before__gt=0, held_before__lte=F("grew") * LEAST_SHARE)
"""Of customers as `with_growth` reads them. Who held nothing before has only begun: no pace yet."""

LASTS_LONG = timedelta(days=730)
"""A balance that lasts longer than this is not put into days."""


@dataclass(frozen=True)
class Growth:
    """What the allocated credits of a customer changed by within the window."""

    credits: int
    before: int
    """What was allocated when the window began (credits)."""

    def lasts(self, balance: int) -> int | None:
        """For how many more whole days a balance is enough at this pace.

        None where nothing grows, where it is short already, and where it lasts very long.
        """
        if self.credits <= 0 or balance < 0:
            return None
        days = balance * WINDOW.days // self.credits
        return days if days <= LASTS_LONG.days else None


def with_growth(customers: QuerySet[Customer], now: datetime) -> QuerySet[Customer]:
    """Customers with `grew` and `held_before` (credits), and `growth`, the one by the other.

    They are read with `live_allocated` (billing.domain.desk.with_figures), from which the growth
    is counted back: what was booked late counts on the day from which it holds.
    """
    today = clock.day_of(now)
    changes = DailyChange.objects.filter(
        customer=OuterRef("pk"), side=Side.ALLOCATED, day__gt=today - WINDOW, day__lte=today
    )
    total = changes.order_by().values("customer").annotate(total=Sum("credits")).values("total")
    before = ExpressionWrapper(F("live_allocated") - F("grew"), output_field=BigIntegerField())
    share = Cast(F("grew"), FloatField()) / NullIf(F("held_before"), 0)
    return (
        customers.annotate(grew=Coalesce(Subquery(total), 0, output_field=BigIntegerField()))
        .annotate(held_before=before)
        .annotate(growth=ExpressionWrapper(share, output_field=FloatField()))
    )


def growing_fast(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """Those whose allocated credits grew fast; annotated by `with_growth` (docs/rules.md#desk)."""
    return customers.filter(IS_GROWING)


def growth_of(customer: Customer) -> Growth:
    """The growth of a customer as `with_growth` reads it."""
    return Growth(customer.grew, customer.held_before)  # type: ignore[attr-defined]
