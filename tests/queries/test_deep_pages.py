"""Any page of any list costs about what its first one costs, counted in buffers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import Client

from credits import clock
from tests.billing.reading import logged_in
from tests.billing.story import instant
from tests.queries.books import NOW, Books, analyze
from tests.queries.cost import Cost, cost
from tests.queries.many import make_customers, make_rows

pytestmark = pytest.mark.django_db

DEEPER = 1.2

BY_BALANCE = 45_000
"""Buffers for 3,000 customers: what has come due of each is looked for by its own index."""


@pytest.fixture(scope="module")
def lists(books: Books, django_db_blocker: pytest.FixtureRequest) -> Iterator[Books]:
    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        make_customers(books.rep, books.admin)
        make_rows(books.small, books.admin)
        analyze()
        yield books


def page_cost(client: Client, url: str) -> Cost:
    with clock.moved_to(instant(NOW)):
        return cost(client, url)


def first_middle_last(client: Client, url: str) -> tuple[Cost, list[Cost]]:
    joint = "&" if "?" in url else "?"
    first, *others = (page_cost(client, f"{url}{joint}page={number}") for number in (1, 30, 60))
    return first, others


@pytest.mark.parametrize("page", ["licenses", "requests", "estimates"])
def test_any_page_of_a_customers_list_costs_what_its_first_costs(lists: Books, page: str) -> None:
    url = f"/c/{lists.small.slug}/{page}/"
    first, others = first_middle_last(logged_in(lists.admin), url)

    for found in others:
        assert found.buffers <= DEEPER * first.buffers, str(found)
        assert found.queries <= first.queries + 1


@pytest.mark.parametrize("page", ["", "?sort=-number", "purchases/", "requests/"])
def test_any_page_of_the_desk_costs_what_its_first_costs(lists: Books, page: str) -> None:
    first, others = first_middle_last(logged_in(lists.rep), f"/sales/{page}")

    for found in others:
        assert found.buffers <= DEEPER * first.buffers, str(found)
        assert found.queries <= first.queries + 1


def test_customers_by_balance_are_all_looked_at_for_any_page(lists: Books) -> None:
    """The exception: a live balance is computed, so whoever sorts by it sorts all of them."""
    first, others = first_middle_last(logged_in(lists.rep), "/sales/?sort=balance")

    assert first.buffers <= BY_BALANCE, str(first)
    for found in others:
        assert found.buffers <= DEEPER * first.buffers, str(found)


def test_any_page_of_the_activity_costs_what_its_first_costs(books: Books) -> None:
    client, url = logged_in(books.admin), f"/c/{books.large.slug}/activity/"
    first = page_cost(client, url)

    for position in (50_000, 1_000):
        found = page_cost(client, f"{url}?before={position}")
        assert found.buffers <= DEEPER * first.buffers, str(found)
