"""Purchases as they are read: one customer's, a desk's, searched, and how each stands."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max, Min, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, TextChoices

from billing.models import Purchase, PurchaseLine, PurchaseState
from credits.domain.people import customers_for
from credits.models import Customer, LicenseTerm, User


class OrderState(TextChoices):
    """How an order stands today, in the words of its licenses."""

    CANCELLED = "cancelled", "Cancelled"
    MOVED = "moved", "Moved to another customer"
    VOIDED = "voided", "Voided"
    PARTLY_VOIDED = "partly", "Partly voided"
    UPCOMING = "upcoming", "Not started"
    VALID = "valid", "Valid"
    ENDED = "ended", "Ended"


def purchases_of(customer: Customer) -> QuerySet[Purchase]:
    """A customer's purchases as they were ordered, newest first, with lines and licenses.

    Annotated from the terms that the order brought, which no correction changes: `credits`,
    `starts_at`, `ends_at` (the first instant without).
    """
    return as_ordered(Purchase.objects.filter(customer=customer))


def purchases_for(user: User) -> QuerySet[Purchase]:
    """The purchases of every customer a person may see, annotated like `purchases_of`."""
    return as_ordered(Purchase.objects.filter(customer__in=customers_for(user)))


def as_ordered(purchases: QuerySet[Purchase]) -> QuerySet[Purchase]:
    """Purchases with what was ordered, and with what their pages show beside it."""
    terms = (
        LicenseTerm.objects.filter(operation=OuterRef("operation"))
        .order_by()
        .values("operation")
        .annotate(credits_=Sum("credits"), first=Min("at"), last=Max("until"))
    )
    lines = PurchaseLine.objects.select_related("license").order_by("position")
    return (
        purchases.select_related("customer", "entered_by", "confirmed_by")
        .prefetch_related(Prefetch("lines", queryset=lines))
        .annotate(
            credits=Subquery(terms.values("credits_")),
            starts_at=Subquery(terms.values("first")),
            ends_at=Subquery(terms.values("last")),
        )
    )


def credits_in(purchases: QuerySet[Purchase]) -> int:
    """The sum of the credits that were ordered."""
    terms = LicenseTerm.objects.filter(operation__in=purchases.order_by().values("operation"))
    total: int = terms.aggregate(total=Sum("credits", default=0))["total"]
    return total


def matching(purchases: QuerySet[Purchase], words: str) -> QuerySet[Purchase]:
    """Those whose order number, customer or author holds what was searched for."""
    if not words:
        return purchases
    return purchases.filter(
        Q(order_number__icontains=words)
        | Q(customer__name__icontains=words)
        | Q(entered_by__name__icontains=words)
    )


def numbered(purchases: QuerySet[Purchase], words: str) -> QuerySet[Purchase]:
    """Those whose order number holds what was searched for, the newest first."""
    return purchases.filter(Q(order_number__icontains=words)).order_by("-recorded_at", "-pk")


def order_state(purchase: Purchase, now: datetime) -> OrderState:
    """How an order stands, judged by its prefetched licenses."""
    if purchase.state == PurchaseState.CANCELLED:
        return OrderState.CANCELLED
    if purchase.state == PurchaseState.MOVED:
        return OrderState.MOVED
    licenses = [line.license for line in purchase.lines.all()]
    standing = [license for license in licenses if license.voided_at is None]
    if not standing:
        return OrderState.VOIDED
    if len(standing) < len(licenses):
        return OrderState.PARTLY_VOIDED
    if all(license.starts_at > now for license in standing):
        return OrderState.UPCOMING
    if any(license.ends_at > now for license in standing):
        return OrderState.VALID
    return OrderState.ENDED
