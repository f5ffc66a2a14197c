"""Purchases: an order is one operation that grants its licenses (docs/rules.md, purchase)."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Lower

from billing.domain.orders import (
    LineOrder,
    Order,
    UnusualTerm,
    check_order,
    refuse_unusual,
)
from billing.domain.purchase_lists import (
    OrderState,
    as_ordered,
    credits_in,
    matching,
    numbered,
    order_state,
    purchases_for,
    purchases_of,
)
from billing.domain.requests import settle
from billing.domain.second_look import NeedsSecondLook, refuse_alone
from billing.models import WITHDRAWN_STATES, Purchase, PurchaseEventKind, PurchaseLine
from credits.domain.commands import Answer, Asked
from credits.domain.licenses import GrantLicenses, Lot
from credits.domain.post import post
from credits.domain.terms import term
from credits.exceptions import CreditsError, KeyConflict
from credits.models import Customer, License, Operation

__all__ = [
    "LineOrder",
    "NeedsSecondLook",
    "Order",
    "OrderNumberTaken",
    "OrderState",
    "UnusualTerm",
    "as_ordered",
    "credits_in",
    "matching",
    "numbered",
    "order_state",
    "purchases_for",
    "purchases_of",
    "record_purchase",
]

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
    OrderNumberTaken, UnusualTerm until it is confirmed, NeedsSecondLook for more than one person
    alone may enter, KeyConflict for a key used otherwise, and NotAllowed for a request that waits
    no more. A repeat returns the purchase recorded first.
    """
    earlier = Operation.objects.filter(source=asked.source, key=asked.key.strip().lower())
    if not earlier.exists():
        check_order(order)
        refuse_unusual(order)
        refuse_alone(order, asked.actor)
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
        entered_by=order.seen_by or asked.actor,
        confirmed_by=asked.actor if order.seen_by else None,
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

    The books compare credits, terms and the order's name; the money is compared here, unless the
    order was amended since: then it is another one by right.
    """
    purchase = Purchase.objects.get(lines__license__public_id=answer.data["licenses"][0])
    is_amended = purchase.events.filter(kind=PurchaseEventKind.AMENDED).exists()
    if not is_amended and (purchase.price, purchase.currency) != (order.price, order.currency):
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
