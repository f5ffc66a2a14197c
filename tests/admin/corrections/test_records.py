"""What each correction does to licenses, operations, holdings and orders."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from billing.domain.orders import LineOrder, Order
from billing.domain.purchases import record_purchase
from billing.models import Purchase, PurchaseState
from credits import clock
from credits.domain.post import post
from credits.domain.sources import SetUsageSource
from credits.domain.usage import ReportUsage
from credits.models import (
    Customer,
    FeatureChoice,
    License,
    Operation,
    OverAllocation,
)
from tests.access.probing import stored
from tests.admin.corrections.hands import (
    EMAIL,
    NOW,
    PAYG,
    WHY,
    allocated,
    balance,
    done,
    newest,
    page_of,
    shown,
)
from tests.admin.pages import text_of
from tests.factories import credits as make

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
