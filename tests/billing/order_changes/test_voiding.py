"""An order voided line by line: one license ends now, or never was."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.domain.purchase_lists import OrderState, order_state, purchases_of
from billing.models import Purchase
from credits import clock
from credits.domain.figures import figure
from credits.domain.members import NoLongerAllowed
from credits.domain.rebuilding import rebuild_projections
from credits.domain.verify import verify_books
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import Customer, User
from tests.billing.order_changes.mending import amend, cancel_order, licenses_of, void
from tests.billing.ordering import buy, line, today

DAY = timedelta(days=1)


@pytest.fixture
def purchase(customer: Customer, rep: User) -> Purchase:
    back = today() - 10 * DAY
    return buy(customer, "SO-1", line(700, back), line(300, back), actor=rep)


@pytest.fixture
def three(customer: Customer, rep: User) -> Purchase:
    return buy(customer, "SO-3", line(1), line(2), line(3), actor=rep)


def valid_at(customer: Customer, days: int = 0) -> int:
    now = clock.now()
    return figure(customer, at=now + days * DAY, known=now + DAY).valid


def test_a_license_that_ends_now_was_valid_until_now(
    customer: Customer, purchase: Purchase, rep: User
) -> None:
    void(purchase, licenses_of(purchase)[0], actor=rep)

    assert (valid_at(customer, -1), valid_at(customer)) == (1_000, 300)
    assert purchases_of(customer).get().credits == 1_000  # type: ignore[attr-defined]
    event = purchase.events.get()
    assert event.kind == "line-voided"
    assert event.changes == [{"name": "ended", "before": 700, "after": 0, "license": "L-201"}]
    assert verify_books(customer) == []


def test_a_license_that_never_was_is_gone_from_the_past_as_well(
    customer: Customer, purchase: Purchase, rep: User
) -> None:
    void(purchase, licenses_of(purchase)[0], never=True, actor=rep)

    assert (valid_at(customer, -1), valid_at(customer)) == (300, 300)
    found = purchases_of(customer).get()
    assert found.credits == 300  # type: ignore[attr-defined]
    assert order_state(found, clock.now()) == OrderState.PARTLY_VOIDED
    assert purchase.events.get().changes[0]["name"] == "never-was"
    assert verify_books(customer) == []
    assert rebuild_projections(customer, dry_run=True) == []


def test_the_rest_of_the_order_can_be_amended_and_cancelled(
    customer: Customer, purchase: Purchase, rep: User
) -> None:
    void(purchase, licenses_of(purchase)[0], never=True, actor=rep)
    amend(purchase, {"credits": 400}, actor=rep)
    assert valid_at(customer) == 400

    cancel_order(purchase, actor=rep)

    assert valid_at(customer) == 0
    assert verify_books(customer) == []


def test_the_only_license_never_was_only_with_its_order(customer: Customer, rep: User) -> None:
    purchase = buy(customer, "SO-1", line(5))

    with pytest.raises(InvalidCommand, match="Cancel the order instead"):
        void(purchase, licenses_of(purchase)[0], never=True, actor=rep)


def test_a_license_that_something_was_done_to_was(
    customer: Customer, three: Purchase, rep: User
) -> None:
    first, second, third = licenses_of(three)
    renewal = buy(customer, "SO-4", line(9, clock.day_of(first.ends_at), renews=first))
    with pytest.raises(NotAllowed, match="L-204 renews L-201"):
        void(three, first, never=True, actor=rep)

    cancel_order(renewal, actor=rep)
    void(three, first, never=True, actor=rep)
    void(three, second, actor=rep)
    with pytest.raises(NotAllowed, match="L-202 was corrected after it was granted"):
        void(three, third, never=True, actor=rep)
    assert verify_books(customer) == []


def test_what_a_cancelled_order_renewed_can_be_renewed_again(
    customer: Customer, purchase: Purchase, rep: User
) -> None:
    first = licenses_of(purchase)[0]
    after = clock.day_of(first.ends_at)
    wrong = buy(customer, "SO-2", line(9, after, renews=first))

    cancel_order(wrong, actor=rep)

    right = buy(customer, "SO-3", line(90, after, renews=first))
    assert licenses_of(right)[0].renews == first


def test_another_orders_license_is_not_voided_here(
    customer: Customer, purchase: Purchase, rep: User
) -> None:
    other = buy(customer, "SO-2", line(1), line(2))

    for never in (True, False):
        with pytest.raises(UnknownObject):
            void(purchase, licenses_of(other)[0], never=never, actor=rep)


def test_once_per_key_and_not_twice(customer: Customer, purchase: Purchase, rep: User) -> None:
    first, second = licenses_of(purchase)
    for _ in range(2):
        void(purchase, first, never=True, actor=rep, key="one")
    assert purchase.events.count() == 1

    void(purchase, second, actor=rep)
    with pytest.raises(NotAllowed, match="has been voided"):
        void(purchase, second, actor=rep)


def test_a_customers_own_people_do_not_void(purchase: Purchase, alice: User) -> None:
    for never in (True, False):
        with pytest.raises(NoLongerAllowed):
            void(purchase, licenses_of(purchase)[0], never=never, actor=alice)


def test_an_order_that_was_cancelled_is_left_alone(purchase: Purchase, rep: User) -> None:
    first = licenses_of(purchase)[0]
    cancel_order(purchase, actor=rep)

    with pytest.raises(NotAllowed, match="stands no more: it is cancelled"):
        void(purchase, first, actor=rep)
    with pytest.raises(NotAllowed, match="stands no more"):
        amend(purchase, {"credits": 1}, actor=rep)
