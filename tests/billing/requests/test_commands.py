"""Requests for credits: asked, answered, withdrawn and settled, each once and by who may."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.domain.order_changes.cancelling import cancel, cancel_purchase
from billing.domain.requests import MAX_TEXT, MOST_OPEN, RequestCredits
from billing.models import CreditRequest, Purchase, RequestCause, RequestState
from credits import clock
from credits.domain.members import NoLongerAllowed
from credits.domain.verify import verify_books
from credits.exceptions import InvalidCommand, KeyConflict, NotAllowed, UnknownObject
from credits.models import Customer, LedgerEntry, Operation, User
from tests.billing.ordering import buy, line, today
from tests.billing.requests.asking import FEATURE, answer, in_days, request_for, withdraw
from tests.factories import credits as make

OPEN, ANSWERED = RequestState.OPEN, RequestState.ANSWERED
PURCHASED, WITHDRAWN = RequestState.PURCHASED, RequestState.WITHDRAWN
DAY = timedelta(days=1)


def state(found: CreditRequest) -> str:
    found.refresh_from_db()
    return found.state


def settled(found: CreditRequest, number: str = "SO-9") -> Purchase:
    return buy(found.customer, number, line(5_400), settles=found.public_id)


def test_a_request_is_an_operation_that_books_nothing(customer: Customer, alice: User) -> None:
    found = request_for(customer, alice, words="Two new sites.")

    assert (found.label, found.state, found.credits) == ("R-1", OPEN, 5_400)
    assert (found.asked_by, found.asked_at) == (alice, found.operation.recorded_at)
    assert found.operation.kind == "request-credits"
    assert found.operation.note.text == "Two new sites."
    assert not LedgerEntry.objects.filter(customer=customer).exists()


def test_requests_are_numbered_by_customer(
    customer: Customer, other_customer: Customer, alice: User, carol: User
) -> None:
    mine = [request_for(customer, alice).label for _ in range(2)]

    assert (*mine, request_for(other_customer, carol).label) == ("R-1", "R-2", "R-1")


def test_the_same_key_asks_once(customer: Customer, alice: User) -> None:
    first, again = (request_for(customer, alice, key="once") for _ in range(2))

    assert first == again
    assert CreditRequest.objects.count() == 1
    with pytest.raises(KeyConflict):
        request_for(customer, alice, key="once", credits=9)


def test_the_shortage_that_is_known_is_kept_with_its_license(
    customer: Customer, alice: User
) -> None:
    license = make.grant(customer, 700, today(), in_days(9))
    make.grant(customer, 100, today(), in_days(200))
    make.allocate(customer, FEATURE, 100)

    found = request_for(customer, alice, cause=RequestCause.SHORTAGE, needed_on=in_days(3))

    assert found.short_at == license.ends_at
    assert (found.shortfall, found.license) == (600, license)


def test_a_shortage_of_today_names_no_license(customer: Customer, alice: User) -> None:
    make.allocate(customer, FEATURE, 10)

    found = request_for(customer, alice, cause=RequestCause.SHORTAGE)

    assert found.short_at is not None
    assert found.short_at <= found.asked_at
    assert (found.shortfall, found.license) == (70, None)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"credits": 0}, "credits"),
        ({"credits": 10**15}, "credits"),
        ({"needed_on": in_days(-1)}, "on"),
        ({"needed_on": in_days(0).replace(year=2101, day=1)}, "on"),
        ({"cause": "whim"}, "cause"),
        ({"cause": RequestCause.SHORTAGE}, "cause"),
        ({"words": " "}, "words"),
        ({"words": "x" * (MAX_TEXT + 1)}, "words"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    customer: Customer, alice: User, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidCommand) as refused:
        request_for(customer, alice, **fields)

    assert refused.value.field == field
    assert not CreditRequest.objects.exists()
    assert not Operation.objects.filter(kind=RequestCredits.kind).exists()


def test_a_customer_has_so_many_open_requests_at_most(customer: Customer, alice: User) -> None:
    found = [request_for(customer, alice) for _ in range(MOST_OPEN)]

    with pytest.raises(NotAllowed, match="20 requests are open"):
        request_for(customer, alice)

    withdraw(found[3], alice)
    assert request_for(customer, alice).label == "R-21"


def test_only_the_customers_admins_ask(
    customer: Customer, alice: User, bob: User, carol: User, rep: User, manager: User, support: User
) -> None:
    for person in (bob, carol, rep, manager, support):
        with pytest.raises(NoLongerAllowed):
            request_for(customer, person)

    found = request_for(customer, alice)
    for person in (bob, carol, rep, manager, support):
        with pytest.raises(NoLongerAllowed):
            withdraw(found, person)
    for person in (alice, bob, carol, support):
        with pytest.raises(NoLongerAllowed):
            answer(found, person)
    assert state(found) == OPEN


def test_sales_answers_once(customer: Customer, alice: User, rep: User, manager: User) -> None:
    found = request_for(customer, alice)

    answer(found, rep, "A quote follows.", key="one")
    answer(found, rep, "A quote follows.", key="one")

    assert state(found) == ANSWERED
    assert found.answer is not None
    assert (found.answer.actor, found.answer.note.text) == (rep, "A quote follows.")
    with pytest.raises(NotAllowed, match=r"Request R-1 was answered\. Nothing was changed\."):
        answer(found, manager)


@pytest.mark.parametrize("words", ["", "  ", "x" * (MAX_TEXT + 1)])
def test_an_answer_says_something(customer: Customer, alice: User, rep: User, words: str) -> None:
    found = request_for(customer, alice)

    with pytest.raises(InvalidCommand) as refused:
        answer(found, rep, words)

    assert refused.value.field == "answer"
    assert state(found) == OPEN


@pytest.mark.parametrize("is_answered", [False, True])
def test_what_waits_is_withdrawn_once(
    customer: Customer, alice: User, rep: User, is_answered: bool
) -> None:
    found = request_for(customer, alice)
    if is_answered:
        answer(found, rep)

    withdraw(found, alice, key="one")
    withdraw(found, alice, key="one")

    assert state(found) == WITHDRAWN
    late: list[Callable[[], object]] = [
        lambda: withdraw(found, alice),
        lambda: answer(found, rep),
    ]
    for act in late:
        with pytest.raises(NotAllowed, match="Request R-1 was withdrawn"):
            act()


def test_another_customers_request_does_not_exist(
    customer: Customer, other_customer: Customer, alice: User, carol: User
) -> None:
    theirs = request_for(other_customer, carol)
    theirs.customer = customer

    with pytest.raises(UnknownObject):
        withdraw(theirs, alice)
    with pytest.raises(UnknownObject):
        buy(customer, "SO-1", settles=theirs.public_id)
    with pytest.raises(UnknownObject):
        buy(customer, "SO-1", settles=uuid.uuid4())
    assert not Purchase.objects.exists()


@pytest.mark.parametrize("is_answered", [False, True])
def test_a_purchase_settles_what_waits(
    customer: Customer, alice: User, rep: User, is_answered: bool
) -> None:
    found = request_for(customer, alice)
    if is_answered:
        answer(found, rep)

    purchase = settled(found)

    assert state(found) == PURCHASED
    assert found.purchase == purchase
    late: list[Callable[[], object]] = [
        lambda: withdraw(found, alice),
        lambda: answer(found, rep),
    ]
    for act in late:
        with pytest.raises(NotAllowed, match="Request R-1 was settled by a purchase"):
            act()


def test_a_purchase_is_not_entered_for_what_waits_no_more(customer: Customer, alice: User) -> None:
    found = request_for(customer, alice)
    withdraw(found, alice)

    with pytest.raises(NotAllowed, match=r"was withdrawn\. Untick it") as refused:
        settled(found)

    assert refused.value.field == "request"
    assert not Purchase.objects.exists()
    assert not LedgerEntry.objects.filter(customer=customer).exists()


@pytest.mark.parametrize(("is_answered", "after"), [(False, OPEN), (True, ANSWERED)])
def test_a_request_waits_again_when_its_purchase_is_cancelled(
    customer: Customer, alice: User, rep: User, is_answered: bool, after: str
) -> None:
    found = request_for(customer, alice)
    if is_answered:
        answer(found, rep)
    purchase = settled(found)

    cancel_purchase(purchase, cancel(purchase, make.asked(reason="Wrong customer.")))

    assert state(found) == after
    again = settled(found, "SO-10")
    assert (state(found), found.purchase) == (PURCHASED, again)


def test_the_books_verify_after_every_act_on_a_request(
    customer: Customer, alice: User, rep: User
) -> None:
    for act in (answer, withdraw, settled):
        act(request_for(customer, alice))

    assert verify_books(customer) == []


BROKEN: dict[str, dict[str, Any]] = {
    "billing_request_number_once": {"number": 1},
    "billing_request_credits_positive": {"credits": 0},
    "billing_request_state_known": {"state": "lost"},
    "billing_request_cause_known": {"cause": "whim"},
    "billing_request_shortage_told": {"cause": "shortage", "short_at": clock.now()},
    "billing_request_answered": {"state": ANSWERED},
    "billing_request_purchased": {"state": PURCHASED},
    "billing_request_withdrawn": {"state": WITHDRAWN},
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_database_refuses_what_no_request_is(
    customer: Customer, alice: User, name: str
) -> None:
    request_for(customer, alice)
    found = request_for(customer, alice)

    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        CreditRequest.objects.filter(pk=found.pk).update(**BROKEN[name])


def test_every_constraint_is_tried() -> None:
    assert {one.name for one in CreditRequest._meta.constraints} == set(BROKEN)
