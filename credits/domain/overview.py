"""Where many customers stand at once: the same figures as one by one, in one query."""

from __future__ import annotations

from datetime import datetime

from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Greatest

from credits.domain.boundaries import newest_closed
from credits.models import Customer, LedgerEntry, Side


def with_figures(customers: QuerySet[Customer], now: datetime) -> QuerySet[Customer]:
    """Customers with `valid`, `allocated` and `balance` as of now (live credits).

    The projection holds what was folded by the last write; what was booked ahead and has come
    due since is added from its partial index, as `figures.standing` does for one customer.
    """
    known = F("standing__last_recorded_at")
    present = Greatest(Value(now), Coalesce(known, Value(now)), newest_closed())
    return (
        customers.annotate(present=present)
        .annotate(
            valid=F("standing__valid") + come_due(Side.VALID),
            allocated=F("standing__allocated") + come_due(Side.ALLOCATED),
        )
        .annotate(balance=F("valid") - F("allocated"))
    )


def come_due(side: Side) -> Coalesce:
    """The credits of one side that were booked ahead and are not folded yet."""
    ahead = LedgerEntry.objects.filter(
        customer=OuterRef("pk"),
        side=side,
        effective_at__gt=F("recorded_at"),
    ).filter(
        effective_at__gt=OuterRef("standing__folded_until"),
        effective_at__lte=OuterRef("present"),
    )
    total = ahead.order_by().values("customer").annotate(total=Sum("credits")).values("total")
    return Coalesce(Subquery(total), 0, output_field=BigIntegerField())
