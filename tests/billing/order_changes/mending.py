"""How tests correct orders: each act as its page would ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.domain.order_changes.amending import (
    AmendedLine,
    Amendment,
    AmendOrder,
    amend_purchase,
    days_of,
)
from billing.domain.order_changes.cancelling import cancel, cancel_purchase
from billing.domain.order_changes.moving import move, move_purchase
from billing.domain.order_changes.voiding import VoidLine, WithdrawLine, void_line
from billing.models import Purchase
from credits.domain.commands import Answer
from credits.domain.restating import granted_terms
from credits.models import Customer, License, User
from tests.factories import credits as make

WHY = "Typed wrong."


def licenses_of(purchase: Purchase) -> list[License]:
    """The licenses of an order, in its order."""
    return [line.license for line in purchase.lines.select_related("license").order_by("position")]


def as_it_is(purchase: Purchase, *lines: Mapping[str, Any], **fields: Any) -> Amendment:
    """An order as it stands, but for what is given; `lines` by place."""
    purchase.refresh_from_db()
    terms = list(granted_terms(purchase.operation).values())
    said = []
    for place, term in enumerate(terms):
        first_day, last_day = days_of(term)
        own: dict[str, Any] = {
            "credits": term.credits,
            "first_day": first_day,
            "last_day": last_day,
        }
        own |= lines[place] if place < len(lines) else {}
        said.append(AmendedLine(license=term.license, **own))
    own_fields: dict[str, Any] = {
        "order_number": purchase.order_number,
        "channel": purchase.channel,
        "price": purchase.price,
        "currency": purchase.currency,
        "note": purchase.note,
    }
    return Amendment(lines=said, **(own_fields | fields))


def amend(
    purchase: Purchase,
    *lines: Mapping[str, Any],
    actor: User | None = None,
    key: str = "",
    reason: str = WHY,
    **fields: Any,
) -> Purchase:
    """Amend an order: what is given is as it should have been."""
    command = AmendOrder(
        customer=purchase.customer,
        asked=make.asked(key, actor=actor, reason=reason),
        purchase=purchase,
        amendment=as_it_is(purchase, *lines, **fields),
    )
    return amend_purchase(purchase, command)


def void(
    purchase: Purchase,
    license: License,
    *,
    never: bool = False,
    actor: User | None = None,
    key: str = "",
) -> Answer:
    """Take a license out of an order."""
    kind = WithdrawLine if never else VoidLine
    command = kind(
        customer=purchase.customer,
        asked=make.asked(key, actor=actor, reason=WHY),
        purchase=purchase,
        license=license,
    )
    return void_line(purchase, command)


def move_to(
    purchase: Purchase,
    to: Customer,
    *,
    actor: User | None = None,
    key: str = "",
    reason: str = WHY,
) -> Purchase:
    """Move an order to another customer."""
    purchase.refresh_from_db()
    ask = make.asked(key, actor=actor, reason=reason)
    return move_purchase(purchase, move(purchase, to, ask))


def cancel_order(purchase: Purchase, *, actor: User | None = None, key: str = "") -> Answer:
    """Cancel an order."""
    purchase.refresh_from_db()
    ask = make.asked(key, actor=actor, reason=WHY)
    return cancel_purchase(purchase, cancel(purchase, ask))
