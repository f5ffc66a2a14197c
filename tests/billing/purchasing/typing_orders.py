"""Orders as drafts hold them, and files as they are chosen."""

from __future__ import annotations

from typing import Any

from billing.domain.drafts import Typed, submit_order
from billing.domain.orders import Order
from billing.models import PurchaseDraft
from credits.models import Customer, User
from tests.billing.ordering import line, order
from tests.factories import credits as make

LARGE = 1_000_001
PDF = b"%PDF-1.7 signed"


def large(number: str = "SO-1", **fields: Any) -> Order:
    """An order that nobody enters alone."""
    return order(number, line(LARGE), **fields)


def typed_as(**fields: Any) -> Typed:
    """What a form held, not complete unless it says so."""
    return Typed(fields={"order_number": "SO-1", **fields}, order_number="SO-1")


def submitted(customer: Customer, by: User, number: str = "SO-1", **fields: Any) -> PurchaseDraft:
    """A large order that waits for a second look."""
    words = Typed(fields={"order_number": number}, order_number=number, credits=LARGE)
    return submit_order(customer, large(number, **fields), words, make.asked(actor=by))
