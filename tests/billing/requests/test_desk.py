"""The sales desk: who asks for what, answered and turned into purchases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.models import CreditRequest, Purchase, RequestState
from billing.tables.requests import DeskRequestTable
from credits.domain.activity import Asking, acts
from credits.models import Customer, User
from tests.billing.ordering import buy, line, today
from tests.billing.requests.asking import answer, in_days, request_for, withdraw
from tests.billing.requests.test_pages import key_on, url, value
from tests.billing.views.entering import HTMX, entry_url, text_of, typed
from tests.factories import credits as make

ClientOf = Callable[[User], Client]
DESK = reverse("billing:sales-requests")


def places(words: str, *wanted: str) -> list[int]:
    return [words.index(one) for one in wanted]


def test_open_requests_lead_and_the_earliest_needed_first(
    client_of: ClientOf, customer: Customer, other_customer: Customer, alice: User, carol: User,
    manager: User,
) -> None:  # fmt: skip
    answer(request_for(customer, alice, credits=101, needed_on=in_days(1)))
    withdraw(request_for(customer, alice, credits=102, needed_on=in_days(1)))
    settled = request_for(customer, alice, credits=103, needed_on=in_days(1))
    buy(customer, "SO-1", line(103), settles=settled.public_id)
    request_for(customer, alice, credits=104, needed_on=in_days(9))
    request_for(other_customer, carol, credits=105, needed_on=in_days(8))

    words = text_of(client_of(manager).get(DESK))

    found = places(words, "R-1 105", "R-4 104", "R-1 101", "R-3 103", "R-2 102")
    assert found == sorted(found)


def test_a_rep_sees_the_requests_of_assigned_customers(
    client_of: ClientOf, customer: Customer, other_customer: Customer, alice: User, carol: User,
    rep: User,
) -> None:  # fmt: skip
    request_for(customer, alice)
    request_for(other_customer, carol)

    words = text_of(client_of(rep).get(DESK))

    assert customer.name in words
    assert other_customer.name not in words
    assert "Requests 1 " in words


def test_the_list_is_narrowed_searched_and_exported(
    client_of: ClientOf, customer: Customer, other_customer: Customer, alice: User, carol: User,
    manager: User,
) -> None:  # fmt: skip
    answer(request_for(customer, alice))
    request_for(other_customer, carol)
    client = client_of(manager)

    answered = text_of(client.get(DESK, {"keep": "answered"}))
    found = text_of(client.get(DESK, {"q": "halden"}))
    by_number = text_of(client.get(DESK, {"q": "r-1"}))
    nobody = text_of(client.get(DESK, {"q": "nobody"}))
    file: Any = client.get(DESK, {"_export": "csv", "keep": "open"})

    assert customer.name in answered
    assert other_customer.name not in answered
    assert customer.name in found
    assert other_customer.name not in found
    assert customer.name in by_number
    assert "No customer asks for credits." in nobody
    rows = b"".join(file.streaming_content).decode()
    assert f"{other_customer.name},R-1,5400," in rows
    assert customer.name not in rows


@pytest.mark.parametrize("query", [{"keep": "x"}, {"sort": "customer__people"}, {"q": "9" * 99}])
def test_what_the_address_cannot_mean_is_ignored(
    client_of: ClientOf, customer: Customer, rep: User, query: dict[str, str]
) -> None:
    assert client_of(rep).get(DESK, query).status_code == 200


@pytest.mark.parametrize("way", ["", "-"])
@pytest.mark.parametrize(
    "name", [name for name, one in DeskRequestTable.base_columns.items() if one.orderable]
)
def test_every_sortable_column_renders(
    client_of: ClientOf, customer: Customer, alice: User, rep: User, name: str, way: str
) -> None:
    request_for(customer, alice)

    page = client_of(rep).get(DESK, {"sort": way + name}, headers=HTMX)

    assert page.content.decode().strip().startswith('<div id="table">')


def test_the_customers_of_the_desk_are_marked(
    client_of: ClientOf, customer: Customer, alice: User, rep: User
) -> None:
    answer(request_for(customer, alice, credits=9, needed_on=in_days(1)))
    request_for(customer, alice, credits=5_400, needed_on=in_days(20))
    found = request_for(customer, alice, credits=5_500, needed_on=in_days(10))

    page = client_of(rep).get(reverse("billing:sales-customers"))

    assert f"asks for 5,500 by {in_days(10):%-d %b %Y}" in text_of(page)
    assert url(customer, "detail", found) in page.content.decode()
    assert "asks for 5,400" not in text_of(page)


def test_the_desk_costs_the_same_however_many_ask(
    client_of: ClientOf, customer: Customer, alice: User, rep: User
) -> None:
    client = client_of(rep)

    def more(count: int) -> None:
        for n in range(count):
            found = make.make_customer(name=f"Customer {n}")
            make.assign_rep(found, rep)
            request_for(found, None)

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(address).status_code == 200
        return len(found)

    more(5)
    few = [queries(DESK), queries(reverse("billing:sales-customers"))]
    more(40)

    assert [queries(DESK), queries(reverse("billing:sales-customers"))] == few
    assert few[0] <= 8


# Answered.


def send_answer(client: Client, found: CreditRequest, words: str) -> Any:
    key = key_on(client, url(found.customer, "detail", found))
    address = url(found.customer, "answer", found)
    return client.post(address, {"form_key": key, "answer": words})


def test_a_rep_answers(client_of: ClientOf, customer: Customer, alice: User, rep: User) -> None:
    found = request_for(customer, alice)
    client = client_of(rep)

    response = send_answer(client, found, "A quote follows.")

    assert (response.status_code, response["Location"]) == (303, url(customer, "detail", found))
    words = text_of(client.get(response["Location"]))
    assert "Request R-1 is answered." in words
    assert "Answered by sales. “A quote follows.”" in words
    assert "What the customer should know" not in words


def test_an_empty_answer_is_refused_at_its_field(
    client_of: ClientOf, customer: Customer, alice: User, rep: User
) -> None:
    found = request_for(customer, alice)

    page = send_answer(client_of(rep), found, " ")

    assert page.status_code == 422
    assert "Write what the customer should know." in text_of(page)


def test_an_answer_that_comes_too_late_is_kept_on_the_page(
    client_of: ClientOf, customer: Customer, alice: User, rep: User
) -> None:
    found = request_for(customer, alice)
    client = client_of(rep)
    key = key_on(client, url(customer, "detail", found))
    withdraw(found, alice)

    sent = {"form_key": key, "answer": "A quote follows."}
    page = client.post(url(customer, "answer", found), sent)

    assert page.status_code == 422
    assert "Request R-1 was withdrawn. Nothing was changed." in text_of(page)


@pytest.mark.parametrize("who", ["alice", "bob", "support"])
def test_nobody_but_sales_answers(
    request: pytest.FixtureRequest, client_of: ClientOf, customer: Customer, alice: User, who: str
) -> None:
    found = request_for(customer, alice)

    response = client_of(request.getfixturevalue(who)).post(
        url(customer, "answer", found), {"answer": "No."}
    )

    assert response.status_code == 403


# Turned into a purchase.


def test_the_purchase_of_a_request_is_filled_in(
    client_of: ClientOf, customer: Customer, alice: User, rep: User
) -> None:
    found = request_for(customer, alice)

    page = client_of(rep).get(entry_url(customer), {"request": str(found.public_id)})

    assert value(page, "line-0-credits") == "5,400"
    assert value(page, "line-0-first_day") == in_days(30).isoformat()
    assert f"Settles request R-1: 5,400 credits by {in_days(30):%-d %b %Y}" in text_of(page)


def test_a_purchase_from_a_request_settles_it(
    client_of: ClientOf, customer: Customer, alice: User, rep: User
) -> None:
    found = request_for(customer, alice)
    client = client_of(rep)
    there = f"{entry_url(customer)}?request={found.public_id}"
    data = typed(key_on(client, there), request=found.public_id, settles="1")

    first, again = (client.post(entry_url(customer), data) for _ in range(2))

    purchase = Purchase.objects.get()
    found.refresh_from_db()
    assert (first.status_code, again.status_code) == (303, 303)
    assert (found.state, found.purchase) == (RequestState.PURCHASED, purchase)
    page = text_of(client.get(first["Location"]))
    assert f"Settled request {found.label}" in page


def test_a_request_that_is_unticked_waits_on(
    client_of: ClientOf, customer: Customer, alice: User, rep: User
) -> None:
    found = request_for(customer, alice)
    client = client_of(rep)
    there = f"{entry_url(customer)}?request={found.public_id}"

    client.post(entry_url(customer), typed(key_on(client, there), request=found.public_id))

    found.refresh_from_db()
    assert Purchase.objects.count() == 1
    assert found.state == RequestState.OPEN


def test_an_order_for_a_withdrawn_request_keeps_what_was_typed(
    client_of: ClientOf, customer: Customer, alice: User, rep: User
) -> None:
    found = request_for(customer, alice)
    client = client_of(rep)
    there = f"{entry_url(customer)}?request={found.public_id}"
    data = typed(key_on(client, there), request=found.public_id, settles="1")
    withdraw(found, alice)

    page = client.post(entry_url(customer), data)

    assert page.status_code == 422
    assert "Request R-1 was withdrawn. Untick it to enter the order without it." in text_of(page)
    assert value(page, "order_number") == "SO-1"
    del data["settles"]
    assert client.post(entry_url(customer), data).status_code == 303


@pytest.mark.parametrize("named", ["x", "", "00000000-0000-0000-0000-000000000000"])
def test_a_purchase_for_no_request_is_as_any_other(
    client_of: ClientOf, customer: Customer, rep: User, named: str
) -> None:
    page = client_of(rep).get(entry_url(customer), {"request": named})

    assert page.status_code == 200
    assert "Settles request" not in text_of(page)


def test_the_request_of_another_customer_is_not_offered(
    client_of: ClientOf, customer: Customer, other_customer: Customer, carol: User, rep: User
) -> None:
    theirs = request_for(other_customer, carol)

    page = client_of(rep).get(entry_url(customer), {"request": str(theirs.public_id)})

    assert "Settles request" not in text_of(page)


def test_a_request_whose_day_has_passed_is_bought_from_today(
    client_of: ClientOf, customer: Customer, alice: User, rep: User
) -> None:
    found = request_for(customer, alice)
    CreditRequest.objects.filter(pk=found.pk).update(needed_on=in_days(-3))

    page = client_of(rep).get(entry_url(customer), {"request": str(found.public_id)})

    assert value(page, "line-0-first_day") == today().isoformat()


# Told in the activity.


def test_the_activity_tells_each_act_in_words(customer: Customer, alice: User, rep: User) -> None:
    withdraw(answer(request_for(customer, alice, words="Two sites."), rep), alice)

    told = [(act.words, act.reason) for act in acts(customer, Asking(), size=3).acts]

    day = f"{in_days(30):%-d %b %Y}"
    assert told == [
        (f"Withdrew request R-1 for 5,400 credits by {day}", ""),
        (f"Answered request R-1 for 5,400 credits by {day}", "A quote follows."),
        (f"Asked sales for 5,400 credits by {day} (R-1)", "Two sites."),
    ]
