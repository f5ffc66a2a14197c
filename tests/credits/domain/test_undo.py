"""Undo withdraws an operation's facts and books the difference."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import pytest

from credits import clock
from credits.domain.allocations import UNDONE_BY_CUSTOMERS, Undo
from credits.domain.commands import Answer
from credits.domain.figures import figure as read
from credits.domain.post import post
from credits.domain.verify import verify_books
from credits.exceptions import NotAllowed, UnknownObject
from credits.models import Customer, LedgerEntry, Operation
from tests.credits.domain.acts import (
    NOON,
    allocate,
    figure,
    grant,
    held,
    nothing_written,
    release,
    undo,
)
from tests.factories import credits as make


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.moved_to(NOON):
        yield


def last(customer: Customer) -> Answer:
    return Answer(Operation.objects.filter(customer=customer).latest("position"))


def test_set_five_set_eight_undo_the_first_leaves_eight(customer: Customer) -> None:
    five = allocate(customer, "email-core", 5)
    allocate(customer, "email-core", 8)

    undo(customer, five)

    assert held(customer, "email-core") == 200


def test_set_five_set_eight_undo_the_second_leaves_five(customer: Customer) -> None:
    allocate(customer, "email-core", 5)
    eight = allocate(customer, "email-core", 8)

    undo(customer, eight)

    assert held(customer, "email-core") == 125


def test_the_same_holds_for_features_that_share_one_number(customer: Customer) -> None:
    on = {"ztsa-internet-access"}
    first = allocate(customer, "ztsa-internet-ai", {"units": 120}, on=on)
    allocate(customer, "ztsa-internet-ai", {"units": 150}, on=on)

    undo(customer, first)

    assert held(customer, "ztsa-internet-access") == 9000
    assert verify_books(customer) == []


def test_an_act_after_a_release_stands_when_the_one_between_is_undone(customer: Customer) -> None:
    allocate(customer, "email-core", 5)
    release(customer, "email-core")
    between = allocate(customer, "email-core", 8)
    allocate(customer, "email-core", 9)

    undo(customer, between)

    assert held(customer, "email-core") == 225
    assert verify_books(customer) == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_acts_undone_in_any_order_leave_nothing(customer: Customer, order: tuple[int, ...]) -> None:
    done = [allocate(customer, "email-core", units) for units in (5, 8, 2)]

    for number in order:
        undo(customer, done[number])

    assert figure(customer) == (0, 0)
    assert verify_books(customer) == []


def test_what_was_known_before_an_undo_stays_known(customer: Customer) -> None:
    done = allocate(customer, "email-core", 5)
    known = done.operation.recorded_at

    undone = undo(customer, done)

    assert read(customer, at=known, known=known).allocated == 125
    assert read(customer, at=known, known=undone.operation.recorded_at).allocated == 0


def test_a_release_that_is_undone_was_never_made(customer: Customer) -> None:
    allocate(customer, "email-core", 5)
    done = release(customer, "email-core")

    undo(customer, done)

    assert held(customer, "email-core") == 125
    assert verify_books(customer) == []


def test_an_operation_is_undone_once(customer: Customer) -> None:
    done = allocate(customer, "email-core", 5)
    undo(customer, done)

    with nothing_written(customer), pytest.raises(NotAllowed, match="before"):
        undo(customer, done)


def test_an_undo_is_not_undone(customer: Customer) -> None:
    undo(customer, allocate(customer, "email-core", 5))

    with nothing_written(customer), pytest.raises(NotAllowed, match="Repeat the act"):
        undo(customer, last(customer))


def test_what_has_no_facts_is_not_undone(customer: Customer) -> None:
    make.make_member(customer, make.make_user(email="new@example.org"), "viewer")

    with nothing_written(customer), pytest.raises(NotAllowed):
        undo(customer, last(customer))


def test_another_customer_s_operation_is_unknown(
    customer: Customer, other_customer: Customer
) -> None:
    done = allocate(other_customer, "email-core", 5)

    with nothing_written(other_customer), pytest.raises(UnknownObject):
        undo(customer, done)


def test_customers_undo_allocations_and_not_purchases(customer: Customer) -> None:
    grant(customer, 500)

    with nothing_written(customer), pytest.raises(UnknownObject):
        undo(customer, last(customer), kinds=UNDONE_BY_CUSTOMERS)


def test_the_same_undo_sent_again_is_a_repeat(customer: Customer) -> None:
    done = allocate(customer, "email-core", 5)
    command = Undo(
        customer=customer, asked=make.asked("undo-1"), operation=done.operation.public_id
    )

    first, second = post(command), post(command)

    assert second.repeated
    assert second.data == first.data
    assert LedgerEntry.objects.filter(customer=customer).count() == 2
