"""The box in the header: every kind is found, nothing of another customer, a few of each."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.models import Purchase
from credits.models import Customer, License, User
from credits.web.search import LIMIT, LONGEST
from estimator.domain.estimates import Draft
from estimator.domain.saving import Wanted, save_estimate
from estimator.models import Estimate
from tests.billing.ordering import buy, line, today
from tests.factories import credits as make

SUGGESTING = {"HX-Request": "true", "HX-Target": "search-hits"}
MOST_QUERIES = 9
"""The session and the person, the snapshot, the access, and one for each of five kinds."""


@pytest.fixture
def alices(client_of: Callable[[User], Client], alice: User) -> Client:
    return client_of(alice)


def page_of(customer: Customer) -> str:
    return reverse("credits:search", kwargs={"slug": customer.slug})


def found(client: Client, customer: Customer, words: str, **extra: Any) -> dict[str, list[str]]:
    """The titles that are found, by kind."""
    response = client.get(page_of(customer), {"q": words, "all": "1"}, **extra)
    assert response.status_code == 200
    results = response.context["results"]
    return {hits.kind: [hit.title for hit in hits.found] for hits in results.kinds}


def estimate(customer: Customer, name: str, actor: User) -> Estimate:
    wanted = Wanted(name=name, draft=Draft(years=1, quantities={"email-core": Decimal(50)}))
    return save_estimate(
        customer=customer,
        wanted=wanted,
        asked=make.asked(actor=actor),
    ).estimate


def order(customer: Customer, number: str, actor: User) -> Purchase:
    buy(customer, number, line(15_000, today()), actor=actor)
    return Purchase.objects.get(order_number=number)


@pytest.mark.parametrize(
    "words", ["Sandbox submission", "endpoint-sandbox", "sandbox endpoint", "SUBMISSION"]
)
def test_a_feature_is_found_by_name_key_and_solution(
    alices: Client, customer: Customer, words: str
) -> None:
    assert "Sandbox submission" in found(alices, customer, words)["Features"]


def test_a_license_is_found_by_its_number_and_its_order(
    alices: Client, customer: Customer, alice: User
) -> None:
    order(customer, "SO-77012", alice)
    license = License.objects.get(customer=customer)

    for words in (license.label, str(license.number), license.label.lower(), "77012"):
        assert license.label in found(alices, customer, words)["Licenses"]
    assert found(alices, customer, "77012")["Purchases"] == ["SO-77012"]


def test_an_estimate_is_found_by_its_name_and_number(
    alices: Client, customer: Customer, alice: User
) -> None:
    saved = estimate(customer, "Mail for the new plant", alice)

    assert found(alices, customer, "new plant") == {"Estimates": ["Mail for the new plant"]}
    assert found(alices, customer, saved.label)["Estimates"] == ["Mail for the new plant"]


def test_a_page_is_found_by_its_name_if_the_person_may_open_it(
    client_of: Callable[[User], Client], customer: Customer, alice: User, bob: User
) -> None:
    assert found(client_of(bob), customer, "forecast")["Pages"] == ["Forecast"]
    assert "Upload units" in found(client_of(alice), customer, "upload")["Pages"]
    assert found(client_of(bob), customer, "upload") == {}


def test_nothing_of_another_customer_is_found(
    alices: Client, customer: Customer, other_customer: Customer, carol: User
) -> None:
    order(other_customer, "SO-88001", carol)
    estimate(other_customer, "Borealis secret plan", carol)
    number = License.objects.get(customer=other_customer).number

    assert found(alices, customer, "88001") == {}
    assert found(alices, customer, "secret") == {}
    assert "Licenses" not in found(alices, customer, f"L-{number}")


@pytest.mark.parametrize("words", ["%", "_", "S%1", "SO_1", "\\", "'", '"><script>'])
def test_signs_of_patterns_are_only_signs(
    alices: Client, customer: Customer, alice: User, words: str
) -> None:
    order(customer, "SO-1", alice)

    assert found(alices, customer, words) == {}


def test_a_sign_of_a_pattern_finds_itself(alices: Client, customer: Customer, alice: User) -> None:
    estimate(customer, "Half, 50% more", alice)
    estimate(customer, "Half of 505", alice)

    assert found(alices, customer, "50%") == {"Estimates": ["Half, 50% more"]}


def test_a_few_of_a_kind_are_shown_and_the_list_that_has_them_all(
    alices: Client, customer: Customer, alice: User
) -> None:
    for n in range(LIMIT + 1):
        order(customer, f"SO-900{n}", alice)

    response = alices.get(page_of(customer), {"q": "SO-900"})

    licenses = next(k for k in response.context["results"].kinds if k.kind == "Licenses")
    assert len(licenses.found) == LIMIT
    listed = alices.get(licenses.more_url)
    assert len(listed.context["table"].rows) == LIMIT + 1


def test_what_is_typed_is_bounded(alices: Client, customer: Customer) -> None:
    response = alices.get(page_of(customer), {"q": "core " * 200})

    assert len(response.context["results"].words) <= LONGEST


def test_the_one_thing_that_is_called_so_is_gone_to(
    alices: Client, customer: Customer, alice: User
) -> None:
    order(customer, "SO-1", alice)
    license = License.objects.get(customer=customer)
    address = reverse("billing:license-detail", args=[customer.slug, license.public_id])

    response = alices.get(page_of(customer), {"q": license.label.lower()})

    assert (response.status_code, response["Location"]) == (302, address)


@pytest.mark.parametrize("words", ["Core package", "core", ""])
def test_several_that_are_called_so_or_none_are_listed(
    alices: Client, customer: Customer, words: str
) -> None:
    assert alices.get(page_of(customer), {"q": words}).status_code == 200


def test_suggestions_are_options_and_say_their_number(alices: Client, customer: Customer) -> None:
    response = alices.get(page_of(customer), {"q": "core"}, headers=SUGGESTING)

    html = response.content.decode()
    assert "<html" not in html
    assert html.count('role="option"') == html.count("<a ") == 4
    assert "3 results: Features 3." in response["HX-Trigger"]


def test_a_suggestion_never_leaves_the_page(alices: Client, customer: Customer) -> None:
    assert alices.get(page_of(customer), {"q": "forecast"}, headers=SUGGESTING).status_code == 200


def test_nothing_found_says_so(alices: Client, customer: Customer) -> None:
    response = alices.get(page_of(customer), {"q": "zebra"}, headers=SUGGESTING)

    assert "Nothing is called" in response.content.decode()
    assert "Nothing found for zebra." in response["HX-Trigger"]


def test_the_search_takes_as_many_queries_with_50_rows_as_with_5(
    alices: Client, customer: Customer, alice: User
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            alices.get(page_of(customer), {"q": "S"}, headers=SUGGESTING)
        return len(queries)

    for n in range(5):
        order(customer, f"S-{n}", alice)
        estimate(customer, f"S {n}", alice)
    few = count()
    for n in range(5, 50):
        order(customer, f"S-{n}", alice)

    assert count() == few <= MOST_QUERIES


def test_the_desk_finds_only_the_customers_one_looks_after(
    client_of: Callable[[User], Client],
    customer: Customer,
    other_customer: Customer,
    rep: User,
    manager: User,
    carol: User,
) -> None:
    order(customer, "SO-3001", rep)
    order(other_customer, "SO-3002", carol)
    address = reverse("billing:sales-search")

    def kinds(user: User, words: str) -> dict[str, list[str]]:
        response = client_of(user).get(address, {"q": words, "all": "1"})
        results = response.context["results"].kinds
        return {hits.kind: [hit.title for hit in hits.found] for hits in results}

    assert kinds(rep, "SO-300") == {"Purchases": ["SO-3001"]}
    assert kinds(manager, "SO-300") == {"Purchases": ["SO-3002", "SO-3001"]}
    assert kinds(rep, "e") == {"Customers": ["Halden Energy"]}
    assert kinds(manager, "Borealis") == {"Customers": ["Borealis Freight"]}


def test_the_desk_goes_to_the_one_customer_of_a_name(
    client_of: Callable[[User], Client], customer: Customer, rep: User
) -> None:
    response = client_of(rep).get(reverse("billing:sales-search"), {"q": "halden energy"})

    assert response["Location"] == reverse("billing:annual-credits", args=[customer.slug])


def test_what_the_desk_found_lies_in_no_entry_of_its_navigation(
    client_of: Callable[[User], Client], customer: Customer, rep: User
) -> None:
    def current(name: str) -> list[str]:
        frame = client_of(rep).get(reverse(name), {"q": "e", "all": "1"}).context["frame"]
        return [item.label for item in frame.nav if item.current]

    assert current("billing:sales-search") == []
    assert current("billing:sales-customers") == ["Customers"]
