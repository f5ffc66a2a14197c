"""As many queries with 50 rows as with 5."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.models import Purchase
from credits.domain.licenses import ReduceLicense
from credits.domain.post import post
from credits.models import Customer, User
from tests.billing.ordering import buy, line, today
from tests.billing.views.entering import HTMX, form_key, typed
from tests.factories import credits as make

DAY = timedelta(days=1)
FEW, MANY = 5, 50


def count(client: Client, address: str) -> int:
    """The queries of a page, its stream read to the end."""
    with CaptureQueriesContext(connection) as queries:
        response: Any = client.get(address)
        if response.streaming:
            b"".join(response.streaming_content)
    assert response.status_code == 200
    return len(queries)


@pytest.fixture
def desk(client_of: Callable[[User], Client], rep: User, customer: Customer) -> Client:
    return client_of(rep)


def furnish(customer: Customer, rep: User, start: int, stop: int) -> None:
    """Orders, each with a license, one after the other."""
    for n in range(start, stop):
        buy(customer, f"SO-{n}", line(100 + n, today() + n * DAY), actor=rep)


@pytest.mark.parametrize(
    ("name", "kwargs", "most"),
    [
        ("billing:license-list", {"slug"}, 9),
        ("billing:sales-purchases", set(), 10),
        ("billing:purchase-new", {"slug"}, 9),
    ],
)
def test_pages_of_purchases_and_licenses(
    desk: Client, customer: Customer, rep: User, name: str, kwargs: set[str], most: int
) -> None:
    address = reverse(name, kwargs={"slug": customer.slug} if kwargs else {})
    furnish(customer, rep, 0, FEW)
    few = count(desk, address)
    furnish(customer, rep, FEW, MANY)

    assert count(desk, address) == few <= most


def test_the_customers_of_the_desk(desk: Client, customer: Customer, rep: User) -> None:
    address = reverse("billing:sales-customers")
    lists = [reverse(f"billing:sales-{name}") for name in ("expiring", "short", "growing")]

    def more(number: int) -> None:
        for n in range(number):
            found = make.make_customer(name=f"Customer {n}")
            make.assign_rep(found, rep)
            make.grant(found, 100, today(), today() + n * DAY)
            make.allocate(found, "endpoint-sandbox-submission", 3)

    more(FEW - 1)
    sorts = ("short", "-bought")
    pages = [*(f"{address}?sort={sort}" for sort in sorts), *lists]
    few = {page: count(desk, page) for page in pages}
    more(MANY - FEW)

    for page, queries in few.items():
        assert count(desk, page) == queries <= 18


def test_the_page_of_a_license_with_a_long_story(
    desk: Client, customer: Customer, rep: User
) -> None:
    license = buy(customer, "SO-1", line(1_000)).lines.get().license
    kwargs = {"slug": customer.slug, "public_id": license.public_id}
    address = reverse("billing:license-detail", kwargs=kwargs)

    def reduce(start: int, stop: int) -> None:
        for n in range(start, stop):
            why = make.asked(actor=rep, reason=f"Step {n}")
            post(ReduceLicense(customer=customer, asked=why, license=license, credits=1_000 - n))

    reduce(1, 5)
    few = count(desk, address)
    reduce(5, 20)

    assert count(desk, address) == few <= 9


def test_the_page_of_an_order_with_many_licenses(
    desk: Client, customer: Customer, rep: User
) -> None:
    small, big = (
        buy(customer, f"SO-{n}", *[line(10 + k) for k in range(n)], actor=rep) for n in (2, 20)
    )

    def address(purchase: Purchase) -> str:
        kwargs = {"slug": customer.slug, "public_id": purchase.public_id}
        return reverse("billing:purchase-detail", kwargs=kwargs)

    # With its events, files, renewals, agreement and estimate.
    assert count(desk, address(big)) == count(desk, address(small)) <= 12


def test_recording_and_typing(desk: Client, customer: Customer) -> None:
    address = reverse("billing:purchase-new", kwargs={"slug": customer.slug})
    data = typed(form_key(desk, customer))

    with CaptureQueriesContext(connection) as typing:
        desk.post(address, data, headers={**HTMX, "HX-Target": "effect"})
    with CaptureQueriesContext(connection) as recording:
        response = desk.post(address, data)

    assert response.status_code == 303
    assert len(typing) <= 7
    # With the person's right under the lock, a draft that it may settle, and files that wait.
    assert len(recording) <= 34
