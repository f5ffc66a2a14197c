"""Moves and changes of billing model in words, as Activity tells them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from credits import clock
from credits.domain.activity import one_act
from credits.domain.allocations import Undo
from credits.domain.billing_choice import SwitchBillingModel
from credits.domain.commands import Command
from credits.domain.moving import Move
from credits.domain.post import post
from credits.models import Customer
from tests.factories import credits as make

NOW = datetime(2027, 1, 10, 9, tzinfo=UTC)
SDK = "file-security-sdk"


@pytest.fixture
def holder(customer: Customer) -> Customer:
    make.grant(customer, 100_000, date(2026, 1, 1), date(2028, 12, 31))
    return customer


def words(command: Command, at: datetime = NOW) -> str:
    with clock.moved_to(at):
        operation = post(command).operation
    act = one_act(command.customer, operation.public_id)
    assert act is not None
    return act.words


def move(customer: Customer, units: int, target: str = "endpoint-core") -> Move:
    return Move(
        customer=customer,
        asked=make.asked(),
        source="email-core",
        units=Decimal(units),
        target=target,
    )


def test_a_move_says_what_was_freed_gained_and_returned(holder: Customer) -> None:
    with clock.moved_to(NOW - timedelta(days=1)):
        make.allocate(holder, "email-core", 100)

    assert words(move(holder, 10)) == (
        "Moved 250 credits from Core package (Email and Collaboration Security) "
        "to Core package (Endpoint Security): 5 endpoints, 225 credits; 25 returned"
    )


def test_a_move_that_leaves_nothing_over_says_no_more(holder: Customer) -> None:
    with clock.moved_to(NOW - timedelta(days=1)):
        make.allocate(holder, "email-core", 100)

    assert words(move(holder, 1, "email-sensor")) == (
        "Moved 25 credits from Core package to Email Sensor: 5 users, 25 credits"
    )


def test_an_undone_move_is_told_by_what_it_undid(holder: Customer) -> None:
    with clock.moved_to(NOW - timedelta(days=1)):
        make.allocate(holder, "email-core", 100)
        moved = post(move(holder, 1, "email-sensor")).operation

    undo = Undo(customer=holder, asked=make.asked(), operation=moved.public_id)

    assert words(undo).startswith("Undid: Moved 25 credits from Core package to Email Sensor")


def test_a_switch_names_the_contracts_last_day_and_the_way_back(holder: Customer) -> None:
    with clock.moved_to(NOW - timedelta(days=1)):
        make.allocate(holder, SDK, 400_000)
    ends_at = datetime(2027, 7, 1, tzinfo=UTC)
    away = SwitchBillingModel(
        customer=holder, asked=make.asked(), feature=SDK, contract_ends_at=ends_at
    )
    back = SwitchBillingModel(
        customer=holder,
        asked=make.asked(),
        feature=SDK,
        contract_ends_at=None,
        quantities={SDK: Decimal(600_000)},
    )

    assert words(away) == "Switched File Security SDK to pay-as-you-go, contract to 30 Jun 2027"
    assert words(back, NOW + timedelta(days=40)) == (
        "Switched File Security SDK back to credits: 400,000 → 600,000 scans"
    )
