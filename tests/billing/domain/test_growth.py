"""Growing fast: by a fifth and 500 credits within 90 UTC days, to the day and to the credit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from billing.domain.desk import desk_customers
from billing.domain.desk_counts import counts
from billing.domain.growth import Growth, growing_fast, growth_of
from credits import clock
from credits.models import Customer, User
from tests.factories import credits as make

DAY = timedelta(days=1)
SANDBOX = "endpoint-sandbox-submission"
"""7 credits a unit."""


def growing(user: User) -> dict[str, Growth]:
    """Who grows fast at a desk, and by how much."""
    now = clock.now()
    found = growing_fast(desk_customers(user, "", now))
    return {customer.name: growth_of(customer) for customer in found}


def grow(customer: Customer, at: Callable[..., Any], before: int, after: int, days: int) -> None:
    """Allocate units, and others so many days later."""
    make.allocate(customer, SANDBOX, before)
    with at(clock.now() + days * DAY):
        make.allocate(customer, SANDBOX, after)


@pytest.mark.parametrize(
    ("before", "after", "is_fast"),
    [
        (100, 172, True),  # +504
        (100, 171, False),  # +497, though by far more than a fifth
        (1_000, 1_200, True),  # +1,400, just a fifth of 7,000
        (1_000, 1_199, False),
        (0, 1_000, False),  # it has only begun
        (1_000, 500, False),
    ],
)
def test_a_fifth_and_500_credits(
    customer: Customer,
    manager: User,
    at: Callable[..., Any],
    before: int,
    after: int,
    is_fast: bool,
) -> None:
    start = clock.now()
    grow(customer, at, before, after, 120)

    with at(start + 130 * DAY):
        assert (customer.name in growing(manager)) == is_fast
        assert counts(manager, clock.now())["w"] == is_fast


def test_the_window_is_90_utc_days_with_today(
    customer: Customer, manager: User, at: Callable[..., Any]
) -> None:
    start = clock.now()
    make.allocate(customer, SANDBOX, 100)
    changed = start + 10 * DAY
    with at(changed):
        make.allocate(customer, SANDBOX, 300)

    with at(clock.start_of(clock.day_of(changed) + 90 * DAY) - timedelta(seconds=1)):
        assert growing(manager) == {customer.name: Growth(credits=1_400, before=700)}
    with at(clock.start_of(clock.day_of(changed) + 90 * DAY)):
        assert growing(manager) == {}


def test_what_is_booked_ahead_is_not_growth_yet(
    customer: Customer, manager: User, at: Callable[..., Any]
) -> None:
    start = clock.now()
    grow(customer, at, 1_000, 1_300, 100)

    with at(start + 101 * DAY):
        found = growing(manager)[customer.name]

    assert found == Growth(credits=2_100, before=7_000)


def test_releasing_takes_growth_back(
    customer: Customer, manager: User, at: Callable[..., Any]
) -> None:
    start = clock.now()
    grow(customer, at, 100, 300, 100)

    with at(start + 110 * DAY):
        make.allocate(customer, SANDBOX, 100)

        assert growing(manager) == {}


@pytest.mark.parametrize(
    ("credits", "balance", "days"),
    [
        (900, 900, 90),
        (900, 905, 90),
        (900, 0, 0),
        (900, -1, None),
        (0, 900, None),
        (-5, 900, None),
        (90, 730, 730),
        (90, 731, None),
    ],
)
def test_a_balance_lasts_so_many_whole_days(credits: int, balance: int, days: int | None) -> None:
    assert Growth(credits=credits, before=100).lasts(balance) == days
