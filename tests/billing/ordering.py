"""Orders as tests enter them: a license of 15,000 for a year from today, if nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from billing.domain.orders import LineOrder, Order
from billing.domain.purchases import record_purchase
from billing.domain.second_look import needs_second_look
from billing.models import Purchase
from credits import clock
from credits.domain.terms import last_day
from credits.models import Customer, User
from tests.factories import credits as make


def today() -> date:
    """The present UTC day."""
    return clock.day_of(clock.now())


def line(credits: int = 15_000, first_day: date | None = None, **fields: Any) -> LineOrder:
    """One license, for a year unless its last day is given."""
    first = first_day or today()
    fields.setdefault("last_day", last_day(first, 12))
    return LineOrder(credits=credits, first_day=first, **fields)


def order(number: str = "SO-1", *lines: LineOrder, **fields: Any) -> Order:
    """An order that came through sales."""
    fields.setdefault("channel", "sales")
    return Order(order_number=number, lines=list(lines) or [line()], **fields)


def buy(
    customer: Customer,
    number: str = "SO-1",
    *lines: LineOrder,
    actor: User | None = None,
    **fields: Any,
) -> Purchase:
    """An order that is recorded; where two people must look at it, two have."""
    wanted = order(number, *lines, **fields)
    if needs_second_look(wanted, actor):
        wanted, actor = replace(wanted, seen_by=actor), make.make_user()
    return record_purchase(customer, wanted, make.asked(actor=actor))
