"""A purchase's page: what was ordered, by whom, what it did; prices only for who may see them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Purchase
from credits.domain.licenses import VoidLicense
from credits.domain.post import post
from credits.models import Customer, User
from tests.billing.ordering import buy, line, today
from tests.billing.views.entering import text_of
from tests.factories import credits as make

ClientOf = Callable[[User], Client]


@pytest.fixture
def purchase(customer: Customer, rep: User) -> Purchase:
    return buy(
        customer,
        "SO-118204",
        line(15_000),
        line(500, today() + timedelta(days=30)),
        actor=rep,
        price=Decimal("12500"),
        currency="EUR",
        note="Discount agreed.",
    )


def page_of(purchase: Purchase, customer: Customer | None = None) -> str:
    slug = (customer or purchase.customer).slug
    return reverse(
        "billing:purchase-detail", kwargs={"slug": slug, "public_id": purchase.public_id}
    )


@pytest.mark.parametrize(
    ("who", "sees"), [("alice", True), ("bob", False), ("rep", True), ("support", True)]
)
def test_prices_and_notes_are_for_those_who_may_see_prices(
    request: pytest.FixtureRequest,
    client_of: ClientOf,
    purchase: Purchase,
    who: str,
    sees: bool,
) -> None:
    words = text_of(client_of(request.getfixturevalue(who)).get(page_of(purchase)))

    assert "Order SO-118204" in words
    assert ("12,500.00 EUR" in words) is sees
    assert ("Price" in words) is sees
    assert ("Discount agreed." in words) is sees


def test_the_page_says_what_the_order_did(
    client_of: ClientOf, purchase: Purchase, alice: User
) -> None:
    words = text_of(client_of(alice).get(page_of(purchase)))

    assert "Rina Holm" in words
    assert "Credits ordered 15,500" in words
    assert "its term begins +15,000" in words
    assert "its term is over \N{MINUS SIGN}500" in words
    assert "L-201" in words
    assert "L-202" in words


def test_what_became_of_the_order_is_said(
    client_of: ClientOf, purchase: Purchase, alice: User
) -> None:
    first = purchase.lines.all()[0].license
    post(VoidLicense(customer=purchase.customer, asked=make.asked(), license=first))

    words = text_of(client_of(alice).get(page_of(purchase)))

    assert "Partly voided" in words
    assert "Credits ordered 15,500" in words


def test_another_customers_purchase_is_not_found(
    client_of: ClientOf, purchase: Purchase, other_customer: Customer, carol: User, rep: User
) -> None:
    assert client_of(carol).get(page_of(purchase, other_customer)).status_code == 404
    assert client_of(carol).get(page_of(purchase)).status_code == 404
    assert client_of(rep).get(page_of(purchase, other_customer)).status_code == 404


def test_a_purchase_that_is_not_there_is_not_found(
    client_of: ClientOf, customer: Customer, alice: User
) -> None:
    kwargs = {"slug": customer.slug, "public_id": uuid.uuid4()}

    assert (
        client_of(alice).get(reverse("billing:purchase-detail", kwargs=kwargs)).status_code == 404
    )


@pytest.mark.parametrize(("who", "may"), [("alice", False), ("support", False), ("rep", True)])
def test_another_purchase_is_offered_to_sales(
    request: pytest.FixtureRequest, client_of: ClientOf, purchase: Purchase, who: str, may: bool
) -> None:
    words = text_of(client_of(request.getfixturevalue(who)).get(page_of(purchase)))

    assert ("Enter another purchase" in words) is may
