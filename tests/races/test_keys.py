"""One key, however often and from wherever it comes at once."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connections, transaction

from credits.domain import verify
from credits.domain.allocations import Allocate
from credits.domain.commands import Answer
from credits.domain.locks import lock_customer
from credits.domain.post import post
from credits.exceptions import KeyConflict
from credits.models import Balance, Customer, LedgerEntry, Operation
from tests.factories import credits as make
from tests.races.racing import deadlocks, race

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

CLIENTS = 16


def allocation(customer: Customer, key: str) -> Allocate:
    return Allocate(
        customer=customer,
        asked=make.asked(key, confirmed_shortfall=10**9),
        group="email-core",
        quantities={"email-core": Decimal(3)},
    )


def test_the_same_key_sent_by_all_at_once_is_one_operation(customer: Customer) -> None:
    command = allocation(customer, "one-key")
    before = deadlocks()

    results = race([lambda: post(command)] * CLIENTS)

    answers = [result for result in results if isinstance(result, Answer)]
    assert len(answers) == CLIENTS, results
    assert sum(not answer.repeated for answer in answers) == 1
    assert len({answer.operation.pk for answer in answers}) == 1
    assert all(answer.data == answers[0].data for answer in answers)
    assert Operation.objects.filter(customer=customer).count() == 1
    assert [entry.credits for entry in LedgerEntry.objects.filter(customer=customer)] == [75]
    assert verify.verify_books(customer) == []
    assert deadlocks() == before


def test_one_key_used_for_two_customers_at_once_is_refused_to_one(
    customer: Customer, other_customer: Customer
) -> None:
    for number in range(10):
        first = allocation(customer, f"shared-{number}")
        second = replace(first, customer=other_customer)

        results = race([lambda c=command: post(c) for command in (first, second)])  # type: ignore[misc]

        kinds = {type(result) for result in results}
        assert kinds == {Answer, KeyConflict}, results
        assert Operation.objects.filter(key=f"shared-{number}").count() == 1


def test_a_writer_waits_for_its_own_customer_and_for_no_other(
    customer: Customer, other_customer: Customer
) -> None:
    held, released = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            lock_customer(customer.pk)
            held.set()
            released.wait(timeout=30)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(timeout=30)
    waiting = threading.Thread(target=lambda: race([lambda: post(allocation(customer, "mine"))]))
    waiting.start()

    post(allocation(other_customer, "theirs"))
    time.sleep(0.3)
    waited = waiting.is_alive()
    released.set()
    holder.join(timeout=30)
    waiting.join(timeout=30)

    assert waited
    assert not waiting.is_alive()
    assert set(Operation.objects.values_list("key", flat=True)) >= {"mine", "theirs"}


def test_many_writers_on_a_few_customers_meet_no_deadlock(
    customer: Customer, other_customer: Customer
) -> None:
    before = deadlocks()

    def many(customers: tuple[Customer, ...]) -> int:
        for number in range(8):
            target = customers[number % len(customers)]
            today = target.created_at.date()
            make.grant(target, 5, today, today)
            make.allocate(target, "email-core", number)
        return 8

    pairs = [(customer, other_customer), (other_customer, customer)] * 4
    results = race([lambda pair=pair: many(pair) for pair in pairs])  # type: ignore[misc]

    assert results == [8] * len(pairs)
    assert deadlocks() == before
    for target in (customer, other_customer):
        assert verify.verify_books(target) == []
        assert Balance.objects.get(customer=target).position == 8 * len(pairs)
