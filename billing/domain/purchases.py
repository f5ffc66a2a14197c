"""Purchases: an order is one operation that grants its licenses (docs/rules.md, purchase)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction

from billing.models import Channel, Purchase, PurchaseLine, PurchaseState
from credits import clock
from credits.domain.commands import Asked
from credits.domain.licenses import GrantLicenses, Lot, check_credits
from credits.domain.post import post
from credits.domain.terms import term
from credits.exceptions import CreditsError, InvalidCommand
from credits.models import Customer, License, LicenseKind

FAR_BACK = timedelta(days=90)
CURRENCY = re.compile(r"[A-Z]{3}")


class OrderNumberTaken(CreditsError):
    """Another purchase of this channel has the order number; it is named."""

    code = "order-taken"

    def __init__(self, purchase: Purchase) -> None:
        super().__init__(
            f"Order {purchase.order_number} was entered for {purchase.customer.name} on "
            f"{purchase.recorded_at:%Y-%m-%d} already. Nothing was changed.",
            field="order_number",
        )
        self.purchase = purchase


class UnusualTerm(CreditsError):
    """A term far in the past, or one that is over: asked about by name before it is entered."""

    code = "unusual-term"


@dataclass(frozen=True, kw_only=True)
class LineOrder:
    """One license as it is ordered: whole credits, first and last day (UTC days, inclusive)."""

    credits: int
    first_day: date
    last_day: date
    kind: str = LicenseKind.BOUGHT
    renews: License | None = None


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is bought. `price` never enters a sum of credits."""

    order_number: str
    channel: str
    lines: Sequence[LineOrder]
    price: Decimal | None = None
    currency: str = ""
    note: str = ""
    unusual_confirmed: bool = field(default=False, compare=False)
    """Whether a term far in the past, or already over, was meant."""


@transaction.atomic
def record_purchase(customer: Customer, order: Order, asked: Asked) -> Purchase:
    """Enter an order: grant its licenses and keep it, exactly once per key.

    Raises InvalidCommand at the field, OrderNumberTaken naming the purchase that has the number,
    UnusualTerm until it is confirmed, KeyConflict for a key used otherwise. A repeat returns the
    purchase that was recorded first.
    """
    earlier = Purchase.objects.filter(
        operation__source=asked.source, operation__key=asked.key.strip().lower()
    ).first()
    if earlier is None:
        check_order(order)
        refuse_unusual(order)
    number = order.order_number.strip()
    answer = post(
        GrantLicenses(
            customer=customer,
            asked=asked,
            lots=[lot(line) for line in order.lines],
            subject=f"{order.channel} {number}",
        )
    )
    if answer.repeated:
        return Purchase.objects.get(operation=answer.operation)
    refuse_taken(order.channel, number)
    purchase = Purchase.objects.create(
        customer=customer,
        operation=answer.operation,
        channel=order.channel,
        order_number=number,
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
    return purchase


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


def check_order(order: Order) -> None:
    """Refuse an order that makes no sense in itself, at its field."""
    if not 1 <= len(order.order_number.strip()) <= 60:
        raise InvalidCommand("Enter the order number, up to 60 characters.", field="order_number")
    if order.channel not in Channel.values:
        raise InvalidCommand("Choose the channel the order came through.", field="channel")
    if not order.lines:
        raise InvalidCommand("An order needs at least one license.", field="lines")
    for line in order.lines:
        check_credits(line.credits)
        term(line.first_day, line.last_day)
    if order.price is not None and not CURRENCY.fullmatch(order.currency):
        raise InvalidCommand("A price needs a currency of three letters.", field="currency")
    if order.price is None and order.currency:
        raise InvalidCommand("Enter the price, or leave the currency empty.", field="price")


def refuse_unusual(order: Order) -> None:
    """Ask about a start more than 90 days back or an end already past (docs/rules.md)."""
    if order.unusual_confirmed:
        return
    today = clock.day_of(clock.now())
    for line in order.lines:
        if line.last_day < today:
            raise UnusualTerm(
                f"This license ended on {line.last_day:%Y-%m-%d}. Confirm that it is meant.",
                field="ends",
            )
        if line.first_day < today - FAR_BACK:
            raise UnusualTerm(
                f"This license starts on {line.first_day:%Y-%m-%d}, more than "
                f"{FAR_BACK.days} days back. Confirm that it is meant.",
                field="starts",
            )


def refuse_taken(channel: str, number: str) -> None:
    """Name the purchase that has the order number; the unique constraint stands behind it."""
    taken = (
        Purchase.objects.filter(channel=channel, order_number__iexact=number)
        .exclude(state=PurchaseState.CANCELLED)
        .select_related("customer")
        .first()
    )
    if taken is not None:
        raise OrderNumberTaken(taken)
