"""The sales desk: one's own customers and their purchases, sorted, searched and narrowed."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.domain.order_changes.cancelling import cancel, cancel_purchase
from billing.tables.purchases import SalesPurchaseTable
from billing.tables.sales import DeskTable
from credits import clock
from credits.models import Customer, User
from tests.billing.ordering import buy, line, today
from tests.billing.views.entering import HTMX, text_of
from tests.factories import credits as make

ClientOf = Callable[[User], Client]
CUSTOMERS = reverse("billing:sales-customers")
PURCHASES = reverse("billing:sales-purchases")
EXPIRING = reverse("billing:sales-expiring")
SHORT = reverse("billing:sales-short")
GROWING = reverse("billing:sales-growing")
LISTS = (CUSTOMERS, EXPIRING, SHORT, GROWING)
DAY = timedelta(days=1)


@pytest.mark.parametrize("address", [*LISTS, PURCHASES])
@pytest.mark.parametrize(
    ("who", "status"),
    [("rep", 200), ("manager", 200), ("alice", 404), ("bob", 404), ("support", 404)],
)
def test_the_desk_is_open_to_sales_only(
    request: pytest.FixtureRequest, client_of: ClientOf, address: str, who: str, status: int
) -> None:
    assert client_of(request.getfixturevalue(who)).get(address).status_code == status


def test_nobody_is_asked_to_log_in_first(db: None) -> None:
    assert Client().get(CUSTOMERS).status_code == 302


def test_a_rep_sees_assigned_customers_and_a_manager_all(
    client_of: ClientOf, customer: Customer, other_customer: Customer, rep: User, manager: User
) -> None:
    own, everything = (text_of(client_of(user).get(CUSTOMERS)) for user in (rep, manager))

    assert customer.name in own
    assert other_customer.name not in own
    assert customer.name in everything
    assert other_customer.name in everything


def test_a_row_says_how_a_customer_stands_and_leads_on(
    client_of: ClientOf, customer: Customer, rep: User
) -> None:
    make.grant(customer, 1_000, today(), today() + 9 * DAY)
    make.grant(customer, 300, today(), today() + 20 * DAY)
    make.allocate(customer, "endpoint-sandbox-submission", 100)

    page = client_of(rep).get(CUSTOMERS)

    words, html = text_of(page), page.content.decode()
    assert "1,300 700 600" in words
    assert "L-201, 10 days left" in words
    assert "\N{MINUS SIGN}400" in words
    assert reverse("billing:annual-credits", kwargs={"slug": customer.slug}) in html
    assert reverse("billing:purchase-new", kwargs={"slug": customer.slug}) in html


def test_the_list_is_narrowed_and_searched(
    client_of: ClientOf, customer: Customer, other_customer: Customer, manager: User
) -> None:
    make.allocate(customer, "endpoint-sandbox-submission", 1)
    make.grant(other_customer, 100, today(), today() + 9 * DAY)
    client = client_of(manager)

    short = text_of(client.get(SHORT))
    ending = text_of(client.get(EXPIRING))
    found = text_of(client.get(CUSTOMERS, {"q": other_customer.label}))
    nobody = text_of(client.get(CUSTOMERS, {"q": "nobody"}))

    assert customer.name in short
    assert "Short now" in short
    assert other_customer.name not in short
    assert other_customer.name in ending
    assert customer.name not in ending
    assert other_customer.name in found
    assert customer.name not in found
    assert "No customer matches." in nobody


@pytest.fixture
def three(customer: Customer, other_customer: Customer, manager: User) -> list[Customer]:
    """Three customers: short now, short in 10 days, never short."""
    third = make.make_customer(name="Cobalt Insurance")
    make.allocate(customer, "endpoint-sandbox-submission", 10)
    make.grant(other_customer, 100, today(), today() + 9 * DAY)
    make.grant(other_customer, 20, today(), today() + 90 * DAY)
    make.allocate(other_customer, "endpoint-sandbox-submission", 10)
    make.grant(third, 900, today(), today() + 40 * DAY)
    return [customer, other_customer, third]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", [1, 2, 0]),
        ("-name", [0, 2, 1]),
        ("balance", [0, 1, 2]),
        ("-balance", [2, 1, 0]),
        ("valid", [0, 1, 2]),
        ("-valid", [2, 1, 0]),
        ("allocated", [2, 0, 1]),
        ("next_end", [1, 2, 0]),
        ("short", [0, 1, 2]),
    ],
)
def test_the_list_is_sorted_by_its_figures(
    client_of: ClientOf, three: list[Customer], manager: User, sort: str, order: list[int]
) -> None:
    page = client_of(manager).get(CUSTOMERS, {"sort": sort}).content.decode()

    places = {page.index(f">{customer.name}<"): n for n, customer in enumerate(three)}
    assert [places[place] for place in sorted(places)] == order


def test_each_list_has_its_own_order_and_its_number_beside_its_name(
    client_of: ClientOf, three: list[Customer], manager: User
) -> None:
    client = client_of(manager)
    make.grant(three[0], 5, today(), today() + 3 * DAY)

    short = client.get(SHORT).content.decode()
    expiring = client.get(EXPIRING).content.decode()

    assert short.index(f">{three[0].name}<") < short.index(f">{three[1].name}<")
    assert f">{three[2].name}<" not in short
    places = [expiring.index(f">{three[n].name}<") for n in (0, 1, 2)]
    assert places == sorted(places)
    said = text_of(client.get(CUSTOMERS))
    assert "Customers 3 Expiring 3 Short 2 Purchases Requests Estimates Growing fast" in said
    again = client.get(SHORT, {"sort": "-name"}).content.decode()
    assert again.index(f">{three[0].name}<") < again.index(f">{three[1].name}<")


def test_what_expires_is_renewed_from_its_list_unless_it_is(
    client_of: ClientOf, customer: Customer, rep: User
) -> None:
    license = buy(customer, "SO-1", line(last_day=today() + 10 * DAY)).lines.get().license
    renewing = f"?renews={license.public_id}"

    before = client_of(rep).get(EXPIRING).content.decode()
    first = today() + 11 * DAY
    buy(customer, "SO-2", line(first_day=first, last_day=first + 300 * DAY, renews=license))

    assert renewing in before
    assert renewing not in client_of(rep).get(EXPIRING).content.decode()


def test_growing_fast_says_by_how_much_and_how_long_it_is_enough(
    client_of: ClientOf, at: Callable[..., Any], customer: Customer, rep: User
) -> None:
    make.allocate(customer, "endpoint-sandbox-submission", 200)
    with at(clock.now() + 95 * DAY):
        make.grant(customer, 3_000, today(), today() + 300 * DAY)
        make.allocate(customer, "endpoint-sandbox-submission", 300)

        words = text_of(client_of(rep).get(GROWING))
        row = exported(client_of(rep), GROWING, "growing-customers")

    assert f"{customer.name}" in words
    assert "2,100 900" in words
    assert "+700 50.0 % 115 days" in words
    assert (row["Grew in 90 days"], row["In percent"]) == ("700", "50")
    assert row["Enough at this pace for"] == "115"


def exported(client: Client, address: str, key: str) -> dict[str, str]:
    """The first row of a list's file."""
    answer: Any = client.get(address, {"_export": "csv", "_table": key, "_columns": "all"})
    lines = csv.reader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines())
    header, first = next(lines), next(lines)
    return dict(zip(header, first, strict=True))


def test_the_last_purchase_that_stands_is_shown_and_in_the_file(
    client_of: ClientOf, customer: Customer, other_customer: Customer, rep: User, manager: User
) -> None:
    first = buy(customer, "SO-1", line(1_500), line(500), actor=rep)
    gone = buy(customer, "SO-2", line(90))
    cancel_purchase(gone, cancel(gone, make.asked(reason="Entered twice.")))

    page = client_of(manager).get(CUSTOMERS)
    row = exported(client_of(rep), CUSTOMERS, "customers")

    assert "2,000 credits in order SO-1" in text_of(page)
    assert "None yet" in text_of(page)
    kwargs = {"slug": customer.slug, "public_id": first.public_id}
    assert reverse("billing:purchase-detail", kwargs=kwargs) in page.content.decode()
    assert row["Day of the last purchase"] == today().isoformat()
    assert row["Credits last purchased"] == "2000"
    assert row["Order of the last purchase"] == "SO-1"


def test_a_license_that_is_renewed_says_so(
    client_of: ClientOf, customer: Customer, rep: User
) -> None:
    ending = buy(customer, "SO-1", line(700, last_day=today() + 9 * DAY)).lines.get().license
    unrenewed = text_of(client_of(rep).get(EXPIRING))
    buy(customer, "SO-2", line(700, today() + 10 * DAY, renews=ending))

    said = text_of(client_of(rep).get(EXPIRING))

    assert "700" in said
    assert "Renewed" in said
    assert "Renewed" not in unrenewed


def sortable(table: type) -> list[str]:
    return [name for name, column in table.base_columns.items() if column.orderable]  # type: ignore[attr-defined]


@pytest.mark.parametrize("way", ["", "-"])
@pytest.mark.parametrize("name", sortable(DeskTable))
def test_every_sortable_column_of_customers_renders(
    client_of: ClientOf, three: list[Customer], manager: User, name: str, way: str
) -> None:
    assert client_of(manager).get(CUSTOMERS, {"sort": way + name}).status_code == 200


@pytest.mark.parametrize("way", ["", "-"])
@pytest.mark.parametrize("name", sortable(SalesPurchaseTable))
def test_every_sortable_column_of_purchases_renders(
    client_of: ClientOf, customer: Customer, rep: User, name: str, way: str
) -> None:
    buy(customer, "SO-1", actor=rep)
    buy(customer, "SO-2", line(100))

    page = client_of(rep).get(PURCHASES, {"sort": way + name})

    assert page.status_code == 200
    assert "SO-1" in text_of(page)


@pytest.mark.parametrize("address", [*LISTS, PURCHASES])
@pytest.mark.parametrize(
    "query",
    [
        {"sort": "password"},
        {"sort": "customer__people__password"},
        {"page": "10" * 12},
        {"keep": "x"},
    ],
)
def test_what_the_address_cannot_mean_is_ignored(
    client_of: ClientOf, customer: Customer, rep: User, address: str, query: dict[str, str]
) -> None:
    assert client_of(rep).get(address, query).status_code == 200


def test_htmx_gets_the_table_alone(client_of: ClientOf, customer: Customer, rep: User) -> None:
    for address in (CUSTOMERS, PURCHASES):
        response = client_of(rep).get(address, {"sort": "-credits"}, headers=HTMX)

        assert response.content.decode().strip().startswith('<div id="table">')


def test_purchases_are_those_of_the_reps_customers(
    client_of: ClientOf, customer: Customer, other_customer: Customer, rep: User
) -> None:
    buy(customer, "SO-1", line(1_500), actor=rep)
    buy(other_customer, "SO-2")

    words = text_of(client_of(rep).get(PURCHASES))

    assert "SO-1 Halden Energy Sales representative" in words
    assert "Valid 1,500" in words
    assert "Rina Holm" in words
    assert "SO-2" not in words
    assert other_customer.name not in words


def test_purchases_are_searched(client_of: ClientOf, customer: Customer, rep: User) -> None:
    buy(customer, "SO-1")
    buy(customer, "PO-2")

    words = text_of(client_of(rep).get(PURCHASES, {"q": "po-"}))

    assert "PO-2" in words
    assert "SO-1" not in words
