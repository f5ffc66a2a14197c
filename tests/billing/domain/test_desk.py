"""The sales desk says of each customer what the customer's own pages say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.domain.desk import (
    desk_customers,
    desk_rows,
    ending_soon,
    live_positions,
    short_ones,
    with_figures,
)
from credits import clock
from credits.domain.boundaries import boundary_at
from credits.domain.figures import standing
from credits.domain.licenses import VoidLicense
from credits.domain.post import post
from credits.models import Customer, User
from tests.billing.ordering import today
from tests.factories import credits as make

DAY = timedelta(days=1)
FEATURE = "endpoint-sandbox-submission"
"""7 credits a unit."""


@pytest.fixture
def many(customer: Customer, other_customer: Customer) -> list[Customer]:
    """Customers in every state: empty, fine, short, short ahead, covered, voided, not started."""
    empty, fine, short, ahead, covered = (
        make.make_customer(name=name) for name in ("Empty", "Fine", "Short", "Ahead", "Covered")
    )
    make.grant(fine, 5_000, today() - DAY, today() + 300 * DAY)
    make.allocate(short, FEATURE, 10)
    make.grant(ahead, 100, today() - 3 * DAY, today() + 20 * DAY)
    make.grant(ahead, 40, today() - 3 * DAY, today() + 200 * DAY)
    make.allocate(ahead, FEATURE, 10)
    make.grant(covered, 100, today(), today() + 30 * DAY)
    make.allocate(covered, FEATURE, Decimal(10))
    voided = make.grant(other_customer, 700, today() - DAY, today() + 50 * DAY)
    post(VoidLicense(customer=other_customer, asked=make.asked(), license=voided))
    make.grant(customer, 300, today() + 10 * DAY, today() + 40 * DAY)
    return [customer, other_customer, empty, fine, short, ahead, covered]


def later(days: int) -> Any:
    return clock.now() + timedelta(days=days, seconds=1)


@pytest.mark.parametrize("days", [0, 11, 21, 31, 41, 199, 201, 400])
def test_every_figure_of_the_desk_is_that_of_the_customers_pages(
    many: list[Customer], at: Callable[..., Any], days: int
) -> None:
    with at(later(days)):
        now = clock.now()
        found = live_positions(many, now)
        annotated: dict[int, Any] = {c.pk: c for c in with_figures(Customer.objects.all(), now)}
        for customer in many:
            live = standing(customer, now=now, boundary=boundary_at(now)).live
            own, sorted_by = found[customer.pk], annotated[customer.pk]

            assert (own.at, own.known, own.figure) == (live.at, live.known, live.figure)
            assert own.ahead == live.ahead
            assert own.first_short == live.first_short
            assert own.covered_until == live.covered_until
            assert sorted_by.live_valid == live.figure.valid
            assert sorted_by.live_allocated == live.figure.allocated
            assert sorted_by.live_balance == live.figure.balance
            if live.figure.balance < 0:
                assert sorted_by.short_at == live.at
            else:
                first = live.first_short
                assert sorted_by.short_at == (first.at if first else None)


def test_the_figures_of_one_moment_after_a_write_hold_it(customer: Customer) -> None:
    """The clock may stand still or lag behind the last write; nobody misses it."""
    with clock.moved_to(clock.now()):
        make.grant(customer, 10, today(), today() + DAY)
        make.grant(customer, 20, today(), today() + DAY)

        assert live_positions([customer], clock.now())[customer.pk].figure.valid == 30


def test_the_license_that_ends_next_is_named(many: list[Customer]) -> None:
    rows = {row.customer.name: row for row in desk_rows(many, clock.now())}

    ahead = rows["Ahead"].next_end
    assert ahead is not None
    assert ahead.credits == 100
    assert rows["Borealis Freight"].next_end is None
    assert rows["Empty"].next_end is None
    upcoming = rows["Halden Energy"].next_end
    assert upcoming is not None
    assert upcoming.credits == 300


def test_rows_keep_the_order_they_are_asked_in(many: list[Customer]) -> None:
    assert [row.customer for row in desk_rows(many[::-1], clock.now())] == many[::-1]


def names(customers: Any) -> set[str]:
    return {customer.name for customer in customers}


def test_the_short_ones_are_those_short_now_or_ahead(many: list[Customer], manager: User) -> None:
    assert names(short_ones(desk_customers(manager, "", clock.now()))) == {"Short", "Ahead"}


def test_those_ending_soon_end_within_90_days(many: list[Customer], manager: User) -> None:
    found = ending_soon(desk_customers(manager, "", clock.now()), clock.now())

    assert names(found) == {"Ahead", "Covered", "Halden Energy"}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("halden", {"Halden Energy"}),
        ("fine.example", {"Fine"}),
        ("%", set()),
        ("c-999999999999", set()),
    ],
)
def test_customers_are_found_by_name_and_domain(
    many: list[Customer], manager: User, words: str, found: set[str]
) -> None:
    Customer.objects.filter(name="Fine").update(domain="fine.example")

    assert names(desk_customers(manager, words, clock.now())) == found


def test_customers_are_found_by_number(many: list[Customer], manager: User) -> None:
    label = many[0].label

    for words in (label, label.lower(), label.removeprefix("C-")):
        assert many[0] in desk_customers(manager, words, clock.now())


def test_a_rep_sees_assigned_customers_only(many: list[Customer], rep: User) -> None:
    assert names(desk_customers(rep, "", clock.now())) == {"Halden Energy"}
