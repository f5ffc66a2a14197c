"""The pages of a hand-over: figures before the act, how it stands, one confirmation, links."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.models import Purchase
from credits import clock
from credits.models import Customer, User
from estimator.domain.pipeline import Stage
from estimator.models import HandOver
from tests.billing.ordering import buy, line
from tests.estimator.handing import back, confirm, hand, plan, stage, withdraw
from tests.estimator.page import LogIn, body, edit_url, save, words
from tests.factories import credits as make

SALES = reverse("estimator:sales-estimates")
DAY = timedelta(days=1)
FEW, MANY = 5, 50


def fields(page: Any, button: str) -> dict[str, str]:
    """The inputs of the form in which a button stands."""
    forms = re.findall(r"<form.*?</form>", page.content.decode(), re.S)
    form = next(form for form in forms if button in form)
    inputs = [dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in re.findall("<input[^>]*>", form)]
    return {own["name"]: unescape(own.get("value", "")) for own in inputs if "name" in own}


def submit(client: Client, url: str, button: str, **changed: str) -> Any:
    """Open a page and press a button of it, as a person does."""
    return client.post(url, fields(client.get(url), button) | changed)


def test_a_customer_hands_over_what_the_page_has_shown(
    customer: Customer, alice: User, rep: User, client_of: LogIn
) -> None:
    estimate = plan(customer, alice, years=2)
    client, url = client_of(alice), edit_url(estimate, "estimate-hand-over")
    assert url in body(client.get(edit_url(estimate)))

    page = client.get(url)
    said = words(page)
    for told in (
        "Credits 700 First day 25 Nov 2026",
        "24 Nov 2028 Term 2 years",
        "It goes by mail to Rina Holm (rep@vendor.example).",
        "Hand over 700 credits",
        "25 Nov 2028 this license ends",
    ):
        assert told in said
    sent = client.post(url, fields(page, "Hand over 700"))

    assert sent["Location"] == edit_url(estimate)
    after = words(client.get(edit_url(estimate)))
    assert "Estimate E-1 is handed over to sales: 700 credits." in after
    assert "Waits for sales Version 1 was handed over" in after
    assert "by Alice Brandt: 700 credits from 25 Nov 2026 , for 2 years." in after
    assert url not in body(client.get(edit_url(estimate)))


def test_figures_that_changed_are_shown_anew(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    estimate = plan(customer, alice)
    client, url = client_of(alice), edit_url(estimate, "estimate-hand-over")
    sent = fields(client.get(url), "Hand over 700")
    make.grant(customer, 100, clock.day_of(clock.now()), clock.day_of(clock.now()) + 900 * DAY)

    page = client.post(url, sent)

    assert page.status_code == 422
    assert "has changed meanwhile. Nothing was sent." in words(page)
    assert "Hand over 600 credits" in words(page)
    assert client.post(url, fields(page, "Hand over 600"))["Location"] == edit_url(estimate)
    assert HandOver.objects.get().credits == 600


def test_where_nothing_is_missing_the_page_says_so(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    today = clock.day_of(clock.now())
    make.grant(customer, 700, today, today + 900 * DAY)
    estimate = plan(customer, alice)

    said = words(client_of(alice).get(edit_url(estimate, "estimate-hand-over")))

    assert "There is nothing to buy: the balance stays at or above zero" in said
    assert "Hand over 7" not in said


@pytest.mark.parametrize(
    "changed",
    [
        {"credits": "x"},
        {"credits": "-5"},
        {"version": ""},
        {"first_day": "31.12.2026"},
        {"basis": "?"},
        {"form_key": "forged"},
        {"version": "99"},
    ],
)
def test_bad_input_changes_nothing(
    customer: Customer, alice: User, client_of: LogIn, changed: dict[str, str]
) -> None:
    estimate = plan(customer, alice)
    url = edit_url(estimate, "estimate-hand-over")

    page = submit(client_of(alice), url, "Hand over 700", **changed)

    assert page.status_code == 422
    assert 'role="alert"' in body(page)
    assert not HandOver.objects.exists()


def test_a_customer_takes_it_back(customer: Customer, alice: User, client_of: LogIn) -> None:
    estimate = plan(customer, alice)
    found = hand(estimate, alice)
    client = client_of(alice)
    sent = fields(client.get(edit_url(estimate)), "Take back")

    for _ in range(2):
        answer = client.post(edit_url(estimate, "estimate-take-back"), sent)
        assert answer["Location"] == edit_url(estimate)

    assert stage(found) == Stage.TAKEN_BACK
    page = client.get(edit_url(estimate))
    assert "Estimate E-1 is taken back." in words(page)
    assert edit_url(estimate, "estimate-hand-over") in body(page)


def test_a_version_saved_since_is_told(customer: Customer, alice: User, client_of: LogIn) -> None:
    estimate = plan(customer, alice)
    hand(estimate, alice)
    client = client_of(alice)

    save(client, edit_url(estimate), {"email-core": "10"})

    said = words(client.get(edit_url(estimate)))
    assert "Version 2 was saved since, and is not part of it." in said


def test_one_confirmation_makes_the_purchase_and_both_show_the_link(
    customer: Customer, alice: User, rep: User, client_of: LogIn
) -> None:
    found = hand(plan(customer, alice), alice)
    url, client = edit_url(found.estimate, "estimate-order"), client_of(rep)
    assert url in body(client.get(SALES))
    page = client.get(url)
    assert f'value="{customer.label}-E-1"' in body(page)
    sent = fields(page, "Confirm purchase of 700 credits")

    answers = [client.post(url, sent) for _ in range(2)]

    purchase = Purchase.objects.get()
    shown = reverse(
        "billing:purchase-detail", kwargs={"slug": customer.slug, "public_id": purchase.public_id}
    )
    assert [answer["Location"] for answer in answers] == [shown, shown]
    for person in (alice, rep):
        own = client_of(person)
        assert edit_url(found.estimate) in body(own.get(shown))
        assert "Estimate E-1, version 1" in words(own.get(shown))
        assert shown in body(own.get(edit_url(found.estimate)))
    assert shown in body(client.get(SALES))
    again = client.get(url)
    assert f"order {purchase.order_number}" in words(again)
    assert "Confirm purchase" not in words(again)


def test_a_taken_number_is_named_at_its_field(
    customer: Customer, alice: User, rep: User, client_of: LogIn
) -> None:
    taken = buy(customer, "SO-1", line(10))
    found = hand(plan(customer, alice), alice)
    url = edit_url(found.estimate, "estimate-order")

    page = submit(client_of(rep), url, "Confirm purchase", order_number="so-1")
    empty = submit(client_of(rep), url, "Confirm purchase", order_number=" ")

    assert (page.status_code, empty.status_code) == (422, 422)
    assert "Order number SO-1 is used already" in words(page)
    assert str(taken.public_id) in body(page)
    assert "Enter the order number." in words(empty)
    assert stage(found) == Stage.WAITING


@override_settings(PURCHASE_SECOND_LOOK_CREDITS=699)
def test_above_the_threshold_the_whole_form_opens_filled_in(
    customer: Customer, alice: User, rep: User, client_of: LogIn
) -> None:
    found = hand(plan(customer, alice), alice)
    client = client_of(rep)

    answer = submit(client, edit_url(found.estimate, "estimate-order"), "Confirm purchase")
    page = client.get(answer["Location"])

    assert "confirmed by a second person" in words(page)
    assert 'value="700"' in body(page)
    assert stage(found) == Stage.WAITING


def test_an_order_entered_by_itself_is_linked(
    customer: Customer, alice: User, rep: User, client_of: LogIn
) -> None:
    found = hand(plan(customer, alice), alice)
    buy(customer, "SO-8", line(600), actor=rep)
    client, url = client_of(rep), edit_url(found.estimate, "estimate-order")
    sent = fields(client.get(url), "It is order SO-8")
    settle = edit_url(found.estimate, "estimate-settle")

    client.post(settle, sent | {"order": "nonsense"})
    assert stage(found) == Stage.WAITING
    client.post(settle, sent | {"order": str(Purchase.objects.get().public_id)})

    assert stage(found) == Stage.PURCHASED
    assert "Confirm purchase" not in words(client.get(url))


def test_what_was_needed_before_today_starts_today(
    customer: Customer, alice: User, rep: User, client_of: LogIn
) -> None:
    found = hand(plan(customer, alice), alice)

    with clock.moved_to(clock.now() + 200 * DAY):
        client, url = client_of(rep), edit_url(found.estimate, "estimate-order")
        assert "That day has passed, so it starts today." in words(client.get(url))
        submit(client, url, "Confirm purchase")
        today = clock.day_of(clock.now())

    assert Purchase.objects.get().lines.get().license.starts_at.date() == today


def test_the_list_has_those_that_wait_first_and_is_narrowed(
    customer: Customer,
    other_customer: Customer,
    alice: User,
    carol: User,
    rep: User,
    client_of: LogIn,
) -> None:
    bought, taken, waiting, gone = (
        hand(plan(customer, alice, units), alice) for units in (100, 200, 300, 400)
    )
    hand(plan(other_customer, carol), carol)
    back(taken.estimate, alice)
    withdraw(confirm(gone, rep, "SO-2"))
    confirm(bought, rep, "SO-1")
    client = client_of(rep)

    page = client.get(SALES)

    said = words(page)
    places = [
        said.index(f"{found.estimate.label} Plan") for found in (waiting, gone, bought, taken)
    ]
    assert places == sorted(places)
    assert other_customer.name not in said
    assert "Estimates 2" in said
    for keep, shown in (
        ("waiting", {"E-3", "E-4"}),
        ("purchased", {"E-1"}),
        ("taken-back", {"E-2"}),
    ):
        kept = words(client.get(SALES, {"keep": keep}))
        assert set(re.findall(r"E-\d", kept)) == shown
    assert set(re.findall(r"E-\d", words(client.get(SALES, {"q": "so-1"})))) == {"E-1"}
    assert "No estimate was handed over." in words(client.get(SALES, {"q": "nobody"}))


def test_the_list_is_a_file(customer: Customer, alice: User, rep: User, client_of: LogIn) -> None:
    hand(plan(customer, alice), alice)

    answer: Any = client_of(rep).get(SALES, {"_export": "csv", "_table": "hand-overs"})
    text = b"".join(answer.streaming_content).decode()

    assert "Halden Energy" in text
    assert "Waiting" in text
    assert "2026-11-25" in text


def test_as_many_queries_with_fifty_as_with_five(
    customer: Customer, alice: User, rep: User, client_of: LogIn
) -> None:
    client = client_of(rep)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(SALES)
        return len(queries)

    def more(number: int) -> None:
        for _ in range(number):
            hand(plan(customer, alice, units=300), alice)

    confirm(hand(plan(customer, alice), alice), rep, "SO-1")
    more(FEW)
    few = count()
    more(MANY - FEW)

    assert count() == few <= 9


def test_support_reads_it_beside_the_estimate_and_the_order(
    customer: Customer, alice: User, rep: User, support: User, client_of: LogIn
) -> None:
    found = hand(plan(customer, alice), alice)
    purchase = confirm(found, rep, "SO-1")
    client = client_of(support)

    for name, pk in (("estimator_estimate", found.estimate.pk), ("billing_purchase", purchase.pk)):
        said = words(client.get(reverse(f"admin:{name}_change", args=[pk])))
        assert "Handed over to sales" in said
        assert "700" in said
