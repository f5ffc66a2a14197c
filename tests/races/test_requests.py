"""A request that is answered, withdrawn and settled at one moment has one outcome."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from billing.models import CreditRequest, Purchase, RequestState
from credits.domain import verify
from credits.exceptions import NotAllowed
from credits.models import Customer, Operation, OutgoingMail, User
from tests.billing.ordering import buy, line
from tests.billing.requests.asking import answer, request_for, withdraw
from tests.races.racing import race

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def test_one_key_sent_by_all_at_once_asks_once(customer: Customer, alice: User, rep: User) -> None:
    results = race([lambda: request_for(customer, alice, key="one-key")] * 8)

    assert {getattr(found, "label", found) for found in results} == {"R-1"}
    assert CreditRequest.objects.count() == 1
    assert OutgoingMail.objects.filter(kind="request-asked").count() == 1


def test_requests_of_one_moment_have_numbers_of_their_own(customer: Customer, alice: User) -> None:
    results = race([lambda: request_for(customer, alice)] * 8)

    assert {getattr(found, "number", found) for found in results} == set(range(1, 9))


def test_an_answer_and_a_withdrawal_of_one_moment_tell_one_story(
    customer: Customer, alice: User, rep: User
) -> None:
    for _ in range(6):
        found = request_for(customer, alice)

        answered, withdrawn = race([partial(answer, found, rep), partial(withdraw, found, alice)])

        found.refresh_from_db()
        assert isinstance(withdrawn, CreditRequest), withdrawn
        assert found.state == RequestState.WITHDRAWN
        assert (found.answer is not None) == isinstance(answered, CreditRequest), answered
    assert verify.verify_books(customer) == []


def test_a_purchase_and_a_withdrawal_of_one_moment_have_one_outcome(
    customer: Customer, alice: User, rep: User
) -> None:
    for n in range(6):
        found = request_for(customer, alice)

        clients: list[Callable[[], object]] = [
            partial(buy, customer, f"SO-{n}", line(10), settles=found.public_id),
            partial(withdraw, found, alice),
        ]

        bought, withdrawn = race(clients)

        found.refresh_from_db()
        is_bought = isinstance(bought, Purchase)
        assert isinstance(withdrawn if is_bought else bought, NotAllowed)
        wanted = RequestState.PURCHASED if is_bought else RequestState.WITHDRAWN
        assert found.state == wanted
        assert Purchase.objects.filter(order_number=f"SO-{n}").exists() == is_bought
        grants = Operation.objects.filter(
            customer=customer, kind="grant", answer__has_key="licenses"
        )
        assert grants.count() == Purchase.objects.filter(customer=customer).count()
