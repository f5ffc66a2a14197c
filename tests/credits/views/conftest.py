from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.test import Client

from credits import clock
from credits.domain.allocations import Allocate
from credits.domain.post import post
from credits.models import Customer, User
from tests.factories import credits as make

NOW = datetime(2026, 11, 24, 10, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    """Every test of these pages happens on 24 November 2026 at 10:20 UTC."""
    with clock.moved_to(NOW):
        yield


@pytest.fixture
def licensed(customer: Customer) -> Customer:
    """The customer with 10,000 credits to the end of 2027 and 5,000 to 31 March 2027."""
    make.grant(customer, 10_000, date(2026, 1, 1), date(2027, 12, 31))
    make.grant(customer, 5_000, date(2026, 4, 1), date(2027, 3, 31))
    return customer


@pytest.fixture
def admin(alice: User, licensed: Customer, client_of: Callable[[User], Client]) -> Client:
    """A browser in which Alice, who may allocate, is logged in."""
    return client_of(alice)


@pytest.fixture
def allocate_bundle(licensed: Customer) -> Callable[[], None]:
    """Switches Internet Access and AI Secure Access on for 20 users."""

    def act() -> None:
        post(
            Allocate(
                customer=licensed,
                asked=make.asked(),
                group="ztsa-internet-ai",
                quantities={"units": Decimal(20)},
                on=frozenset({"ztsa-internet-access", "ztsa-ai-access"}),
            )
        )

    return act
