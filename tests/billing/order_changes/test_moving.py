"""An order moved to the right customer: gone at one, there at the other, and neither is named."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db.models import Q

from billing.domain.purchases import record_purchase
from billing.models import CreditRequest, Purchase, PurchaseFile, PurchaseState, RequestState
from credits import clock
from credits.domain.activity import one_act
from credits.domain.figures import figure
from credits.domain.licenses import VoidLicense
from credits.domain.members import NoLongerAllowed
from credits.domain.post import post
from credits.domain.verify import verify_books
from credits.exceptions import InvalidCommand, KeyConflict, NotAllowed
from credits.models import Customer, License, Operation, OperationNote, User
from tests.billing.order_changes.mending import (
    amend,
    cancel_order,
    licenses_of,
    move_to,
    void,
)
from tests.billing.ordering import buy, line, order, today
from tests.billing.requests.asking import request_for
from tests.factories import credits as make


@pytest.fixture
def purchase(customer: Customer, rep: User) -> Purchase:
    return buy(
        customer,
        "SO-1",
        line(700, today()),
        line(300),
        actor=rep,
        price=Decimal("99.5"),
        currency="EUR",
        note="For the new site.",
    )


def valid(customer: Customer) -> int:
    now = clock.now()
    return figure(customer, at=now, known=now).valid


def test_an_order_goes_whole_to_the_right_customer(
    customer: Customer, other_customer: Customer, purchase: Purchase, rep: User, manager: User
) -> None:
    PurchaseFile.objects.create(
        customer=customer,
        purchase=purchase,
        name="form.pdf",
        content_type="application/pdf",
        size=1,
        sha256="x",
        content=b"x",
        uploaded_at=clock.now(),
    )

    moved = move_to(purchase, other_customer, actor=manager)

    purchase.refresh_from_db()
    assert (valid(customer), valid(other_customer)) == (0, 1_000)
    assert (purchase.state, moved.state) == (PurchaseState.MOVED, PurchaseState.CONFIRMED)
    assert moved.moved_from == purchase
    assert (moved.customer, moved.order_number) == (other_customer, "SO-1")
    assert (moved.price, moved.currency) == (Decimal("99.50"), "EUR")
    assert (moved.note, purchase.note) == ("For the new site.", "")
    assert moved.entered_by == rep
    file = PurchaseFile.objects.get()
    assert (file.purchase, file.customer) == (moved, other_customer)
    assert [license.credits for license in licenses_of(moved)] == [700, 300]
    assert purchase.events.get().kind == "moved"
    assert verify_books(customer) + verify_books(other_customer) == []


def test_terms_that_are_far_back_or_amended_go_as_they_stand(
    customer: Customer, other_customer: Customer, purchase: Purchase, manager: User
) -> None:
    void(purchase, licenses_of(purchase)[0], never=True, actor=manager)
    long_ago = {"first_day": today().replace(year=today().year - 2), "credits": 8}
    amend(purchase, long_ago, actor=manager, unusual_confirmed=True)

    moved = move_to(purchase, other_customer, actor=manager)

    (license,) = licenses_of(moved)
    assert (license.credits, clock.day_of(license.starts_at)) == (8, long_ago["first_day"])
    assert verify_books(customer) + verify_books(other_customer) == []


def test_there_and_back_again(
    customer: Customer, other_customer: Customer, purchase: Purchase, manager: User
) -> None:
    there = move_to(purchase, other_customer, actor=manager)
    back = move_to(there, customer, actor=manager)

    assert (valid(customer), valid(other_customer)) == (1_000, 0)
    assert back.moved_from == there
    assert Purchase.objects.filter(state=PurchaseState.CONFIRMED).get() == back
    assert verify_books(customer) + verify_books(other_customer) == []


def test_a_settled_request_waits_again(
    customer: Customer, other_customer: Customer, alice: User, rep: User, manager: User
) -> None:
    asked_for = request_for(customer, alice)
    purchase = buy(customer, "SO-2", actor=rep, settles=asked_for.public_id)

    move_to(purchase, other_customer, actor=manager)

    assert CreditRequest.objects.get().state == RequestState.OPEN


def test_what_was_corrected_voided_or_renewed_stays(
    customer: Customer, other_customer: Customer, purchase: Purchase, manager: User
) -> None:
    first = licenses_of(purchase)[0]
    renewal = buy(customer, "SO-2", line(9, clock.day_of(first.ends_at), renews=first))
    with pytest.raises(NotAllowed, match="L-203 renews L-201"):
        move_to(purchase, other_customer, actor=manager)
    cancel_order(renewal, actor=manager)

    post(VoidLicense(customer=customer, asked=make.asked(), license=first))

    with pytest.raises(NotAllowed, match="L-201 was corrected after it was granted"):
        move_to(purchase, other_customer, actor=manager)
    assert valid(other_customer) == 0


def test_a_renewal_is_none_at_the_other_customer(
    customer: Customer, other_customer: Customer, purchase: Purchase, manager: User
) -> None:
    first = licenses_of(purchase)[0]
    renewal = buy(customer, "SO-2", line(9, clock.day_of(first.ends_at), renews=first))

    moved = move_to(renewal, other_customer, actor=manager)

    assert licenses_of(moved)[0].renews is None
    assert not License.objects.filter(renews=first).exists()


def test_who_may_not_enter_purchases_there_does_not_move(
    customer: Customer, other_customer: Customer, purchase: Purchase, rep: User, alice: User
) -> None:
    before = Operation.objects.count()
    for person in (rep, alice):
        with pytest.raises(NoLongerAllowed):
            move_to(purchase, other_customer, actor=person)

    assert Operation.objects.count() == before
    make.assign_rep(other_customer, rep)
    assert move_to(purchase, other_customer, actor=rep).customer == other_customer


def test_support_moves_as_well(other_customer: Customer, purchase: Purchase, support: User) -> None:
    assert move_to(purchase, other_customer, actor=support).customer == other_customer


def test_to_the_same_customer_is_no_move(
    customer: Customer, purchase: Purchase, manager: User
) -> None:
    with pytest.raises(InvalidCommand) as refusal:
        move_to(purchase, customer, actor=manager)

    assert refusal.value.field == "to"


def test_once_per_key(
    customer: Customer, other_customer: Customer, purchase: Purchase, manager: User
) -> None:
    third = make.make_customer(name="Third Party")
    moved = move_to(purchase, other_customer, actor=manager, key="once")

    assert move_to(purchase, other_customer, actor=manager, key="once") == moved
    with pytest.raises(KeyConflict):
        move_to(purchase, third, actor=manager, key="once")
    assert valid(third) == 0


def test_a_moved_order_is_not_moved_cancelled_or_recorded_again(
    customer: Customer, other_customer: Customer, manager: User, rep: User
) -> None:
    entered = order("SO-1", line(700))
    purchase = record_purchase(customer, entered, make.asked("entered", actor=rep))
    move_to(purchase, other_customer, actor=manager)

    with pytest.raises(NotAllowed):
        move_to(purchase, other_customer, actor=manager)
    with pytest.raises(NotAllowed):
        cancel_order(purchase, actor=manager)
    assert record_purchase(customer, entered, make.asked("entered", actor=rep)) == purchase
    assert (valid(customer), valid(other_customer)) == (0, 700)


@pytest.mark.parametrize("reason", ["Bought by BOREALIS FREIGHT.", "Not Halden Energy's."])
def test_a_reason_names_neither_customer(
    other_customer: Customer, purchase: Purchase, manager: User, reason: str
) -> None:
    with pytest.raises(InvalidCommand, match="Leave out the customers' names") as refusal:
        move_to(purchase, other_customer, actor=manager, reason=reason)

    assert refusal.value.field == "reason"


def test_nothing_of_either_customers_books_names_the_other(
    customer: Customer, other_customer: Customer, purchase: Purchase, manager: User
) -> None:
    moved = move_to(purchase, other_customer, actor=manager)

    for mine, other in ((customer, other_customer), (other_customer, customer)):
        told = [
            *Operation.objects.filter(customer=mine).values_list("subject", "answer", "kind"),
            *OperationNote.objects.filter(operation__customer=mine).values_list("text"),
        ]
        for mark in (other.name, other.slug, str(other.public_id), other.label):
            assert mark not in str(told)
    withdrawn = Operation.objects.get(Q(customer=customer), reverses=purchase.operation)
    act = one_act(customer, withdrawn.public_id)
    assert act is not None
    assert act.words == "Withdrew order SO-1, which was entered for the wrong customer"
    granted = one_act(other_customer, moved.operation.public_id)
    assert granted is not None
    assert granted.words.startswith("Granted L-201: 700 credits")
