"""The list of customers a person can go to, and the search that a long one has."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from credits.models import Customer, User
from credits.views import people
from tests.factories import credits as make


@pytest.fixture
def sams(client_of: Callable[[User], Client], support: User) -> Client:
    return client_of(support)


def names(client: Client, words: str = "") -> list[str]:
    response = client.get(reverse("credits:home"), {"q": words})
    return [found.name for found, _url in response.context["customers"]]


def test_a_short_list_needs_no_search(
    sams: Client, customer: Customer, other_customer: Customer
) -> None:
    html = sams.get(reverse("credits:home")).content.decode()

    assert "Halden Energy" in html
    assert 'type="search"' not in html


def test_a_long_list_is_searched_by_name_and_number(
    sams: Client, customer: Customer, other_customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "SHOWN", 2)
    other = make.make_customer(name="Halden Shipping")

    assert 'type="search"' in sams.get(reverse("credits:home")).content.decode()
    assert names(sams, "halden") == ["Halden Energy", "Halden Shipping"]
    gone = sams.get(reverse("credits:home"), {"q": other.label})
    assert gone["Location"] == reverse("billing:annual-credits", args=[other.slug])


def test_a_search_that_finds_nothing_says_so(sams: Client, customer: Customer) -> None:
    html = sams.get(reverse("credits:home"), {"q": "%"}).content.decode()

    assert "No customer of yours is called that." in html


def test_nobody_finds_another_persons_customers(
    client_of: Callable[[User], Client], alice: User, other_customer: Customer
) -> None:
    assert names(client_of(alice), "Borealis") == []
