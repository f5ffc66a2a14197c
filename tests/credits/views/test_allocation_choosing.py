"""The allocate page as a table: choosing, pages, and the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from django.test import Client

from credits.models import Customer, User
from tests.credits.views.pages import HTMX, words
from tests.credits.views.test_allocation_counts import features
from tests.factories import credits as make

HEAVIEST = 60_000


def page(client: Client, customer: Customer, query: str = "") -> str:
    response = client.get(f"/c/{customer.slug}/allocate/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_every_feature_that_can_hold_credits_can_be_chosen(
    admin: Client, licensed: Customer
) -> None:
    make.allocate(licensed, "email-core", 120)

    html = page(admin, licensed)

    assert 'name="f" value="email-core" form="choose" data-credits="3000"' in html
    assert 'name="f" value="ztsa-private-access" form="choose" data-credits="0"' in html
    assert 'value="collaboration-sensor"' not in html, "it costs nothing"


def test_the_bar_speaks_of_all_that_match_and_keeps_the_filter(
    admin: Client, licensed: Customer
) -> None:
    make.allocate(licensed, "email-core", 120)
    make.allocate(licensed, "email-sensor", 40)

    response = admin.get(f"/c/{licensed.slug}/allocate/?q=email&use=yes", headers=HTMX)

    html = response.content.decode()
    assert "all 2 that match, 3,200 credits" in words(response)
    assert '<input type="hidden" name="q" value="email">' in html
    assert '<input type="hidden" name="use" value="yes">' in html
    for route in ("change", "move", "release"):
        assert f'action="/c/{licensed.slug}/allocate/{route}/"' in html


def test_those_who_may_not_allocate_choose_nothing(
    licensed: Customer, bob: User, client_of: Callable[[User], Client]
) -> None:
    html = page(client_of(bob), licensed)

    assert 'id="choose"' not in html
    assert 'type="checkbox"' not in html


@pytest.fixture
def huge(licensed: Customer) -> Customer:
    """A customer with 400 features, of which the last one holds credits."""
    keys = features(370)
    make.allocate(licensed, keys[-1], 7)
    return licensed


def test_of_many_features_those_in_use_come_first(admin: Client, huge: Customer) -> None:
    first = page(admin, huge)

    assert 'value="extra-370-369"' in first
    assert "1–30 of 400, which hold" in first
    assert "those in use first" in first


@pytest.mark.parametrize("number", ["1", "2", "9", "0", "-1", "x", "9" * 30, "99"])
def test_every_page_is_light(admin: Client, huge: Customer, number: str) -> None:
    html = page(admin, huge, f"?page={number}")

    assert len(html.encode()) < HEAVIEST


def test_the_filter_finds_what_is_on_other_pages(admin: Client, huge: Customer) -> None:
    assert 'value="extra-370-200"' not in page(admin, huge)
    assert 'value="extra-370-200"' in page(admin, huge, "?q=extra-370-200")


def test_the_pages_hold_each_feature_once(admin: Client, huge: Customer) -> None:
    found = [
        part.split('"')[0]
        for number in range(1, 14)
        for part in page(admin, huge, f"?page={number}").split('name="f" value="')[1:]
    ]

    assert len(found) == len(set(found)) == 399


def test_the_file_holds_all_that_match(admin: Client, huge: Customer) -> None:
    response = admin.get(f"/c/{huge.slug}/allocate/?q=extra&_export=csv&_table=allocation")

    text = b"".join(response).decode("utf-8-sig")
    rows = [row for row in csv.reader(io.StringIO(text)) if "extra-370-369" in row]
    assert text.count("extra-370-") >= 370
    assert len(rows) == 1
    assert "7" in rows[0]


def test_a_viewer_takes_the_file_too(
    huge: Customer, bob: User, client_of: Callable[[User], Client]
) -> None:
    response = client_of(bob).get(f"/c/{huge.slug}/allocate/?_export=xlsx&_table=allocation")

    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment")
