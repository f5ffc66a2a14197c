"""The pages that correct an order: effect first, a reason, and then the act."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Purchase, PurchaseState
from credits import clock
from credits.domain.commands import Answer
from credits.domain.figures import figure
from credits.domain.verify import verify_books
from credits.models import Customer, Operation, User
from tests.billing.order_changes.mending import amend, licenses_of, move_to, void
from tests.billing.ordering import buy, line, today
from tests.billing.views.entering import text_of
from tests.factories import credits as make

ClientOf = Callable[[User], Client]
WHY = "Typed wrong on the phone."


@pytest.fixture
def purchase(customer: Customer, rep: User) -> Purchase:
    return buy(
        customer,
        "SO-1",
        line(15_000),
        line(500),
        actor=rep,
        price=Decimal("12500"),
        currency="EUR",
        note="Discount agreed.",
    )


def url_of(purchase: Purchase, way: str = "detail", **extra: Any) -> str:
    kwargs = {"slug": purchase.customer.slug, "public_id": purchase.public_id, **extra}
    return reverse(f"billing:purchase-{way}", kwargs=kwargs)


def hidden(page: Any) -> dict[str, str]:
    """What the form of a page sends along by itself."""
    names = "|".join(("form_key", "seen"))
    found = re.findall(rf'name="({names})" value="([^"]+)"', page.content.decode())
    return {name: unescape(value) for name, value in found}


def fields_of(page: Any) -> dict[str, str]:
    """What the fields of an amendment hold, as a browser would send them."""
    html = page.content.decode()
    inputs = re.findall(r'<input type="(?:text|date)" name="([^"]+)" value="([^"]*)"', html)
    chosen = re.findall(r'<select name="([^"]+)".*?<option value="([^"]+)" selected', html, re.S)
    return {name: unescape(value) for name, value in [*inputs, *chosen]}


def sent(client: Client, url: str, **said: str) -> Any:
    """Open a page and do what it is for."""
    page = client.get(url)
    return client.post(url, {**hidden(page), "reason": WHY, "do": "1", **said})


def valid(customer: Customer) -> int:
    now = clock.now()
    return figure(customer, at=now, known=now).valid


def test_an_order_is_cancelled_after_its_number_was_typed(
    client_of: ClientOf,
    customer: Customer,
    purchase: Purchase,
    rep: User,
    allocate: Callable[..., Answer],
) -> None:
    allocate(customer, "endpoint-sandbox-submission", 100)
    client, url = client_of(rep), url_of(purchase, "cancel")

    words = text_of(client.get(url))
    assert "Today 14,800 \N{MINUS SIGN}700" in words
    assert "15,500 valid credits go, and 700 of them are allocated." in words
    assert "Short now by 700 credits." in words
    wrong = sent(client, url, number="SO-2")
    assert wrong.status_code == 422
    assert "Type SO-1 to confirm." in text_of(wrong)
    assert valid(customer) == 15_500

    response = sent(client, url, number=" so-1 ")

    assert (response.status_code, response["Location"]) == (303, url_of(purchase))
    assert valid(customer) == 0
    story = text_of(client.get(url_of(purchase)))
    assert "Cancelled: all its licenses were withdrawn Rina Holm Typed wrong on the phone." in story
    assert verify_books(customer) == []


def test_a_license_ends_now_or_never_was(
    client_of: ClientOf, customer: Customer, purchase: Purchase, rep: User
) -> None:
    first, second = licenses_of(purchase)
    client = client_of(rep)
    url = url_of(purchase, "void", license=second.public_id)

    assert "L-202 ends now" in text_of(client.get(url))
    assert "L-202 never was" in text_of(client.get(f"{url}?never=1"))
    assert sent(client, f"{url}?never=1").status_code == 422
    assert sent(client, f"{url}?never=1", number="SO-1").status_code == 303
    assert valid(customer) == 15_000
    page = text_of(client.get(url_of(purchase)))
    assert "L-202 was taken out, as if it had never been ordered" in page
    assert "Credits ordered 15,000" in page

    url = url_of(purchase, "void", license=first.public_id)
    assert "cancel the order: it is the only license" in text_of(client.get(url))
    assert sent(client, url).status_code == 303
    assert valid(customer) == 0
    assert "L-201 was voided: it ended then" in text_of(client.get(url_of(purchase)))
    assert "L-201 has been voided." in text_of(client.get(url))
    other = url_of(purchase, "void", license=customer.public_id)
    assert client.get(other).status_code == 404


def test_an_order_is_amended_once_its_effect_was_seen(
    client_of: ClientOf, customer: Customer, purchase: Purchase, rep: User
) -> None:
    client, url = client_of(rep), url_of(purchase, "amend")
    page = client.get(url)
    typed = {**fields_of(page), "reason": WHY, "order_number": "SO-10"}
    typed["line-1-credits"] = "1,500"

    blind = client.post(url, {**hidden(page), **typed, "do": "1"})
    assert blind.status_code == 409
    assert "Look at what it does, then confirm." in text_of(blind)
    shown = client.post(url, {**hidden(page), **typed, "show": "1"})
    assert "Today 15,500 2,000" in text_of(shown)
    assert valid(customer) == 15_500
    assert client.post(url, {**hidden(shown), **typed, "do": "1"}).status_code == 303

    assert valid(customer) == 2_000
    story = text_of(client.get(url_of(purchase)))
    assert "Order number: SO-1 \N{RIGHTWARDS ARROW} SO-10" in story
    assert "L-201, credits: 15,000 \N{RIGHTWARDS ARROW} 1,500" in story
    again = client.post(url, {**hidden(shown), **typed, "do": "1"})
    assert again.status_code == 303
    assert purchase.events.count() == 1


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"line-1-credits": "many"}, "Credits of L-201 must be a whole number"),
        ({"line-1-last_day": "2020-01-01"}, "The last day must not be before the first day."),
        ({"reason": ""}, "Write why. It is kept with the order."),
        ({"order_number": "SO-7"}, "order SO-7 of Halden Energy"),
        ({}, "Nothing is different, so nothing was changed."),
    ],
)
def test_bad_input_stays_with_its_sentence(
    client_of: ClientOf, purchase: Purchase, rep: User, said: dict[str, str], words: str
) -> None:
    buy(purchase.customer, "SO-7")
    client, url = client_of(rep), url_of(purchase, "amend")
    page = client.get(url)
    operations = Operation.objects.count()

    data = {**hidden(page), **fields_of(page), "reason": WHY, **said}
    response = client.post(url, data | {"show": "1"})

    assert response.status_code == 422
    assert words in text_of(response)
    assert Operation.objects.count() == operations


def test_days_far_back_are_confirmed_by_name(
    client_of: ClientOf, purchase: Purchase, rep: User
) -> None:
    client, url = client_of(rep), url_of(purchase, "amend")
    page = client.get(url)
    typed = {**hidden(page), **fields_of(page), "reason": WHY}
    typed["line-1-first_day"] = (today() - timedelta(days=100)).isoformat()

    asks = client.post(url, typed | {"show": "1"})
    assert asks.status_code == 422
    assert "more than 90 days back. Confirm that it is meant." in text_of(asks)
    token = re.search(r'name="unusual" value="([^"]+)"', asks.content.decode())
    assert token is not None
    shown = client.post(url, typed | {"show": "1", "unusual": unescape(token[1])})
    assert shown.status_code == 200
    done = client.post(url, typed | hidden(shown) | {"do": "1", "unusual": unescape(token[1])})
    assert done.status_code == 303


def test_an_order_is_moved_to_a_customer_found_by_its_name(
    client_of: ClientOf,
    customer: Customer,
    other_customer: Customer,
    purchase: Purchase,
    rep: User,
) -> None:
    client, url = client_of(rep), url_of(purchase, "move")
    assert "None of your other customers" in text_of(client.get(f"{url}?q=borealis"))
    foreign = client.get(f"{url}?to={other_customer.public_id}")
    assert other_customer.name not in foreign.content.decode()
    make.assign_rep(other_customer, rep)

    found = client.get(f"{url}?q=borealis")
    address = re.search(r'href="(\?to=[^"]+)"', found.content.decode())
    assert address is not None
    url += address[1]
    words = text_of(client.get(url))
    assert "What this does to Halden Energy" in words
    assert "What this does to Borealis Freight" in words
    assert "Today 0 15,500" in words
    named = sent(client, url, reason="It is Borealis Freight's.")
    assert named.status_code == 422
    response = sent(client, url)

    moved = Purchase.objects.get(customer=other_customer)
    assert (response.status_code, response["Location"]) == (303, url_of(moved))
    assert (valid(customer), valid(other_customer)) == (0, 15_500)
    there = text_of(client.get(url_of(moved)))
    assert "Moved here: it was entered for another customer Halden Energy" in there
    here = text_of(client.get(url_of(purchase)))
    assert "its licenses are not here Borealis Freight" in here
    assert "stands no more" in text_of(client.get(url_of(purchase, "amend")))


def test_neither_customers_people_learn_of_the_other(
    client_of: ClientOf,
    customer: Customer,
    other_customer: Customer,
    purchase: Purchase,
    alice: User,
    carol: User,
    manager: User,
) -> None:
    moved = move_to(purchase, other_customer, actor=manager)
    for person, mine, other, order in (
        (alice, customer, other_customer, purchase),
        (carol, other_customer, customer, moved),
    ):
        client = client_of(person)
        pages = ["credits:activity", "billing:license-list", "billing:annual-credits"]
        urls = [reverse(name, kwargs={"slug": mine.slug}) for name in pages]
        acts = Operation.objects.filter(customer=mine, kind__in=("grant", "move-order"))
        urls += [
            reverse(
                "credits:activity-detail", kwargs={"slug": mine.slug, "operation": one.public_id}
            )
            for one in acts
        ]
        for url in [url_of(order), *urls]:
            page = client.get(url)
            assert page.status_code == 200
            for mark in (other.name, other.slug, str(other.public_id)):
                assert mark not in page.content.decode(), url


def test_what_changed_meanwhile_is_looked_at_again(
    client_of: ClientOf, customer: Customer, purchase: Purchase, rep: User
) -> None:
    client, url = client_of(rep), url_of(purchase, "cancel")
    page = client.get(url)
    amend(purchase, {"credits": 9}, actor=rep)

    data = {**hidden(page), "reason": WHY, "number": "SO-1", "do": "1"}
    stale = client.post(url, data)

    assert stale.status_code == 409
    assert "Today 509 0" in text_of(stale)
    assert client.post(url, data | hidden(stale)).status_code == 303
    assert client.post(url, data | hidden(stale)).status_code == 303
    purchase.refresh_from_db()
    assert purchase.state == PurchaseState.CANCELLED


def test_viewers_see_no_price_in_the_story(
    client_of: ClientOf, purchase: Purchase, rep: User, bob: User, alice: User
) -> None:
    amend(purchase, {"credits": 9}, actor=rep, price=Decimal(77), note="Secret terms.")

    for person, sees in ((bob, False), (alice, True)):
        words = text_of(client_of(person).get(url_of(purchase)))
        assert "L-201, credits: 15,000" in words
        assert ("77.00 EUR" in words) is sees
        assert ("Secret terms." in words) is sees
        assert "Move to another customer" not in words


def test_an_order_of_a_marketplace_offers_nothing(
    client_of: ClientOf, customer: Customer, rep: User
) -> None:
    purchase = buy(customer, "agreement /1", channel="aws")
    client = client_of(rep)

    assert "Amend" not in text_of(client.get(url_of(purchase)))
    for way in ("amend", "cancel", "move"):
        page = client.get(url_of(purchase, way))
        assert "came by AWS Marketplace and follows it" in text_of(page)
    assert sent(client, url_of(purchase, "cancel"), number="agreement /1").status_code == 422
    assert valid(customer) == 15_000


def test_the_story_tells_what_support_did_to_a_license(
    client_of: ClientOf, customer: Customer, purchase: Purchase, alice: User, support: User
) -> None:
    void(purchase, licenses_of(purchase)[1], never=True, actor=support)
    words = text_of(client_of(alice).get(url_of(purchase)))

    assert words.index("Entered Rina Holm") < words.index("L-202 was taken out")
    assert "Sam Ito" in words
