"""Purchases: an order is one operation that grants its licenses (docs/rules.md, purchase)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import (
    Max,
    Min,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextChoices,
    Value,
)
from django.db.models.functions import Lower

from billing.domain.orders import (
    LineOrder,
    Order,
    UnusualTerm,
    check_order,
    refuse_unusual,
)
from billing.domain.requests import reopen, settle
from billing.models import WITHDRAWN_STATES, Purchase, PurchaseLine, PurchaseState
from credits.domain.allocations import Undo
from credits.domain.books import Books
from credits.domain.commands import Answer, Asked, Command, Decision
from credits.domain.licenses import GrantLicenses, Lot
from credits.domain.people import customers_for
from credits.domain.post import post
from credits.domain.terms import term
from credits.exceptions import CreditsError, KeyConflict, NotAllowed
from credits.models import Customer, License, LicenseTerm, User

__all__ = ["LineOrder", "Order", "OrderNumberTaken", "UnusualTerm", "record_purchase"]

ORDER_ONCE = "billing_purchase_order_once"


class OrderNumberTaken(CreditsError):
    """Another purchase of this channel has the order number.

    The message names no customer: who may see the purchase is known where it is shown.
    """

    code = "order-taken"

    def __init__(self, purchase: Purchase) -> None:
        super().__init__(
            f"Order number {purchase.order_number} is used already in the channel "
            f"{purchase.get_channel_display()}. Nothing was changed.",
            field="order_number",
        )
        self.purchase = purchase


@transaction.atomic
def record_purchase(customer: Customer, order: Order, asked: Asked) -> Purchase:
    """Enter an order: grant its licenses and keep it, exactly once per key.

    Raises InvalidCommand at the field (`lines.2.credits` is the second license's),
    OrderNumberTaken, UnusualTerm until it is confirmed, KeyConflict for a key used otherwise, and
    NotAllowed for a request that waits no more. A repeat returns the purchase recorded first.
    """
    earlier = Purchase.objects.filter(
        operation__source=asked.source, operation__key=asked.key.strip().lower()
    )
    if not earlier.exists():
        check_order(order)
        refuse_unusual(order)
    try:
        with transaction.atomic():
            answer = post(grant(customer, order, asked))
            if not answer.repeated:
                return keep(customer, order, asked, answer)
    except IntegrityError as error:
        raise overtaken(error, order) from error
    return repeated(order, answer)


def grant(customer: Customer, order: Order, asked: Asked) -> GrantLicenses:
    """The command that an order is for the books."""
    return GrantLicenses(
        customer=customer,
        asked=asked,
        lots=[lot(line) for line in order.lines],
        subject=f"{order.channel} {order.order_number.strip()}",
    )


@dataclass(frozen=True, kw_only=True)
class Cancel(Undo):
    """The undoing of an order's grant: its licenses are withdrawn, all of them.

    Raises what Undo does, and NotAllowed for a license that was corrected after it was granted.
    """

    def decide(self, books: Books) -> Decision:
        later = LicenseTerm.objects.standing().filter(
            license__customer=books.customer,
            license__terms__operation__public_id=self.operation,
            credits__gt=0,
        )
        corrected = later.exclude(operation__public_id=self.operation).order_by("pk")
        if term := corrected.select_related("license", "operation").first():
            raise NotAllowed(
                f"{term.license.label} was corrected after it was granted ({term.operation.kind} "
                f"on {term.operation.recorded_at:%Y-%m-%d}). Undo that first."
            )
        return super().decide(books)


def cancel(purchase: Purchase, asked: Asked) -> Cancel:
    """The command that cancelling an order is for the books."""
    return Cancel(customer=purchase.customer, asked=asked, operation=purchase.operation.public_id)


@transaction.atomic
def cancel_purchase(purchase: Purchase, command: Command) -> Answer:
    """Cancel an order by its `cancel`: withdraw its licenses, free its number, once per key.

    A request that the order had settled waits again.
    """
    answer = post(command)
    if not answer.repeated:
        Purchase.objects.filter(pk=purchase.pk).update(state=PurchaseState.CANCELLED)
        reopen(purchase)
    return answer


def lot(line: LineOrder) -> Lot:
    """An ordered license as the books grant it: [first day, day after the last), UTC."""
    starts_at, ends_at = term(line.first_day, line.last_day)
    return Lot(
        credits=line.credits,
        starts_at=starts_at,
        ends_at=ends_at,
        kind=line.kind,
        renews=line.renews,
    )


def keep(customer: Customer, order: Order, asked: Asked, answer: Answer) -> Purchase:
    """The order beside the licenses it has just granted."""
    refuse_taken(order)
    purchase = Purchase.objects.create(
        customer=customer,
        operation=answer.operation,
        channel=order.channel,
        order_number=order.order_number.strip(),
        price=order.price,
        currency=order.currency,
        note=order.note.strip(),
        entered_by=asked.actor,
        recorded_at=answer.operation.recorded_at,
    )
    licenses = License.objects.in_bulk(answer.data["licenses"], field_name="public_id")
    granted = {str(key): license for key, license in licenses.items()}
    PurchaseLine.objects.bulk_create(
        PurchaseLine(purchase=purchase, position=place, license=granted[public_id])
        for place, public_id in enumerate(answer.data["licenses"], start=1)
    )
    if order.settles is not None:
        settle(order.settles, purchase)
    return purchase


def repeated(order: Order, answer: Answer) -> Purchase:
    """The purchase that an earlier request with the same key recorded.

    The books compare credits, terms and the order's name; the money is compared here.
    """
    purchase = Purchase.objects.get(operation=answer.operation)
    if (purchase.price, purchase.currency) != (order.price, order.currency):
        raise KeyConflict(
            f"Order {purchase.order_number} was recorded with another price before, so nothing "
            "was changed. Open the page again to start afresh."
        )
    return purchase


def overtaken(error: IntegrityError, order: Order) -> CreditsError:
    """The order of another customer that took the number at the same moment."""
    diagnosis = getattr(error.__cause__, "diag", None)
    taken = purchase_with(order)
    if diagnosis is None or diagnosis.constraint_name != ORDER_ONCE or taken is None:
        raise error
    return OrderNumberTaken(taken)


def refuse_taken(order: Order) -> None:
    """Name the purchase that has the order number; the unique constraint stands behind it."""
    taken = purchase_with(order)
    if taken is not None:
        raise OrderNumberTaken(taken)


def purchase_with(order: Order) -> Purchase | None:
    """The purchase not cancelled that has the order's number in its channel."""
    return (
        Purchase.objects.alias(same=Lower("order_number"))
        .filter(channel=order.channel, same=Lower(Value(order.order_number.strip())))
        .exclude(state__in=WITHDRAWN_STATES)
        .select_related("customer")
        .first()
    )


class OrderState(TextChoices):
    """How an order stands today, in the words of its licenses."""

    CANCELLED = "cancelled", "Cancelled"
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
        purchases.select_related("customer", "entered_by")
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
