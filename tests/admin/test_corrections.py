"""Support corrects the books: each way on its own page, shown first, with a reason, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.domain.orders import LineOrder, Order
from billing.domain.purchases import record_purchase
from billing.models import Purchase, PurchaseState
from credits import clock
from credits.domain.figures import standing
from credits.domain.post import post
from credits.domain.sources import SetUsageSource
from credits.domain.usage import ReportUsage
from credits.models import (
    Customer,
    FeatureChoice,
    LedgerEntry,
    License,
    Operation,
    OverAllocation,
    User,
)
from credits.roles import StaffRole
from tests.access.probing import stored
from tests.admin.pages import key_of, text_of
from tests.billing.order_changes.mending import licenses_of
from tests.factories import credits as make

NOW = datetime(2027, 1, 10, 9, tzinfo=UTC)
EMAIL, ENDPOINT, PAYG = "email-core", "endpoint-sandbox-submission", "file-security-sdk"
WHY = "The order said 2028"


@pytest.fixture(autouse=True)
def present(catalogue: None) -> Iterator[None]:
    with clock.moved_to(NOW):
        yield


@pytest.fixture
def desk(support: User) -> Client:
    return logged_in(support)


@pytest.fixture
def license(customer: Customer) -> License:
    make.grant(customer, 10_000, date(2027, 1, 1), date(2027, 12, 31))
    return customer.licenses.get()


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(record: Any, name: str, **given: str) -> str:
    """The page of a correction."""
    meta = record._meta
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_{name}", args=[record.pk])
    return address + ("?" + "&".join(f"{k}={v}" for k, v in given.items()) if given else "")


def shown(client: Client, url: str, **fields: Any) -> Any:
    """What the first button shows."""
    return client.post(url, {"form_key": key_of(client, url), "reason": WHY, **fields})


def done(client: Client, url: str, **fields: Any) -> Any:
    """What becomes of a form that was looked at and sent."""
    return shown(client, url, **{"step": "do", "seen": str(10**9), **fields})


def balance(customer: Customer) -> int:
    return standing(customer, now=clock.now()).live.figure.balance


def allocated(customer: Customer, units: int, key: str = EMAIL) -> Operation:
    return make.allocate(customer, key, units).operation


def newest(customer: Customer) -> Operation:
    return Operation.objects.filter(customer=customer).latest("position")


# One of each


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


# Licenses


def test_an_extension_shows_the_balance_on_the_date_that_changes(
    desk: Client, license: License
) -> None:
    url = page_of(license, "extend")

    told = text_of(shown(desk, url, ends="2028-06-30"))

    assert "1 Jan 2028 0 10,000 +10,000" in told
    assert done(desk, url, ends="2028-06-30")["Location"] == reverse(
        "admin:credits_license_change", args=[license.pk]
    )
    license.refresh_from_db()
    assert license.ends_at == datetime(2028, 7, 1, tzinfo=UTC)


def test_voiding_shows_that_credits_are_short_and_asks_for_no_confirmation(
    desk: Client, customer: Customer, license: License
) -> None:
    allocated(customer, 10)
    url = page_of(license, "void")

    told = text_of(shown(desk, url))

    assert "L-201 10,000 0 \N{MINUS SIGN}10,000" in told
    assert "Balance today 9,750 \N{MINUS SIGN}250 short" in told
    assert done(desk, url).status_code == 303
    assert balance(customer) == -250


def test_a_license_links_to_its_corrections_while_it_can_be_corrected(
    desk: Client, license: License
) -> None:
    page = reverse("admin:credits_license_change", args=[license.pk])
    links = [page_of(license, name) for name in ("extend", "reduce", "void")]
    assert all(link in desk.get(page).content.decode() for link in links)

    done(desk, links[2])

    assert not any(link in desk.get(page).content.decode() for link in links)
    refused = shown(desk, links[0], ends="2028-06-30")
    assert refused.status_code == 422
    assert "L-201 has been voided." in text_of(refused)


# Operations


def test_an_old_operation_is_undone_and_later_ones_stand(
    desk: Client, customer: Customer, license: License
) -> None:
    first = allocated(customer, 10)
    with clock.moved_to(NOW + timedelta(days=90)):
        allocated(customer, 20)
        page = desk.get(reverse("admin:credits_operation_change", args=[first.pk]))
        assert page_of(first, "undo") in page.content.decode()

        told = text_of(shown(desk, page_of(first, "undo")))
        assert "No credits change, neither now nor later." in told
        assert "Undo: Allocated Core package: 0 → 10 users" in told
        assert done(desk, page_of(first, "undo")).status_code == 303

        assert balance(customer) == 10_000 - 500
        page = desk.get(reverse("admin:credits_operation_change", args=[first.pk]))
        assert page_of(first, "undo") not in page.content.decode()
        assert "This was undone before." in text_of(shown(desk, page_of(first, "undo")))


def test_a_wrong_report_of_a_system_is_withdrawn(
    desk: Client, customer: Customer, license: License
) -> None:
    reported(customer, 10)
    wrong = reported(customer, 900)
    report = wrong.reports.get()
    page = desk.get(reverse("admin:credits_usagereport_change", args=[report.pk]))
    assert page_of(wrong, "undo") in page.content.decode()

    assert done(desk, page_of(wrong, "undo")).status_code == 303

    assert balance(customer) == 10_000 - 250


def reported(customer: Customer, units: int) -> Operation:
    """A system says how many users there are."""
    source = SetUsageSource(customer=customer, asked=make.asked(), group=EMAIL, name="Directory")
    post(source)
    stated = {EMAIL: Decimal(units)}
    command = ReportUsage(
        customer=customer, asked=make.asked(), group=EMAIL, quantities=stated, at=clock.now()
    )
    return post(command).operation


def test_what_stated_no_fact_cannot_be_undone(desk: Client, customer: Customer) -> None:
    source = SetUsageSource(customer=customer, asked=make.asked(), group=EMAIL, name="Directory")
    operation = post(source).operation

    response = shown(desk, page_of(operation, "undo"))

    assert response.status_code == 422
    assert "This cannot be undone. Repeat the act instead." in text_of(response)
    page = desk.get(reverse("admin:credits_operation_change", args=[operation.pk]))
    assert page_of(operation, "undo") not in page.content.decode()


def test_an_operation_of_the_office_has_nothing_to_undo(desk: Client) -> None:
    office = Operation.objects.filter(customer=None).latest("pk")

    assert desk.get(page_of(office, "undo")).status_code == 404
    assert desk.get(reverse("admin:credits_operation_change", args=[office.pk])).status_code == 200


def test_a_shortfall_is_confirmed_by_its_number(
    desk: Client, customer: Customer, license: License
) -> None:
    url = page_of(customer, "units", group=EMAIL)
    more = {f"q.{EMAIL}": "410"}
    told = text_of(shown(desk, url, **more))
    assert "This takes the balance to \N{MINUS SIGN}250 credits." in told
    before = stored()

    unconfirmed = done(desk, url, **more)
    too_low = done(desk, url, **more, confirmed_shortfall="249")

    assert (unconfirmed.status_code, too_low.status_code) == (422, 422)
    assert "Take the balance 250 credits below zero" in text_of(unconfirmed)
    assert stored() == before
    assert done(desk, url, **more, confirmed_shortfall="250").status_code == 303
    assert balance(customer) == -250


def test_undoing_a_release_is_judged_like_any_act(
    desk: Client, customer: Customer, license: License
) -> None:
    allocated(customer, 10)
    released = done(desk, page_of(customer, "release", group=EMAIL), features=[EMAIL])
    assert released.status_code == 303
    act = newest(customer)
    done(desk, page_of(license, "void"))

    asked = done(desk, page_of(act, "undo"))

    assert asked.status_code == 422
    assert "Take the balance 250 credits below zero" in text_of(asked)
    assert done(desk, page_of(act, "undo"), confirmed_shortfall="250").status_code == 303


def test_a_customer_that_refuses_shortfalls_is_not_overruled(
    desk: Client, customer: Customer, license: License
) -> None:
    Customer.objects.filter(pk=customer.pk).update(over_allocation=OverAllocation.REFUSE)
    url = page_of(customer, "units", group=EMAIL)

    for step in ("", "do"):
        response = shown(
            desk, url, step=step, seen="999", confirmed_shortfall="9999", **{f"q.{EMAIL}": "410"}
        )
        assert response.status_code == 422
        assert "refuse that. Nothing was changed." in text_of(response)
    assert balance(customer) == 10_000


# Holdings


def test_units_are_stated_by_hand_although_a_system_reports(
    desk: Client, customer: Customer, license: License
) -> None:
    reported(customer, 10)
    url = page_of(customer, "units", group=EMAIL)
    assert "Units are reported by Directory." in text_of(desk.get(url))

    assert done(desk, url, **{f"q.{EMAIL}": "12"}).status_code == 303
    assert balance(customer) == 10_000 - 300
    with clock.moved_to(NOW + timedelta(hours=1)):
        reported(customer, 11)

        assert balance(customer) == 10_000 - 275


def test_what_changed_since_it_was_shown_is_shown_again(
    desk: Client, customer: Customer, license: License
) -> None:
    url = page_of(customer, "units", group=EMAIL)
    page = shown(desk, url, **{f"q.{EMAIL}": "12"})
    seen = str(page.context["seen"])
    allocated(customer, 30)

    response = done(desk, url, seen=seen, **{f"q.{EMAIL}": "12"})

    assert response.status_code == 409
    assert "was changed meanwhile" in text_of(response)
    assert balance(customer) == 10_000 - 750
    again = {"seen": str(response.context["seen"]), f"q.{EMAIL}": "12"}
    assert done(desk, url, **again).status_code == 303
    assert balance(customer) == 10_000 - 300


def test_a_group_is_chosen_where_the_address_names_none(desk: Client, customer: Customer) -> None:
    before = stored()

    for name in ("units", "release"):
        for response in (desk.get(page_of(customer, name)), desk.post(page_of(customer, name))):
            assert f'<option value="{EMAIL}">' in response.content.decode()
    assert desk.get(page_of(customer, "units", group="nothing")).status_code == 404
    assert stored() == before


@pytest.mark.parametrize(
    ("group", "fields"),
    [
        ("cloud-risk", {"a.{key}.1.name": "Prod", "a.{key}.1.units": "300"}),
    ],
)
def test_accounts_are_stated_one_by_one(
    desk: Client, customer: Customer, license: License, group: str, fields: dict[str, str]
) -> None:
    url = page_of(customer, "units", group=group)
    sent = {name.format(key=group): value for name, value in fields.items()}

    more = shown(desk, url, step="more", **sent)
    assert f"a.{group}.2.name" in more.content.decode()
    assert done(desk, url, **sent).status_code == 303

    assert newest(customer).reports.get().quantities == {group: {"Prod": "300"}}


def test_a_contract_is_booked_ahead_and_the_way_back_closes_for_30_days(
    desk: Client, customer: Customer, license: License
) -> None:
    make.grant(customer, 30_000, date(2027, 1, 1), date(2027, 12, 31))
    allocated(customer, 500, PAYG)
    before = balance(customer)
    url = page_of(customer, "billing", feature=PAYG)
    assert f'<option value="{PAYG}" selected>' in desk.get(url).content.decode()
    sent = {"feature": PAYG, "to": "payg", "contract_ends_at": "2027-06-30"}

    assert done(desk, url, **sent).status_code == 303

    choice = FeatureChoice.objects.latest("pk")
    assert choice.until == datetime(2027, 7, 1, tzinfo=UTC)
    assert balance(customer) == before + 5_000
    back = done(desk, url, feature=PAYG, to="credits", contract_ends_at="")
    assert back.status_code == 422
    assert "It may be switched again from 2027-02-09" in text_of(back)
    with clock.moved_to(NOW + timedelta(days=30)):
        assert done(desk, url, feature=PAYG, to="credits").status_code == 303
        assert balance(customer) == before
    undone = shown(desk, page_of(newest(customer), "undo"))
    assert "This cannot be undone. Repeat the act instead." in text_of(undone)


def test_a_customer_shows_its_groups_with_the_ways_to_correct_them(
    desk: Client, customer: Customer, license: License
) -> None:
    allocated(customer, 10)
    page = desk.get(reverse("admin:credits_customer_change", args=[customer.pk]))

    told, html = text_of(page), page.content.decode()
    assert "Core package 10 users 250 by hand on credits" in told
    for link in (
        page_of(customer, "units", group=EMAIL),
        page_of(customer, "release", group=EMAIL),
        page_of(customer, "move", feature=EMAIL),
        page_of(customer, "units"),
    ):
        assert f'href="{link}"' in html


# Purchases


@pytest.fixture
def purchase(customer: Customer) -> Purchase:
    order = Order(
        order_number="SO-7",
        channel="sales",
        lines=[
            LineOrder(credits=500, first_day=date(2027, 1, 1), last_day=date(2027, 12, 31)),
            LineOrder(credits=700, first_day=date(2027, 1, 1), last_day=date(2027, 12, 31)),
        ],
    )
    return record_purchase(customer, order, make.asked())


def test_an_orders_operation_is_undone_with_the_order(
    desk: Client, customer: Customer, purchase: Purchase
) -> None:
    page = desk.get(reverse("admin:credits_operation_change", args=[purchase.operation_id]))
    assert page_of(purchase, "cancel") in page.content.decode()

    for response in (
        desk.get(page_of(purchase.operation, "undo")),
        desk.post(page_of(purchase.operation, "undo"), {"step": "do", "reason": WHY}),
    ):
        assert (response.status_code, response["Location"]) == (302, page_of(purchase, "cancel"))
    assert balance(customer) == 1_200


def test_a_cancelled_order_is_gone_from_the_books_and_its_number_is_free(
    desk: Client, customer: Customer, purchase: Purchase
) -> None:
    told = text_of(shown(desk, page_of(purchase, "cancel")))
    assert "Balance today 1,200 0" in told

    assert done(desk, page_of(purchase, "cancel")).status_code == 303

    purchase.refresh_from_db()
    assert purchase.state == PurchaseState.CANCELLED
    assert balance(customer) == 0
    assert all(license.voided_at for license in customer.licenses.all())
    again = record_purchase(
        customer,
        Order(
            order_number="SO-7",
            channel="sales",
            lines=[LineOrder(credits=5, first_day=date(2027, 1, 1), last_day=date(2027, 12, 31))],
        ),
        make.asked(),
    )
    assert again.pk != purchase.pk
    refused = shown(desk, page_of(purchase, "cancel"))
    assert "This was undone before." in text_of(refused)


def test_an_order_whose_license_was_corrected_is_not_cancelled(
    desk: Client, customer: Customer, purchase: Purchase
) -> None:
    first = customer.licenses.order_by("number").first()
    done(desk, page_of(first, "extend"), ends="2028-12-31")
    extension = newest(customer)

    refused = done(desk, page_of(purchase, "cancel"))

    assert refused.status_code == 422
    assert "L-201 was corrected after it was granted (extend on 2027-01-10)." in text_of(refused)
    purchase.refresh_from_db()
    assert purchase.state == PurchaseState.CONFIRMED
    assert done(desk, page_of(extension, "undo")).status_code == 303
    assert done(desk, page_of(purchase, "cancel")).status_code == 303
    assert balance(customer) == 0


# Weight


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
