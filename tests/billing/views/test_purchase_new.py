"""A purchase is entered: by plain POST, by htmx, once, and never by the wrong person."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from billing.models import Purchase
from credits.models import Customer, LedgerEntry, License, Operation, User
from tests.billing.ordering import buy, line, today
from tests.billing.views.entering import (
    DAY,
    HTMX,
    entry_url,
    form_key,
    send,
    text_of,
    typed,
)
from tests.factories import credits as make

ClientOf = Callable[[User], Client]


@pytest.fixture
def desk(client_of: ClientOf, rep: User) -> Client:
    """The rep's browser."""
    return client_of(rep)


def books() -> tuple[int, int, int, int]:
    return (
        Operation.objects.count(),
        LedgerEntry.objects.count(),
        License.objects.count(),
        Purchase.objects.count(),
    )


# Who.


@pytest.mark.parametrize(("who", "status"), [("rep", 200), ("manager", 200), ("support", 403)])
def test_staff_enter_purchases_if_they_sell(
    request: pytest.FixtureRequest, client_of: ClientOf, customer: Customer, who: str, status: int
) -> None:
    client = client_of(request.getfixturevalue(who))

    assert client.get(entry_url(customer)).status_code == status


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_members_do_not_enter_their_own_purchases(
    request: pytest.FixtureRequest, client_of: ClientOf, customer: Customer, who: str
) -> None:
    client = client_of(request.getfixturevalue(who))
    before = books()

    assert client.get(entry_url(customer)).status_code == 403
    assert client.post(entry_url(customer), typed("any")).status_code == 403
    assert books() == before


def test_to_strangers_there_is_no_such_customer(
    client_of: ClientOf, customer: Customer, other_customer: Customer, carol: User, rep: User
) -> None:
    assert client_of(carol).get(entry_url(customer)).status_code == 404
    assert client_of(rep).get(entry_url(other_customer)).status_code == 404
    assert client_of(rep).post(entry_url(other_customer), typed("any")).status_code == 404


def test_nobody_is_asked_to_log_in_first(customer: Customer) -> None:
    assert Client().get(entry_url(customer)).status_code == 302


# Recorded.


def test_a_plain_post_records_the_order_and_leads_to_its_page(
    desk: Client, customer: Customer, rep: User
) -> None:
    response = send(desk, customer, price="12,500.50", note="By phone")

    purchase = Purchase.objects.get()
    assert response.status_code == 303
    assert response["Location"].endswith(f"/purchases/{purchase.public_id}/")
    assert (purchase.price, purchase.currency) == (Decimal("12500.50"), "EUR")
    assert (purchase.note, purchase.entered_by, purchase.channel) == ("By phone", rep, "sales")
    license = License.objects.get()
    assert license.credits == 15_000
    assert license.starts_at.date() == today()
    page = desk.get(response["Location"])
    assert "Order SO-1 is recorded: 15,000 credits." in text_of(page)


def test_htmx_is_led_to_the_same_page(desk: Client, customer: Customer) -> None:
    response = send(desk, customer, headers=HTMX)

    assert response.status_code == 200
    assert str(Purchase.objects.get().public_id) in response["HX-Location"]


def test_several_licenses_are_one_order(desk: Client, customer: Customer) -> None:
    second = {"line_1_credits": "500", "line_1_first_day": today().isoformat()}

    send(desk, customer, lines=2, line_1_term="custom", line_1_last_day="2099-01-01", **second)

    assert [found.credits for found in License.objects.order_by("number")] == [15_000, 500]
    assert Purchase.objects.count() == 1


def test_a_renewal_is_recorded_as_one(desk: Client, customer: Customer) -> None:
    old = make.grant(customer, 10, today(), today() + 5 * DAY)

    send(desk, customer, line_0_renews=old.public_id)

    assert License.objects.get(renews=old).credits == 15_000


def test_sent_twice_it_is_one_purchase(desk: Client, customer: Customer) -> None:
    key = form_key(desk, customer)

    first = send(desk, customer, key=key)
    second = send(desk, customer, key=key)

    assert first["Location"] == second["Location"]
    assert Purchase.objects.count() == 1


def test_a_used_form_with_other_content_is_a_conflict(desk: Client, customer: Customer) -> None:
    key = form_key(desk, customer)
    send(desk, customer, key=key)
    before = books()

    response = send(desk, customer, key=key, line_0_credits="16,000")

    assert response.status_code == 409
    assert "nothing was changed" in text_of(response)
    assert 'value="16,000"' in response.content.decode()
    assert books() == before


def test_a_form_of_another_page_records_nothing(
    desk: Client, customer: Customer, other_customer: Customer, rep: User
) -> None:
    make.assign_rep(other_customer, rep)
    before = books()

    response = send(desk, customer, key=form_key(desk, other_customer))

    assert response.status_code == 422
    assert "made for another page" in text_of(response)
    assert books() == before


def test_a_price_left_empty_needs_no_currency(desk: Client, customer: Customer) -> None:
    send(desk, customer)

    purchase = Purchase.objects.get()
    assert (purchase.price, purchase.currency) == (None, "")


# Refused.

FULLWIDTH = "\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT FIVE}"
WHOLE = "Credits must be a whole number from 1 to 1,000,000,000,000."
DAY_SENTENCE = "must be a day that exists, written like 2027-04-01."
BAD = [
    ("line_0_credits", "", f"{WHOLE} You entered nothing."),
    ("line_0_credits", "-5", f"{WHOLE} You entered -5."),
    ("line_0_credits", "0", f"{WHOLE} You entered 0."),
    ("line_0_credits", "12.5", f"{WHOLE} You entered 12.5."),
    ("line_0_credits", "NaN", f"{WHOLE} You entered NaN."),
    ("line_0_credits", "Infinity", f"{WHOLE} You entered Infinity."),
    ("line_0_credits", "1e20", f"{WHOLE} You entered 1e20."),
    ("line_0_credits", "100000000000000000000", f"{WHOLE} You entered 100000000000000000000."),
    ("line_0_credits", FULLWIDTH, f"{WHOLE} You entered {FULLWIDTH}."),
    ("line_0_credits", "1_000", f"{WHOLE} You entered 1_000."),
    ("line_0_first_day", "", f"First day {DAY_SENTENCE}"),
    ("line_0_first_day", "2027-02-30", f"First day {DAY_SENTENCE} You entered 2027-02-30."),
    ("line_0_first_day", "1999-12-31", "A term lies between 2000 and 2100."),
    ("line_0_first_day", "9999-12-31", "A term lies between 2000 and 2100."),
    ("line_0_last_day", "2027-02-30", f"Last day {DAY_SENTENCE} You entered 2027-02-30."),
    ("line_0_last_day", "2001-01-01", "The last day must not be before the first day."),
    ("line_0_last_day", "2101-01-01", "A term lies between 2000 and 2100."),
    ("line_0_term", "99", "Choose one of the terms listed."),
    ("line_0_term", "custom", "Enter the last day, or choose a term."),
    ("line_0_renews", "b334b3f7-1e6f-4b8d-8065-741ebd6a0e51", "There is no such license to renew."),
    ("line_0_renews", "L-201", "There is no such license to renew."),
    ("order_number", "", "Enter the order number."),
    ("order_number", "   ", "Enter the order number."),
    ("order_number", "x" * 61, "The order number takes up to 60 characters."),
    ("order_number", "SO\u202e1", "Enter the order number, up to 60 characters."),
    ("channel", "", "Choose the channel the order came through."),
    ("channel", "aws", "Choose one of the channels listed."),
    ("price", "-1", "Price must be an amount from 0"),
    ("price", "1e3", "Price must be an amount from 0"),
    ("price", "NaN", "Price must be an amount from 0"),
    ("price", "1.234", "Price must be an amount from 0"),
    ("price", "9999999999999", "Price must be an amount from 0"),
    ("note", "x" * 501, "at most 500 characters"),
    ("lines", "21", "An order takes up to 20 licenses."),
]


@pytest.mark.parametrize("headers", [None, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize(("field", "value", "sentence"), BAD)
def test_bad_input_gets_a_sentence_and_changes_nothing(
    desk: Client, customer: Customer, field: str, value: str, sentence: str, headers: Any
) -> None:
    before = books()

    response = send(desk, customer, headers=headers, **{field: value})

    assert response.status_code == 422
    assert sentence in text_of(response)
    assert books() == before
    if field != "order_number":
        assert 'value="SO-1"' in response.content.decode()


def test_all_errors_show_at_once_each_at_its_license(desk: Client, customer: Customer) -> None:
    second = {"line_1_first_day": today().isoformat(), "line_1_term": "12"}

    response = send(
        desk, customer, lines=2, line_0_credits="x", line_1_credits="y", price="z", **second
    )

    page = response.content.decode()
    assert 'id="line-0-credits_error"' in page
    assert 'id="line-1-credits_error"' in page
    assert 'id="price_error"' in page
    assert 'href="#line-1-credits"' in page
    assert "License 2: Credits must be" in text_of(response)


def test_what_the_domain_refuses_stands_at_its_license(desk: Client, customer: Customer) -> None:
    old = make.grant(customer, 10, today(), today() + 5 * DAY)
    both = {"line_0_renews": old.public_id, "line_1_renews": old.public_id}
    second = {"line_1_credits": "5", "line_1_first_day": today(), "line_1_term": "12"}

    response = send(desk, customer, lines=2, **both, **second)

    assert response.status_code == 422
    assert 'id="line-1-renews_error"' in response.content.decode()
    assert "L-201 has a renewal already." in text_of(response)


def test_another_customers_license_is_no_renewal(
    desk: Client, customer: Customer, other_customer: Customer
) -> None:
    theirs = make.grant(other_customer, 10, today(), today() + 5 * DAY)
    before = books()

    response = send(desk, customer, line_0_renews=theirs.public_id)

    assert response.status_code == 422
    assert 'id="line-0-renews_error"' in response.content.decode()
    assert books() == before


def test_a_taken_order_number_names_the_purchase_a_person_may_see(
    desk: Client, customer: Customer
) -> None:
    taken = buy(customer, "SO-1")

    response = send(desk, customer, order_number="so-1")

    assert response.status_code == 422
    assert 'id="order_number_error"' in response.content.decode()
    assert f"/purchases/{taken.public_id}/" in response.content.decode()
    assert f"order SO-1 of {customer.name}" in text_of(response)


def test_a_taken_order_number_does_not_reveal_another_customer(
    desk: Client, customer: Customer, other_customer: Customer
) -> None:
    taken = buy(other_customer, "SO-1")

    response = send(desk, customer)

    page = response.content.decode()
    assert response.status_code == 422
    assert "Order number SO-1 is used already" in text_of(response)
    assert other_customer.name not in page
    assert other_customer.slug not in page
    assert str(taken.public_id) not in page


def test_an_unusual_term_is_confirmed_by_name_and_no_other(
    desk: Client, customer: Customer
) -> None:
    first = today() - 200 * DAY
    key = form_key(desk, customer)
    before = books()

    asked = send(desk, customer, key=key, line_0_first_day=first)
    other = send(
        desk,
        customer,
        key=key,
        line_0_first_day=first - DAY,
        unusual=f"{first}/{first + 364 * DAY}",
    )

    assert asked.status_code == other.status_code == 422
    assert f"This license starts on {first}, more than 90 days back." in text_of(asked)
    assert books() == before
    value = asked.content.decode().split('name="unusual" value="')[1].split('"')[0]
    assert send(desk, customer, key=key, line_0_first_day=first, unusual=value).status_code == 303


# Filled in.


def test_the_form_begins_with_the_likely_renewal(desk: Client, customer: Customer) -> None:
    old = make.grant(customer, 1_000, today() - 10 * DAY, today() + 99 * DAY)
    make.allocate(customer, "endpoint-sandbox-submission", 100)

    page = desk.get(entry_url(customer))

    html = page.content.decode()
    assert 'value="1,000"' in html
    assert f'value="{today() + 100 * DAY}"' in html
    assert f'<option value="{old.public_id}" selected>' in html
    assert "Continues L-201" in text_of(page)
    assert "Confirm purchase of 1,000 credits" in text_of(page)


def test_a_link_says_what_to_begin_with(desk: Client, customer: Customer) -> None:
    old = make.grant(customer, 70, today(), today() + 5 * DAY)
    wanted = {"credits": "17100", "first_day": "2027-09-01"}

    asked_for = desk.get(entry_url(customer), wanted).content.decode()
    renewal = desk.get(entry_url(customer), {"renews": str(old.public_id)}).content.decode()
    nonsense = desk.get(entry_url(customer), {"renews": "x", "credits": "-1", "first_day": "soon"})

    assert 'value="17,100"' in asked_for
    assert 'value="2027-09-01"' in asked_for
    assert 'value="70"' in renewal
    assert nonsense.status_code == 200


def test_the_currency_is_likely_that_of_the_last_price(desk: Client, customer: Customer) -> None:
    buy(customer, "SO-0", price=Decimal(5), currency="CHF")

    assert '<option value="CHF" selected>' in desk.get(entry_url(customer)).content.decode()


@pytest.mark.parametrize("headers", [None, HTMX], ids=["plain", "htmx"])
def test_a_license_is_added_and_removed_and_what_was_typed_is_kept(
    desk: Client, customer: Customer, headers: Any
) -> None:
    before = books()

    two = send(desk, customer, add="", line_0_credits="twelve", note="Kept", headers=headers)
    suggested = send(desk, customer, add=f"{today() + DAY}/30000/", headers=headers)
    second = {"line_1_credits": "7", "line_1_first_day": today()}
    one = send(desk, customer, lines=2, remove=0, headers=headers, **second)

    assert two.status_code == suggested.status_code == one.status_code == 200
    page = two.content.decode()
    assert 'id="line-1-credits"' in page
    assert 'value="twelve"' in page
    assert 'value="Kept"' in page
    assert 'role="alert" tabindex' not in page
    assert 'value="30,000"' in suggested.content.decode()
    assert 'value="7"' in one.content.decode()
    assert 'id="line-1-credits"' not in one.content.decode()
    assert ("<html" in page) is (headers is None)
    assert books() == before


def test_the_last_license_stays(desk: Client, customer: Customer) -> None:
    assert 'id="line-0-credits"' in send(desk, customer, remove=0).content.decode()


def test_the_form_does_not_grow_without_end(desk: Client, customer: Customer) -> None:
    page = send(desk, customer, lines=20, add="").content.decode()

    assert 'id="line-19-credits"' in page
    assert 'id="line-20-credits"' not in page


def test_a_renewal_may_start_from_the_old_end(desk: Client, customer: Customer) -> None:
    old = make.grant(customer, 70, today() - 99 * DAY, today() - 10 * DAY)

    page = send(desk, customer, line_0_renews=old.public_id, preview=1)
    moved = send(desk, customer, line_0_renews=old.public_id, join=0)

    assert "a gap of 9 days" in text_of(page)
    assert f'value="{today() - 9 * DAY}"' in moved.content.decode()
    assert "no gap, no overlap" in text_of(moved)


def test_the_effect_is_shown_without_a_script(desk: Client, customer: Customer) -> None:
    before = books()

    page = send(desk, customer, preview=1, line_0_term="24")

    assert page.status_code == 200
    assert "Today 0 15,000" in text_of(page)
    assert "Covered until" not in text_of(page)
    assert books() == before


def test_typing_changes_the_effect_and_leaves_the_typed_field_alone(
    desk: Client, customer: Customer
) -> None:
    make.grant(customer, 1_000, today() - 10 * DAY, today() + 99 * DAY)
    headers = {**HTMX, "HX-Target": "effect", "HX-Trigger-Name": "line-0-last_day"}
    before = books()

    response = send(desk, customer, headers=headers, line_0_last_day="2099-01-31")

    page = response.content.decode()
    assert page.lstrip().startswith("<section")
    assert "Today 1,000 16,000" in text_of(response)
    assert re.search(r'<select name="line-0-term"[^>]* hx-swap-oob="true"', page)
    assert '<option value="custom" selected>' in page
    assert 'name="line-0-last_day"' not in page
    assert "Never short." in response["HX-Trigger"]
    assert "Confirm purchase of 15,000 credits" in text_of(response)
    assert books() == before


def test_a_typing_request_never_records(desk: Client, customer: Customer) -> None:
    send(desk, customer, headers={**HTMX, "HX-Target": "effect"})

    assert not Purchase.objects.exists()


def test_a_shortage_that_stays_offers_the_license_that_ends_it(
    desk: Client, customer: Customer
) -> None:
    make.allocate(customer, "endpoint-sandbox-submission", 100)

    page = send(desk, customer, preview=1, line_0_credits="600")

    assert "Still short today." in text_of(page)
    assert "Add 100 from today" in text_of(page)
    assert f'value="{today()}/100/"' in page.content.decode()


def test_the_page_says_for_whom_one_works(desk: Client, customer: Customer) -> None:
    buy(customer, "SO-0", line(30_000))

    words = text_of(desk.get(entry_url(customer)))

    assert f"You are working for {customer.name}" in words
    assert "30,000 credits" in words


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(desk: Client, customer: Customer, method: str) -> None:
    assert getattr(desk, method)(entry_url(customer)).status_code == 405
