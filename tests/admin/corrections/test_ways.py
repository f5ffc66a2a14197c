"""Support corrects the books: each way on its own page, shown first, with a reason, once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.domain.orders import LineOrder, Order
from billing.domain.purchases import record_purchase
from credits.models import (
    Customer,
    LedgerEntry,
    License,
    Operation,
    User,
)
from credits.roles import StaffRole
from tests.access.probing import stored
from tests.admin.corrections.hands import (
    EMAIL,
    ENDPOINT,
    PAYG,
    WHY,
    allocated,
    done,
    logged_in,
    newest,
    page_of,
    shown,
)
from tests.admin.pages import key_of, text_of
from tests.billing.order_changes.mending import licenses_of
from tests.factories import credits as make


@pytest.fixture
def cases(
    customer: Customer, other_customer: Customer, license: License
) -> dict[str, tuple[str, dict[str, Any]]]:
    """The address of each correction, and what its form is sent with."""
    first = allocated(customer, 10)
    order = Order(
        order_number="SO-9",
        channel="sales",
        lines=[
            LineOrder(credits=500, first_day=date(2027, 1, 1), last_day=date(2027, 12, 31)),
            LineOrder(credits=90, first_day=date(2027, 1, 1), last_day=date(2027, 12, 31)),
        ],
    )
    purchase = record_purchase(customer, order, make.asked())
    days = {"first_day": "2027-01-01", "last_day": "2027-12-31"}
    amended = {"order_number": "SO-10", "channel": "sales", "currency": "EUR"}
    for place, credits in enumerate(("400", "90"), start=1):
        amended |= {f"line-{place}-{name}": day for name, day in days.items()}
        amended[f"line-{place}-credits"] = credits
    return {
        "extend": (page_of(license, "extend"), {"ends": "2028-12-31"}),
        "reduce": (page_of(license, "reduce"), {"credits": "4000"}),
        "void": (page_of(license, "void"), {}),
        "undo": (page_of(first, "undo"), {}),
        "units": (page_of(customer, "units", group=EMAIL), {f"q.{EMAIL}": "12"}),
        "release": (page_of(customer, "release", group=EMAIL), {"features": [EMAIL]}),
        "billing": (
            page_of(customer, "billing"),
            {"feature": PAYG, "to": "payg", "contract_ends_at": "2027-06-30"},
        ),
        "move": (
            page_of(customer, "move"),
            {"source": EMAIL, "units": "10", "target": ENDPOINT},
        ),
        "cancel": (page_of(purchase, "cancel"), {}),
        "amend-order": (page_of(purchase, "amend"), amended),
        "move-order": (page_of(purchase, "move"), {"to": other_customer.slug}),
        "void-line": (
            page_of(purchase, "void-line"),
            {"license": str(licenses_of(purchase)[0].public_id), "how": "ends"},
        ),
        "withdraw-line": (
            page_of(purchase, "void-line"),
            {"license": str(licenses_of(purchase)[0].public_id), "how": "never"},
        ),
        "hold": (page_of(customer, "hold"), {}),
    }


KINDS = {
    "extend": "extend",
    "reduce": "reduce",
    "void": "void",
    "undo": "undo",
    "units": "allocate",
    "release": "release",
    "billing": "switch-billing",
    "move": "move",
    "cancel": "undo",
    "amend-order": "restate-grant",
    "move-order": "move-order",
    "void-line": "void",
    "withdraw-line": "restate-grant",
    "hold": "set-legal-hold",
}
each = pytest.mark.parametrize("name", KINDS)


@each
def test_the_effect_is_shown_first_and_nothing_is_written(
    desk: Client, cases: Any, name: str
) -> None:
    url, fields = cases[name]
    before = stored()

    response = shown(desk, url, **fields)

    assert response.status_code == 200, text_of(response)
    assert "This is what it would do. Nothing is changed yet." in text_of(response)
    assert WHY in text_of(response)
    assert stored() == before


@each
def test_it_is_done_once_with_who_and_why_however_often_it_is_sent(
    desk: Client, support: User, customer: Customer, cases: Any, name: str
) -> None:
    url, fields = cases[name]
    own = Operation.objects.filter(customer=customer)
    before = own.count()
    sent = {"form_key": key_of(desk, url), "reason": WHY, "step": "do", "seen": "999", **fields}

    first, second = desk.post(url, sent), desk.post(url, sent)

    made = newest(customer)
    assert (first.status_code, second.status_code) == (303, 303), text_of(first)
    assert own.count() == before + 1
    assert (made.kind, made.source, made.actor) == (KINDS[name], "admin", support)
    assert made.note.text == WHY
    page = desk.get(reverse("credits:activity", kwargs={"slug": customer.slug}))
    assert f"“{WHY}”" in text_of(page)
    assert f"{support.name}, by Support" in text_of(page)


@each
@pytest.mark.parametrize("step", ["", "do"])
def test_without_a_reason_nothing_happens(desk: Client, cases: Any, name: str, step: str) -> None:
    url, fields = cases[name]
    before = stored()

    response = shown(desk, url, **{**fields, "reason": " ", "step": step})

    assert response.status_code == 422
    assert "This field is required." in text_of(response)
    assert stored() == before


@each
def test_looking_at_the_form_writes_nothing(desk: Client, cases: Any, name: str) -> None:
    before = stored()

    response = desk.get(cases[name][0])

    assert response.status_code == 200
    assert "Nothing is changed yet." in text_of(response)
    assert stored() == before


@each
@pytest.mark.parametrize(
    ("role", "status"),
    [
        (StaffRole.OPERATOR, 403),
        (StaffRole.CATALOGUE_MANAGER, 403),
        (StaffRole.SALES_MANAGER, 404),
        (StaffRole.SALES_REP, 404),
        (None, 404),
    ],
)
def test_nobody_else_may(
    cases: Any, customer: Customer, name: str, role: str | None, status: int
) -> None:
    url, fields = cases[name]
    person = make.make_user()
    client = logged_in(make.make_staff(person, role) if role else make_member(customer, person))
    before = stored()

    for step in ("", "do"):
        assert client.post(url, {"reason": WHY, "step": step, **fields}).status_code == status
    assert client.get(url).status_code == status
    assert stored() == before


def make_member(customer: Customer, person: User) -> User:
    return make.make_member(customer, person, "admin")


@each
def test_support_is_not_staff_in_an_own_customer(
    desk: Client, support: User, customer: Customer, cases: Any, name: str
) -> None:
    make.make_member(customer, support, "admin")

    assert desk.get(cases[name][0]).status_code == 403


@each
def test_a_superuser_may(cases: Any, customer: Customer, name: str) -> None:
    root = User.objects.create_superuser("root@vendor.example", make.PASSWORD, name="Root")

    assert done(logged_in(root), cases[name][0], **cases[name][1]).status_code == 303


@each
def test_a_key_of_another_page_is_refused(
    desk: Client, other_customer: Customer, cases: Any, name: str
) -> None:
    url, fields = cases[name]
    theirs = key_of(desk, page_of(other_customer, "units", group=EMAIL))
    before = stored()

    for step in ("", "do"):
        response = shown(desk, url, **{**fields, "form_key": theirs, "step": step})
        assert response.status_code == 422
        assert "made for another page or person" in text_of(response)
    assert stored() == before


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("extend", {"ends": "2029-12-31"}),
        ("reduce", {"credits": "3000"}),
        ("units", {f"q.{EMAIL}": "13"}),
        ("move", {"units": "8"}),
        ("billing", {"contract_ends_at": "2027-07-31"}),
    ],
)
def test_the_same_form_with_something_else_is_refused(
    desk: Client, cases: Any, name: str, other: dict[str, str]
) -> None:
    url, fields = cases[name]
    sent = {"form_key": key_of(desk, url), "reason": WHY, "step": "do", "seen": "999", **fields}
    assert desk.post(url, sent).status_code == 303

    assert desk.post(url, sent | other).status_code == 409


@pytest.mark.parametrize(
    ("name", "wrong", "words"),
    [
        ("extend", {"ends": ""}, "This field is required."),
        ("extend", {"ends": "31 December"}, "Enter a day from 2000 to 2100 as YYYY-MM-DD"),
        ("extend", {"ends": "9999-12-31"}, "Enter a day from 2000 to 2100"),
        ("extend", {"ends": "2027-12-31"}, "An extension must end after"),
        ("reduce", {"credits": "0"}, "greater than or equal to 1"),
        ("reduce", {"credits": "10000"}, "must leave fewer than the 10,000 credits"),
        ("reduce", {"credits": "many"}, "Enter a whole number of credits."),
        ("units", {f"q.{EMAIL}": "1.5"}, "Units must be a whole number"),
        ("units", {f"q.{EMAIL}": "-1"}, "Units must be"),
        ("units", {f"q.{EMAIL}": ""}, "You entered nothing."),
        ("release", {"features": []}, "Choose what to release."),
        ("release", {"features": [ENDPOINT]}, "is not one of the available choices"),
        ("billing", {"contract_ends_at": ""}, "needs the last day of its contract"),
        ("billing", {"contract_ends_at": "2027-01-01"}, "The contract has ended."),
        ("billing", {"feature": EMAIL}, "Select a valid choice."),
        ("billing", {"to": "credits"}, "Leave this empty: credits need no contract."),
        ("billing", {"to": "credits", "contract_ends_at": ""}, "is on credits already."),
        ("move", {"units": "0"}, "Move a whole number of units"),
        ("move", {"units": "1.5"}, "Units must be a whole number"),
        ("move", {"units": "11"}, "at most the 10 of"),
        ("move", {"target": EMAIL}, "Choose a feature that is priced apart."),
        ("move", {"source": "nothing"}, "Select a valid choice."),
        ("void", {"reason": "x" * 501}, "at most 500 characters"),
    ],
)
@pytest.mark.parametrize("step", ["", "do"])
def test_a_bad_field_gets_its_sentence_and_writes_nothing(
    desk: Client, cases: Any, name: str, wrong: dict[str, Any], words: str, step: str
) -> None:
    url, fields = cases[name]
    before = stored()

    response = shown(desk, url, **{**fields, **wrong, "step": step})

    assert response.status_code == 422
    assert words in text_of(response)
    assert stored() == before


def test_going_back_to_the_form_keeps_what_was_typed(desk: Client, cases: Any) -> None:
    url, fields = cases["extend"]

    response = shown(desk, url, **{**fields, "ends": "31 Dec", "step": "change"})

    assert response.status_code == 200
    assert 'value="31 Dec"' in response.content.decode()
    assert WHY in response.content.decode()
    assert "errornote" not in response.content.decode()


@pytest.mark.parametrize("what", ["nothing", "\N{SUPERSCRIPT TWO}", "x" * 5_000])
def test_addresses_and_choices_that_nobody_typed_are_refused(
    desk: Client, customer: Customer, what: str
) -> None:
    url = page_of(customer, "billing")
    sent = {"feature": what, "to": what, "contract_ends_at": what}

    assert desk.get(page_of(customer, "units"), {"group": what}).status_code == 404
    assert shown(desk, url, **sent).status_code == 422
    assert done(desk, url, **sent).status_code == 422


def test_records_that_do_not_exist_are_not_found(desk: Client) -> None:
    for pk in ("0", "999999", "9" * 30):
        for name in ("extend", "void"):
            assert desk.get(f"/admin/credits/license/{pk}/{name}/").status_code == 404


def test_a_page_takes_as_many_queries_for_a_long_ledger_as_for_a_short_one(
    desk: Client, customer: Customer, license: License
) -> None:
    allocated(customer, 10)
    urls = {
        "form": page_of(customer, "units", group=EMAIL),
        "customer": reverse("admin:credits_customer_change", args=[customer.pk]),
        "license": reverse("admin:credits_license_change", args=[license.pk]),
    }
    few = {name: queries_of(desk, url) for name, url in urls.items()}
    for units in range(11, 40):
        allocated(customer, units)
    for key in (ENDPOINT, "email-sensor"):
        allocated(customer, 1, key)

    many = {name: queries_of(desk, url) for name, url in urls.items()}
    assert all(many[name] <= few[name] for name in urls), (few, many)
    assert few["form"] <= 16
    assert few["license"] <= 18
    assert LedgerEntry.objects.filter(customer=customer).count() > 30


def queries_of(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as made:
        assert client.get(url).status_code == 200
    return len(made)
