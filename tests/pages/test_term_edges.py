"""A term's edges are the same on every live page at once, and on Annual credits at its boundary.

Only the boundary is closed each hour: what a page shows follows from the terms alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from credits import clock
from credits.models import Customer, User
from tests.factories import credits as make

LASTING = 100_000
LOT = 1_234
WITH, WITHOUT = "101,234", "100,000"
SECOND = timedelta(seconds=1)

# The people are made today, so what is looked at lies after that.
CASES = {
    "a year": (date(2029, 3, 1), date(2030, 2, 28), date(2029, 2, 20)),
    "from a leap day": (date(2028, 2, 29), date(2029, 2, 28), date(2028, 2, 20)),
    "through a leap day": (date(2027, 3, 1), date(2028, 2, 29), date(2027, 2, 20)),
    "starts next year": (date(2028, 6, 1), date(2029, 5, 31), date(2027, 5, 20)),
    "bought when it had begun": (date(2028, 3, 1), date(2028, 6, 30), date(2028, 4, 20)),
}


def instant(day: date, **time: int) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(**time)


def hold(customer: Customer, first_day: date, last_day: date, bought_on: date) -> None:
    with clock.moved_to(instant(bought_on, hours=9)):
        make.grant(customer, LASTING, date(2026, 1, 1), date(2040, 12, 31))
        make.grant(customer, LOT, first_day, last_day)


def seen(client: Client, path: str, at: datetime) -> str:
    make.publish(at)
    with clock.moved_to(at):
        response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def live_pages(customer: Customer, alice: Client, rep: Client, at: datetime) -> list[str]:
    """Every page that shows the customer's valid credits as of now."""
    return [
        seen(alice, f"/c/{customer.slug}/allocate/", at),
        seen(rep, "/sales/", at),
    ]


@pytest.mark.parametrize(("first_day", "last_day", "bought_on"), CASES.values(), ids=CASES)
def test_the_last_second_counts_and_the_next_does_not(
    customer: Customer,
    alice: User,
    rep: User,
    client_of: Callable[[User], Client],
    first_day: date,
    last_day: date,
    bought_on: date,
) -> None:
    hold(customer, first_day, last_day, bought_on)
    end = instant(last_day, days=1)
    people = client_of(alice), client_of(rep)

    for page in live_pages(customer, *people, end - SECOND):
        assert WITH in page
        assert WITHOUT not in page
    for page in live_pages(customer, *people, end):
        assert WITHOUT in page
        assert WITH not in page


@pytest.mark.parametrize(("first_day", "last_day", "bought_on"), CASES.values(), ids=CASES)
def test_annual_credits_shows_the_edge_at_its_boundary(
    customer: Customer,
    alice: User,
    client_of: Callable[[User], Client],
    first_day: date,
    last_day: date,
    bought_on: date,
) -> None:
    hold(customer, first_day, last_day, bought_on)
    path = f"/c/{customer.slug}/annual-credits/"
    end = instant(last_day, days=1)

    before = seen(client_of(alice), path, end + timedelta(hours=2) - SECOND)
    after = seen(client_of(alice), path, end + timedelta(hours=2))

    assert headline(before) == WITH
    assert headline(after) == WITHOUT


@pytest.mark.parametrize(
    ("first_day", "last_day", "bought_on"),
    [case for case in CASES.values() if case[0] > case[2]],
    ids=[name for name, case in CASES.items() if case[0] > case[2]],
)
def test_the_first_instant_counts_and_the_second_before_does_not(
    customer: Customer,
    alice: User,
    rep: User,
    client_of: Callable[[User], Client],
    first_day: date,
    last_day: date,
    bought_on: date,
) -> None:
    hold(customer, first_day, last_day, bought_on)
    start = instant(first_day)
    people = client_of(alice), client_of(rep)

    for page in live_pages(customer, *people, start - SECOND):
        assert WITH not in page
    for page in live_pages(customer, *people, start):
        assert WITH in page


def headline(page: str) -> str:
    """The figure under "Total valid" on Annual credits."""
    block = page.split("Total valid", 1)[1]
    return next(word for word in (WITH, WITHOUT) if word in block[:800])
