"""Queries and time: the same for 5, 50 and 400 lines."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from credits.domain.catalogue import load_catalogue
from credits.models import Customer, User
from estimator.models import Estimate
from tests.credits.domain.catalogue_text import cells, text_of
from tests.estimator.page import (
    NOW,
    LogIn,
    edit_url,
    list_url,
    new_url,
    save,
    send,
    text_in,
    value_of,
)
from tests.factories import credits as make
from tests.queries.books import analyze

DAY = timedelta(days=1)


def widened(customer: Customer, features: int) -> list[str]:
    """The keys of so many more features, for a customer with 20 licenses who holds some."""
    keys = [f"wide-{n:03}" for n in range(features)]
    load_catalogue(text_of(*(cells(key) for key in keys)))
    for n in range(1, 21):
        make.grant(customer, 1_000, NOW.date(), date(2027, 1, 1) + 10 * n * DAY)
    for key in keys[:10]:
        make.allocate(customer, key, 3)
    return keys


def saved_url(client: Client, customer: Customer, lines: dict[str, str]) -> str:
    save(client, new_url(customer), lines)
    return edit_url(Estimate.objects.for_customer(customer).select_related("customer").latest("pk"))


def test_a_price_takes_as_many_queries_for_5_lines_as_for_50(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    keys = widened(customer, 400)
    client = client_of(alice)
    saved = saved_url(client, customer, {keys[0]: "1"})
    # The whole page also names the customers one can go to, and whether the estimate was handed
    # over; the parts that htmx asks for do not.
    expected = {
        (new_url(customer), "summary"): 5,
        (new_url(customer), "calculator"): 5,
        (new_url(customer), ""): 6,
        (saved, "summary"): 6,
        (saved, "calculator"): 6,
        (saved, ""): 8,
    }

    analyze()  # Hundreds of rows made just now, as in a kept database.
    for (url, target), queries in expected.items():
        for count in (5, 50):
            with CaptureQueriesContext(connection) as asked:
                answer = send(client, url, dict.fromkeys(keys[:count], "2"), target=target)

            assert text_in(answer, "level") == f"{count * 50:,}"
            assert len(asked) == queries, "\n".join(query["sql"] for query in asked)


def test_typing_with_plans_and_open_months_takes_as_many_queries_for_any_lines_and_years(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    keys = widened(customer, 400)
    client = client_of(alice)

    for count, years in ((5, "1"), (400, "3")):
        lines = dict.fromkeys(keys[:count], "2")
        plans = {
            f"{name}.{key}": text
            for key in lines
            for name, text in (("growth", "10"), ("from", "2027-04"), ("ramp", "6"))
        }
        sent = {"years": years, "months": "on", "reserve": "10 %", **plans}
        with CaptureQueriesContext(connection) as asked:
            answer = send(client, new_url(customer), lines, target="summary", **sent)

        assert answer.status_code == 200
        assert text_in(answer, "level") == f"{count * 55:,}"
        assert len(asked) == 6, "\n".join(query["sql"] for query in asked)


def test_opening_and_saving_take_as_many_queries_for_5_lines_as_for_50(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    keys = widened(customer, 50)
    client = client_of(alice)

    for count in (5, 50):
        lines = dict.fromkeys(keys[:count], "2")
        url = saved_url(client, customer, lines)
        client.get(url)
        page = client.get(url)
        sent = {"form_key": value_of(page, "form_key"), "version": value_of(page, "version")}
        with CaptureQueriesContext(connection) as opening:
            client.get(url)
        with CaptureQueriesContext(connection) as saving:
            answer = send(client, url, lines, "save", name="Again", **sent)

        assert answer.status_code == 303
        assert len(opening) == 9, "\n".join(query["sql"] for query in opening)
        assert len(saving) == 20, "\n".join(query["sql"] for query in saving)


@pytest.mark.parametrize("count", [5, 50])
def test_the_list_takes_as_many_queries_for_any_number_of_rows(
    customer: Customer, alice: User, client_of: LogIn, count: int
) -> None:
    Estimate.objects.bulk_create(
        Estimate(
            customer=customer,
            number=n,
            name=f"Plan {n}",
            created_by=alice,
            updated_by=alice,
            created_at=NOW,
            updated_at=NOW,
        )
        for n in range(1, count + 1)
    )
    client = client_of(alice)

    with CaptureQueriesContext(connection) as asked:
        client.get(list_url(customer))

    assert len(asked) == 6, "\n".join(query["sql"] for query in asked)
