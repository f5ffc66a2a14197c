"""Orders corrected at one moment: opposite moves, two hands on one order, one number for two."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from billing.domain.purchases import OrderNumberTaken
from billing.models import Purchase, PurchaseState
from credits.domain import verify
from credits.domain.commands import Answer
from credits.exceptions import CreditsError
from credits.models import Customer, User
from tests.billing.order_changes.mending import amend, cancel_order, move_to
from tests.billing.ordering import buy, line
from tests.races.racing import race

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def test_opposite_moves_of_one_moment_wait_for_each_other(
    customer: Customer, other_customer: Customer, manager: User
) -> None:
    for n in range(3):
        mine, theirs = buy(customer, f"A-{n}", line(1)), buy(other_customer, f"B-{n}", line(2))

        results = race(
            [
                partial(move_to, mine, other_customer, actor=manager),
                partial(move_to, theirs, customer, actor=manager),
            ]
        )

        assert all(isinstance(result, Purchase) for result in results), results
    moved = Purchase.objects.filter(state=PurchaseState.MOVED)
    assert moved.count() == 6
    assert verify.verify_books(customer) + verify.verify_books(other_customer) == []


def test_an_order_that_is_moved_amended_and_cancelled_at_once_has_one_fate(
    customer: Customer, other_customer: Customer, manager: User
) -> None:
    for n in range(3):
        order = buy(customer, f"SO-{n}", line(100))

        clients: list[Callable[[], object]] = [
            partial(move_to, order, other_customer, actor=manager),
            partial(amend, order, {"credits": 7}, actor=manager),
            partial(cancel_order, order, actor=manager),
        ]

        results = race(clients)

        assert all(isinstance(r, Purchase | Answer | CreditsError) for r in results), results
        order.refresh_from_db()
        moved, amended, cancelled = (not isinstance(r, CreditsError) for r in results)
        assert moved + cancelled <= 1
        assert order.state == (
            PurchaseState.MOVED
            if moved
            else PurchaseState.CANCELLED
            if cancelled
            else PurchaseState.CONFIRMED
        )
        assert order.events.count() == moved + amended + cancelled
    assert verify.verify_books(customer) + verify.verify_books(other_customer) == []


def test_one_number_is_given_to_one_of_two_orders(
    customer: Customer, other_customer: Customer, manager: User
) -> None:
    for n in range(3):
        orders = [buy(customer, f"A-{n}", line(1)), buy(other_customer, f"B-{n}", line(1))]

        results = race(
            [partial(amend, one, actor=manager, order_number=f"N-{n}") for one in orders]
        )

        assert sum(isinstance(result, Purchase) for result in results) == 1, results
        assert sum(isinstance(result, OrderNumberTaken) for result in results) == 1, results
    assert verify.verify_books(customer) + verify.verify_books(other_customer) == []
