"""The licenses of a customer: listed, filtered, searched, exported, each with its story."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.tables.licenses import LicenseTable
from credits import clock
from credits.domain.licenses import ExtendLicense, ReduceLicense, VoidLicense
from credits.domain.post import post
from credits.models import Customer, License, User
from tests.billing.ordering import buy, line, today
from tests.billing.views.entering import HTMX, text_of
from tests.factories import credits as make

ClientOf = Callable[[User], Client]
DAY = timedelta(days=1)


@pytest.fixture
def licenses(customer: Customer) -> dict[str, License]:
    """One license of each state, the valid one from order SO-1."""
    voided = make.grant(customer, 800, today(), today() + 9 * DAY)
    post(VoidLicense(customer=customer, asked=make.asked(), license=voided))
    return {
        "voided": voided,
        "valid": buy(customer, "SO-1", line(100)).lines.get().license,
        "upcoming": make.grant(customer, 200, today() + 5 * DAY, today() + 9 * DAY),
        "ended": make.grant(customer, 400, today() - 9 * DAY, today() - DAY),
    }


def url(name: str, customer: Customer, **kwargs: Any) -> str:
    return reverse(f"billing:{name}", kwargs={"slug": customer.slug, **kwargs})


@pytest.fixture
def viewer(client_of: ClientOf, bob: User) -> Client:
    return client_of(bob)


def labels(page: str, licenses: dict[str, License]) -> set[str]:
    """The states whose license the page lists."""
    return {state for state, license in licenses.items() if f">{license.label}<" in page}


def test_all_licenses_are_listed_those_that_are_over_apart(
    viewer: Client, customer: Customer, licenses: dict[str, License]
) -> None:
    page = viewer.get(url("license-list", customer)).content.decode()

    current, over = page.split("Ended and voided")[0], page.split('id="over"')[1]
    assert labels(current, licenses) == {"valid", "upcoming"}
    assert labels(over, licenses) == {"ended", "voided"}
    assert ">300<" in current
    assert ">1,200<" in over


@pytest.mark.parametrize("state", ["valid", "upcoming", "ended", "voided"])
def test_a_status_can_be_picked(
    viewer: Client, customer: Customer, licenses: dict[str, License], state: str
) -> None:
    page = viewer.get(url("license-list", customer), {"keep": state}).content.decode()

    assert labels(page, licenses) == {state}
    assert "Export 1 row" in page


@pytest.mark.parametrize("state", ["valid", "ended", "voided"])
def test_a_search_hides_no_status(
    viewer: Client, customer: Customer, licenses: dict[str, License], state: str
) -> None:
    page = viewer.get(url("license-list", customer), {"q": licenses[state].label}).content.decode()

    assert labels(page, licenses) == {state}


def test_a_search_by_order_number_finds_its_license(
    viewer: Client, customer: Customer, licenses: dict[str, License]
) -> None:
    page = viewer.get(url("license-list", customer), {"q": "so-1"}).content.decode()

    assert labels(page, licenses) == {"valid"}


@pytest.mark.parametrize("query", [{"keep": "x"}, {"sort": "password"}, {"page": "-1"}, {"q": "%"}])
def test_what_the_address_cannot_mean_is_ignored(
    viewer: Client, customer: Customer, licenses: dict[str, License], query: dict[str, str]
) -> None:
    assert viewer.get(url("license-list", customer), query).status_code == 200


def test_an_empty_customer_is_told_what_would_be_here(viewer: Client, customer: Customer) -> None:
    words = text_of(viewer.get(url("license-list", customer)))

    assert "No license yet" in words
    assert "Export" not in words


SORTABLE = [name for name, column in LicenseTable.base_columns.items() if column.orderable]


@pytest.mark.parametrize("name", SORTABLE)
@pytest.mark.parametrize("way", ["", "-"])
def test_every_sortable_column_sorts_both_ways(
    viewer: Client, customer: Customer, licenses: dict[str, License], name: str, way: str
) -> None:
    query = {"sort": way + name, "over_sort": way + name}

    page = viewer.get(url("license-list", customer), query).content.decode()

    assert labels(page, licenses) == set(licenses)


@pytest.mark.parametrize("region", ["table", "over"])
def test_htmx_gets_the_table_it_asks_for(
    viewer: Client, customer: Customer, licenses: dict[str, License], region: str
) -> None:
    headers = {**HTMX, "HX-Target": region}

    response = viewer.get(url("license-list", customer), {"sort": "-credits"}, headers=headers)

    assert response.content.decode().strip().startswith(f'<div id="{region}">')


def exported(client: Client, customer: Customer, **query: str) -> list[dict[str, str]]:
    asked = {"_export": "csv", "_columns": "all", "_table": "all-licenses"} | query
    response: Any = client.get(url("license-list", customer), asked)
    assert response.streaming
    assert response["Content-Type"].startswith("text/csv")
    text = b"".join(response.streaming_content).decode()
    *rows, sums = csv.DictReader(io.StringIO(text))
    assert (sums["License"], int(sums["Credits"])) == ("Sum", sum(int(r["Credits"]) for r in rows))
    return rows


def test_the_export_holds_the_whole_list_with_bare_numbers(
    viewer: Client, customer: Customer, licenses: dict[str, License]
) -> None:
    rows = {row["License"]: row for row in exported(viewer, customer)}

    assert set(rows) == {license.label for license in licenses.values()}
    valid = rows[licenses["valid"].label]
    assert (valid["Credits"], valid["Order number"], valid["Status"]) == ("100", "SO-1", "Valid")
    assert valid["First day"] == today().isoformat()
    left = clock.day_of(licenses["valid"].ends_at) - today()
    assert valid["Days left"] == str(left.days)
    assert rows[licenses["ended"].label]["Days left"] == ""
    assert rows[licenses["voided"].label]["Status"] == "Voided"


@pytest.mark.parametrize(
    ("table", "states"),
    [("licenses", {"valid", "upcoming"}), ("ended-licenses", {"ended", "voided"})],
)
def test_each_table_of_the_page_can_be_taken_away(
    viewer: Client, customer: Customer, licenses: dict[str, License], table: str, states: set[str]
) -> None:
    rows = exported(viewer, customer, _table=table)

    assert {row["License"] for row in rows} == {licenses[state].label for state in states}


def test_the_export_is_the_filtered_list(
    viewer: Client, customer: Customer, licenses: dict[str, License]
) -> None:
    assert len(exported(viewer, customer, keep="ended")) == 1
    assert len(exported(viewer, customer, q="so-1")) == 1
    assert len(exported(viewer, customer, q="nothing")) == 0


@pytest.mark.parametrize("number", ["=1+1", "+1", "-1", "@A1"])
def test_no_spreadsheet_takes_an_order_number_for_a_formula(
    viewer: Client, customer: Customer, number: str
) -> None:
    buy(customer, number)

    assert exported(viewer, customer)[0]["Order number"] == f"'{number}"


def test_the_page_of_a_license_tells_its_story(
    viewer: Client, customer: Customer, licenses: dict[str, License], support: User
) -> None:
    license = licenses["valid"]
    why = make.asked(actor=support, reason="Agreed on the phone.")
    longer = license.ends_at + 30 * DAY
    post(ExtendLicense(customer=customer, asked=why, license=license, ends_at=longer))
    post(ReduceLicense(customer=customer, asked=make.asked(), license=license, credits=60))

    words = text_of(viewer.get(url("license-detail", customer, public_id=license.public_id)))

    assert f"License {license.label}" in words
    assert "Granted: 100 credits" in words
    assert "Extended: last day" in words
    assert "Sam Ito Agreed on the phone." in words
    assert "Reduced: 100 \N{RIGHTWARDS ARROW} 60 credits (\N{MINUS SIGN}40)" in words
    assert "SO-1" in words


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("valid", "Valid until"),
        ("upcoming", "Not started: valid from"),
        ("ended", "Ended on"),
        ("voided", "Voided at"),
    ],
)
def test_the_page_of_a_license_says_how_it_stands(
    viewer: Client, customer: Customer, licenses: dict[str, License], state: str, words: str
) -> None:
    kwargs = {"public_id": licenses[state].public_id}

    assert words in text_of(viewer.get(url("license-detail", customer, **kwargs)))


def test_a_renewal_and_what_it_renews_lead_to_each_other(
    viewer: Client, customer: Customer, licenses: dict[str, License]
) -> None:
    old = licenses["valid"]
    renewal = buy(customer, "SO-2", line(renews=old)).lines.get().license

    before = viewer.get(url("license-detail", customer, public_id=old.public_id))
    after = viewer.get(url("license-detail", customer, public_id=renewal.public_id))

    assert f"Renewed by {renewal.label}" in text_of(before)
    assert f"Renews {old.label}" in text_of(after)


def test_another_customers_license_is_not_found(
    viewer: Client, customer: Customer, other_customer: Customer
) -> None:
    theirs = make.grant(other_customer, 10, today(), today())

    page = viewer.get(url("license-detail", customer, public_id=theirs.public_id))

    assert page.status_code == 404


def test_a_renewal_is_offered_to_sales_only(
    client_of: ClientOf, customer: Customer, licenses: dict[str, License], rep: User, alice: User
) -> None:
    address = url("license-detail", customer, public_id=licenses["valid"].public_id)

    assert "?renews=" in client_of(rep).get(address).content.decode()
    assert "?renews=" not in client_of(alice).get(address).content.decode()
