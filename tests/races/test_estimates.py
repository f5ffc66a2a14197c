"""An estimate that is confirmed, confirmed again and taken back at one moment has one outcome."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from billing.models import Purchase
from credits.domain import verify
from credits.exceptions import NotAllowed
from credits.models import Customer, OutgoingMail, User
from estimator.domain.pipeline import Stage
from estimator.models import HandOver
from tests.estimator.handing import back, confirm, hand, plan, stage
from tests.races.racing import race

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def test_two_confirmations_of_one_moment_make_one_order(
    customer: Customer, alice: User, rep: User, manager: User
) -> None:
    for n in range(5):
        found = hand(plan(customer, alice, units=100 * (n + 1)), alice)

        results = race(
            [partial(confirm, found, rep, f"A-{n}"), partial(confirm, found, manager, f"B-{n}")]
        )

        bought = [result for result in results if isinstance(result, Purchase)]
        refused = [result for result in results if isinstance(result, NotAllowed)]
        assert (len(bought), len(refused)) == (1, 1), results
        assert bought[0].order_number in refused[0].message
        assert HandOver.objects.get(pk=found.pk).purchase == bought[0]
    assert Purchase.objects.count() == 5
    assert OutgoingMail.objects.filter(kind="estimate-purchased").count() == 5
    assert verify.verify_books(customer) == []


def test_one_key_sent_by_all_at_once_buys_once(customer: Customer, alice: User, rep: User) -> None:
    found = hand(plan(customer, alice), alice)

    results = race([lambda: confirm(found, rep, "SO-1", key="one-key")] * 6)

    assert {getattr(result, "order_number", result) for result in results} == {"SO-1"}
    assert Purchase.objects.count() == 1


def test_a_confirmation_and_taking_back_have_one_outcome(
    customer: Customer, alice: User, rep: User
) -> None:
    for n in range(5):
        found = hand(plan(customer, alice, units=100 * (n + 1)), alice)
        clients: list[Callable[[], object]] = [
            partial(confirm, found, rep, f"SO-{n}"),
            partial(back, found.estimate, alice),
        ]

        bought, taken = race(clients)

        is_bought = isinstance(bought, Purchase)
        assert isinstance(taken if is_bought else bought, NotAllowed), (bought, taken)
        assert stage(found) == (Stage.PURCHASED if is_bought else Stage.TAKEN_BACK)
        assert Purchase.objects.filter(order_number=f"SO-{n}").exists() == is_bought
        if not is_bought:
            assert HandOver.objects.get(pk=found.pk).purchase is None
