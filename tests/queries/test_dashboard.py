"""What Annual credits costs, with 100 and with 100,000 ledger rows of its customer."""

from __future__ import annotations

import pytest
from django.test import Client

from credits import clock
from credits.models import Customer, LedgerEntry
from tests.billing.reading import logged_in
from tests.billing.story import Story, instant
from tests.factories import credits as make
from tests.queries.books import NOW, PLENTY, Books
from tests.queries.cost import Cost, cost

pytestmark = pytest.mark.django_db

QUERIES = 8
"""Session, person, access, standing, rates with units, licenses with orders, daily changes, and the
customers of whoever has several."""

ORDINARY = 120
"""Buffers for eight groups in use, of which two report every hour."""

HEAVY = 170
"""And for sixteen that do: each takes three pages of an index and one or two rows."""

SHORT = QUERIES + 2
"""Where credits are short: also the last day that was covered, and the rows since then. A release
that is not shown yet takes one more: the course of the feature that was released."""

ROWS_OF_A_DAY = 700
"""Buffers for the rows since the last day that was covered: some 140, each with its operation."""

LATER = "2026-11-24T15:20"


@pytest.fixture
def maria(books: Books) -> Client:
    return logged_in(books.admin)


def page_cost(client: Client, customer: Customer, *, now: str = NOW) -> Cost:
    with clock.moved_to(instant(now)):
        return cost(client, f"/c/{customer.slug}/annual-credits/")


def test_the_books_are_as_long_as_they_say(books: Books) -> None:
    customers = (books.small, books.large, books.heavy)
    counts = [LedgerEntry.objects.filter(customer=c).count() for c in customers]

    assert counts == [100, 100_000, 100_000]


def test_the_dashboard_costs_the_same_with_few_and_with_many_rows(
    books: Books, maria: Client
) -> None:
    few, many = page_cost(maria, books.small), page_cost(maria, books.large)

    for found in (few, many):
        assert found.queries <= QUERIES, str(found)
        assert found.buffers <= ORDINARY, str(found)


def test_a_customer_with_many_reporting_systems_pays_for_each_of_them(
    books: Books, maria: Client
) -> None:
    found = page_cost(maria, books.heavy)

    assert found.queries <= QUERIES, str(found)
    assert found.buffers <= HEAVY, str(found)


def test_the_graph_reads_few_pages(books: Books, maria: Client) -> None:
    found = page_cost(maria, books.large)

    [graph] = [s for s in found.statements if "credits_dailychange" in s.sql]
    assert graph.buffers <= 20


def test_a_shortage_reads_no_further_back_than_its_day(books: Books, maria: Client) -> None:
    story = Story(books.large, books.admin)
    essentials = {"feature": "endpoint-essentials", "group": "endpoint-packages"}
    story.allocate("2026-11-24T12:00", **essentials, units=PLENTY)
    make.publish(instant(LATER))
    short = page_cost(maria, books.large, now=LATER)
    story.release("2026-11-24T15:00", **essentials)
    released = page_cost(maria, books.large, now=LATER)

    assert short.queries <= SHORT, str(short)
    assert short.buffers <= ORDINARY + ROWS_OF_A_DAY, str(short)
    assert released.queries <= SHORT + 1, str(released)
