"""The customer's pages of requests: the form with its effect, the list, the story."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.domain.order_changes.cancelling import cancel, cancel_purchase
from billing.models import CreditRequest, RequestState
from billing.tables.requests import RequestTable
from credits.models import Customer, OperationNote, User
from tests.billing.ordering import buy, line, today
from tests.billing.requests.asking import FEATURE, answer, in_days, request_for, withdraw
from tests.billing.views.entering import HTMX, text_of
from tests.factories import credits as make

ClientOf = Callable[[User], Client]
KEY = re.compile(r'name="form_key" value="([^"]+)"')


def url(customer: Customer, name: str, found: CreditRequest | None = None) -> str:
    kwargs: dict[str, Any] = {"slug": customer.slug}
    if found is not None:
        kwargs["public_id"] = found.public_id
    return reverse(f"billing:request-{name}", kwargs=kwargs)


def key_on(client: Client, address: str) -> str:
    key = KEY.search(client.get(address).content.decode())
    assert key is not None
    return unescape(key[1])


def typed(client: Client, customer: Customer, **fields: str) -> dict[str, str]:
    """The form filled in well, but for what is named."""
    filled = {"credits": "5,400", "on": in_days(30).isoformat(), "cause": "other", "words": "More."}
    return {"form_key": key_on(client, url(customer, "new")), **filled, **fields}


def value(page: Any, name: str) -> str:
    """What a field of a page holds."""
    html = page.content.decode()
    field = re.search(rf'<input[^>]*name="{name}"[^>]*>', html)
    assert field is not None
    found = re.search(r'value="([^"]*)"', field[0])
    return unescape(found[1]) if found else ""


def chosen(page: Any) -> str:
    found = re.search(r'<option value="(\w+)" selected>', page.content.decode())
    return found[1] if found else ""


@pytest.fixture
def short_ahead(customer: Customer) -> Customer:
    """Short by 600 from day 10, when L-201 ends."""
    make.grant(customer, 700, today(), in_days(9))
    make.grant(customer, 100, today(), in_days(200))
    make.allocate(customer, FEATURE, 100)
    return customer


# The form.


def test_the_form_begins_with_the_shortage_that_is_known(
    client_of: ClientOf, short_ahead: Customer, alice: User
) -> None:
    page = client_of(alice).get(url(short_ahead, "new"))

    assert (value(page, "credits"), value(page, "on")) == ("600", in_days(10).isoformat())
    assert chosen(page) == "shortage"
    words = text_of(page)
    assert f"600 credits will be short from {in_days(10):%-d %b %Y} , when L-201 ends." in words
    assert "\N{MINUS SIGN}600 short 0 +600" in words


def test_the_form_begins_with_what_a_link_brings(
    client_of: ClientOf, short_ahead: Customer, alice: User
) -> None:
    there = {"credits": "12000", "on": in_days(40).isoformat(), "cause": "more"}

    page = client_of(alice).get(url(short_ahead, "new"), there)

    assert (value(page, "credits"), value(page, "on")) == ("12,000", there["on"])
    assert chosen(page) == "more"


@pytest.mark.parametrize(
    "query",
    [
        {"credits": "-5", "on": "soon", "cause": "whim"},
        {"credits": "9" * 40, "on": "2026-02-30"},
        {"on": in_days(-9).isoformat()},
        {"credits": "٣٠"},
    ],
)
def test_a_link_that_means_nothing_opens_the_likely_form(
    client_of: ClientOf, short_ahead: Customer, alice: User, query: dict[str, str]
) -> None:
    page = client_of(alice).get(url(short_ahead, "new"), query)

    assert page.status_code == 200
    assert value(page, "credits") == "600"
    assert value(page, "on") >= today().isoformat()


def test_where_nothing_is_short_the_form_asks_from_today(
    client_of: ClientOf, customer: Customer, alice: User
) -> None:
    page = client_of(alice).get(url(customer, "new"))

    assert (value(page, "credits"), value(page, "on")) == ("", today().isoformat())
    assert "No shortage is known from that day on." in text_of(page)


def test_typing_shows_the_effect_alone(
    client_of: ClientOf, short_ahead: Customer, alice: User
) -> None:
    query = {"credits": "700", "on": in_days(10).isoformat()}
    page = client_of(alice).get(
        url(short_ahead, "new"), query, headers={**HTMX, "HX-Target": "effect"}
    )

    assert page.content.decode().strip().startswith("<section")
    assert "\N{MINUS SIGN}600 short 100 +700" in text_of(page)
    assert "Not short before" in page["HX-Trigger"]


def test_the_effect_works_without_scripts(
    client_of: ClientOf, short_ahead: Customer, alice: User
) -> None:
    client = client_of(alice)
    data = typed(client, short_ahead, credits="50", on=in_days(10).isoformat(), preview="1")

    page = client.post(url(short_ahead, "new"), data)

    assert page.status_code == 200
    assert f"Still 550 short from {in_days(10):%-d %b %Y}." in text_of(page)
    assert value(page, "credits") == "50"
    assert not CreditRequest.objects.exists()


def test_a_request_is_sent_once_and_told(
    client_of: ClientOf, customer: Customer, alice: User
) -> None:
    client = client_of(alice)
    data = typed(client, customer)

    first, again = (client.post(url(customer, "new"), data) for _ in range(2))

    found = CreditRequest.objects.get()
    assert (first.status_code, first["Location"]) == (303, url(customer, "detail", found))
    assert again["Location"] == first["Location"]
    told = text_of(client.get(first["Location"]))
    assert "Request R-1 for 5,400 credits is sent to sales." in told
    assert "“More.”" in told


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"credits": "1.5"}, "Credits must be a whole number from 1"),
        ({"credits": ""}, "You entered nothing."),
        ({"on": "2026-02-30"}, "Needed by must be a day that exists"),
        ({"on": in_days(-1).isoformat()}, "The day has passed."),
        ({"cause": "whim"}, "Choose one of the causes."),
        ({"cause": "shortage"}, "No shortage is known any more."),
        ({"words": ""}, "Say in your own words what the credits are for."),
        ({"words": "x" * 501}, "at most 500 characters"),
    ],
)
def test_what_is_wrong_is_told_and_kept(
    client_of: ClientOf,
    customer: Customer,
    alice: User,
    fields: dict[str, str],
    sentence: str,
) -> None:
    client = client_of(alice)
    data = typed(client, customer, **fields)

    page = client.post(url(customer, "new"), data)

    assert page.status_code == 422
    assert sentence in text_of(page)
    assert value(page, "credits") == data["credits"]
    assert value(page, "on") == data["on"]
    assert not CreditRequest.objects.exists()


def test_the_form_names_whom_it_goes_to_and_what_is_open(
    client_of: ClientOf, customer: Customer, alice: User, rep: User
) -> None:
    request_for(customer, alice)

    words = text_of(client_of(alice).get(url(customer, "new")))

    assert "It goes by mail to Rina Holm (rep@vendor.example)." in words
    assert f"1 request is open already: R-1, 5,400 by {in_days(30):%-d %b %Y}" in words


def test_where_nobody_is_at_sales_the_form_says_who_can_help(
    client_of: ClientOf, customer: Customer, alice: User
) -> None:
    words = text_of(client_of(alice).get(url(customer, "new")))

    assert "until then support can assign a sales rep" in words


@pytest.mark.parametrize("who", ["bob", "rep", "manager", "support"])
def test_nobody_but_admins_gets_to_the_form(
    request: pytest.FixtureRequest, client_of: ClientOf, customer: Customer, who: str
) -> None:
    client = client_of(request.getfixturevalue(who))

    assert client.get(url(customer, "new")).status_code == 403
    assert client.post(url(customer, "new"), {"credits": "1"}).status_code == 403


# One request.


def test_a_viewer_sees_the_state_and_no_button(
    client_of: ClientOf, customer: Customer, alice: User, bob: User, rep: User
) -> None:
    found = answer(request_for(customer, alice), rep)

    page = client_of(bob).get(url(customer, "detail", found))

    words, html = text_of(page), page.content.decode()
    assert "5,400" in words
    assert "Answered by sales. “A quote follows.”" in words
    assert f'action="{url(customer, "withdraw", found)}"' not in html
    assert f'action="{url(customer, "answer", found)}"' not in html


def test_the_story_is_told_in_time_order(
    client_of: ClientOf, customer: Customer, alice: User, rep: User
) -> None:
    found = answer(request_for(customer, alice), rep)
    first = buy(customer, "SO-1", line(5_400), actor=rep, settles=found.public_id)
    cancel_purchase(first, cancel(first, make.asked(reason="Wrong term.")))
    words = text_of(client_of(alice).get(url(customer, "detail", found)))

    chapters = [
        "Asked for 5,400 credits",
        "Answered by sales.",
        "Purchased. Order SO-1",
        "Order SO-1 was cancelled, so the request waits again.",
    ]
    places = [words.index(chapter) for chapter in chapters]
    assert places == sorted(places)


def test_words_that_a_purge_erased_are_not_missed(
    client_of: ClientOf, customer: Customer, alice: User, rep: User
) -> None:
    found = answer(request_for(customer, alice), rep)
    OperationNote.objects.all().delete()

    page = client_of(alice).get(url(customer, "detail", found))

    assert page.status_code == 200
    assert "“" not in text_of(page)


def test_the_cause_leads_to_the_rows_of_the_balance_as_known_then(
    client_of: ClientOf, short_ahead: Customer, alice: User
) -> None:
    found = request_for(short_ahead, alice, cause="shortage")
    client = client_of(alice)
    html = client.get(url(short_ahead, "detail", found)).content.decode()

    link = re.search(r'href="([^"]*explain/[^"]*at=[^"]*)"', html)
    assert link is not None
    words = text_of(client.get(unescape(link[1])))

    assert "Balance \N{MINUS SIGN}600 short" in words


def test_an_admin_withdraws_once(client_of: ClientOf, customer: Customer, alice: User) -> None:
    found = request_for(customer, alice)
    client = client_of(alice)
    data = {"form_key": key_on(client, url(customer, "detail", found))}

    first, again = (client.post(url(customer, "withdraw", found), data) for _ in range(2))

    assert (first.status_code, again.status_code) == (303, 303)
    found.refresh_from_db()
    assert found.state == RequestState.WITHDRAWN
    told = text_of(client.get(url(customer, "detail", found)))
    assert "Request R-1 is withdrawn." in told


def test_a_withdrawal_that_comes_too_late_says_why(
    client_of: ClientOf, customer: Customer, alice: User
) -> None:
    found = request_for(customer, alice)
    client = client_of(alice)
    data = {"form_key": key_on(client, url(customer, "detail", found))}
    buy(customer, "SO-1", line(5_400), settles=found.public_id)

    page = client.post(url(customer, "withdraw", found), data)

    assert page.status_code == 422
    assert "Request R-1 was settled by a purchase. Nothing was changed." in text_of(page)


def test_a_key_of_another_form_is_refused(
    client_of: ClientOf, customer: Customer, alice: User
) -> None:
    found, other = request_for(customer, alice), request_for(customer, alice)
    client = client_of(alice)
    data = {"form_key": key_on(client, url(customer, "detail", other))}

    assert client.post(url(customer, "withdraw", found), data).status_code == 422
    found.refresh_from_db()
    assert found.state == RequestState.OPEN


def test_another_customers_request_is_not_found(
    client_of: ClientOf, customer: Customer, other_customer: Customer, alice: User, carol: User
) -> None:
    theirs = request_for(other_customer, carol)
    client = client_of(alice)
    key = {"form_key": key_on(client, url(customer, "new"))}

    assert client.get(url(customer, "detail", theirs)).status_code == 404
    assert client.get(url(other_customer, "detail", theirs)).status_code == 404
    for name in ("withdraw", "answer"):
        assert client.post(url(other_customer, name, theirs), key).status_code == 404


# The list.


def test_the_list_shows_each_with_its_state(
    client_of: ClientOf, customer: Customer, alice: User, bob: User, rep: User
) -> None:
    answer(request_for(customer, alice, credits=100), rep)
    withdraw(request_for(customer, alice, credits=200), alice)
    settled = request_for(customer, alice, credits=300)
    buy(customer, "SO-1", line(300), settles=settled.public_id)
    request_for(customer, alice, credits=400)

    words = text_of(client_of(bob).get(url(customer, "list")))

    order = ["R-4 400", "R-3 300", "R-2 200", "R-1 100"]
    assert [words.index(one) for one in order] == sorted(words.index(one) for one in order)
    for state in ("Open", "Purchased SO-1", "Withdrawn", "Answered"):
        assert state in words


def test_an_empty_list_says_what_would_be_there(
    client_of: ClientOf, customer: Customer, alice: User, bob: User
) -> None:
    own, read = (client_of(user).get(url(customer, "list")) for user in (alice, bob))

    assert f'href="{url(customer, "new")}"' in own.content.decode()
    assert f'href="{url(customer, "new")}"' not in read.content.decode()
    assert "No request yet" in text_of(read)


def test_the_list_is_exported(
    client_of: ClientOf, customer: Customer, alice: User, rep: User
) -> None:
    answer(request_for(customer, alice), rep)

    file = client_of(alice).get(url(customer, "list"), {"_export": "csv"})

    text = b"".join(file.streaming_content).decode()  # type: ignore[attr-defined]
    assert f"R-1,5400,{in_days(30).isoformat()},Another reason,Answered" in text


SORTABLE = [name for name, one in RequestTable.base_columns.items() if one.orderable]


@pytest.mark.parametrize("way", ["", "-"])
@pytest.mark.parametrize("name", SORTABLE)
def test_every_sortable_column_renders(
    client_of: ClientOf, customer: Customer, alice: User, name: str, way: str
) -> None:
    request_for(customer, alice)

    page = client_of(alice).get(url(customer, "list"), {"sort": way + name}, headers=HTMX)

    assert page.status_code == 200
    assert page.content.decode().strip().startswith('<div id="table">')


# Cost.


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200
    return len(found)


def test_the_pages_cost_the_same_however_many_requests_there_are(
    client_of: ClientOf, customer: Customer, alice: User, rep: User
) -> None:
    client = client_of(alice)

    def more(count: int) -> None:
        for _ in range(count):
            settled = answer(request_for(customer, alice), rep)
            withdraw(settled, alice)

    more(4)
    found = request_for(customer, alice)
    addresses = [url(customer, "list"), url(customer, "new"), url(customer, "detail", found)]
    few = [queries(client, address) for address in addresses]
    more(45)

    assert [queries(client, address) for address in addresses] == few
    assert max(few) <= 10
