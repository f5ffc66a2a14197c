"""The one writer: keys, instants, the order of things, and refusals without a trace."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credits import clock
from credits.domain.allocations import Allocate
from credits.domain.post import KEY_LENGTH, post
from credits.domain.verify import verify_books
from credits.exceptions import InvalidCommand, KeyConflict, UnknownObject
from credits.models import AllocationGroup, Balance, Customer, Operation, User
from tests.credits.domain.acts import NOON, allocate, grant, nothing_written
from tests.factories import credits as make

MICROSECOND = timedelta(microseconds=1)


def command(customer: Customer, key: str = "", units: int = 3) -> Allocate:
    return Allocate(
        customer=customer,
        asked=make.asked(key, confirmed_shortfall=10**9),
        group="email-core",
        quantities={"email-core": Decimal(units)},
    )


def test_a_repeat_gets_the_first_answer_whatever_else_has_changed(
    customer: Customer, alice: User
) -> None:
    first = post(command(customer, "one"))
    again = command(customer, "  ONE ")
    allocate(customer, "email-core", 9)

    with nothing_written(customer), clock.moved_to(clock.now() + timedelta(days=50)):
        asked = replace(
            again.asked, actor=alice, reason="again", request_id="r", confirmed_shortfall=0
        )
        second = post(replace(again, asked=asked))

    assert second.repeated
    assert second.operation == first.operation
    assert second.data == first.data


def test_other_content_under_a_key_is_refused(customer: Customer) -> None:
    post(command(customer, "one", units=3))

    with nothing_written(customer), pytest.raises(KeyConflict):
        post(command(customer, "one", units=4))


def test_another_customer_s_key_is_refused(customer: Customer, other_customer: Customer) -> None:
    post(command(customer, "one"))

    with nothing_written(other_customer), pytest.raises(KeyConflict):
        post(command(other_customer, "one"))


def test_a_key_belongs_to_its_source(customer: Customer) -> None:
    first = command(customer, "one")
    second = replace(first, asked=replace(first.asked, source="elsewhere"))

    assert not post(first).repeated
    assert not post(second).repeated


def test_a_refusal_is_not_stored_so_that_the_key_may_come_again(customer: Customer) -> None:
    with nothing_written(customer), pytest.raises(InvalidCommand):
        post(command(customer, "one", units=-1))

    assert not post(command(customer, "one", units=1)).repeated


@pytest.mark.parametrize("key", ["", "   ", "x" * (KEY_LENGTH + 1)])
def test_a_request_needs_a_key(customer: Customer, key: str) -> None:
    asked = replace(make.asked(), key=key)

    with nothing_written(customer), pytest.raises(InvalidCommand):
        post(replace(command(customer), asked=asked))


def test_a_customer_that_does_not_exist_is_unknown(customer: Customer) -> None:
    stranger = Customer(pk=2**40, over_allocation="confirm", name="Nobody")

    with pytest.raises(UnknownObject):
        post(command(stranger))


def test_recorded_instants_only_rise_while_the_clock_stands_or_goes_back(
    customer: Customer,
) -> None:
    with clock.moved_to(NOON):
        allocate(customer, "email-core", 1)
        allocate(customer, "email-core", 2)
    with clock.moved_to(NOON - timedelta(hours=5)):
        allocate(customer, "email-core", 3)

    recorded = Operation.objects.filter(customer=customer).order_by("position")
    assert [operation.recorded_at for operation in recorded] == [
        NOON,
        NOON + MICROSECOND,
        NOON + 2 * MICROSECOND,
    ]
    assert verify_books(customer) == []


def test_the_lock_is_taken_before_anything_is_inserted(customer: Customer) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        post(command(customer))

    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert "pg_advisory_xact_lock_shared" in statements[0]
    assert "FOR NO KEY UPDATE" in statements[1]
    assert "credits_balance" in statements[1]
    inserts = [number for number, sql in enumerate(statements) if "INSERT" in sql]
    assert min(inserts) > 1


def test_an_operation_says_who_asked_through_what_and_why(customer: Customer, alice: User) -> None:
    asked = make.asked("k", source="portal", actor=alice, reason="a pilot", request_id="r-1")

    operation = post(
        replace(command(customer), asked=replace(asked, confirmed_shortfall=99))
    ).operation

    assert (operation.source, operation.key, operation.actor) == ("portal", "k", alice)
    assert operation.request_id == "r-1"
    assert operation.note.text == "a pilot"
    assert operation.subject == AllocationGroup.objects.get(key="email-core").name


def test_many_operations_leave_whole_books(customer: Customer) -> None:
    grant(customer, 10_000)
    for units in range(12):
        allocate(customer, "email-core", units)

    assert verify_books(customer) == []
    assert Balance.objects.get(customer=customer).position == 13
