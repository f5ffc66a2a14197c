"""A file of orders is entered whole, once, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.domain.importing.checking import plan_import
from billing.domain.importing.running import (
    FORGOTTEN,
    KEPT,
    check_import,
    confirm_import,
    discard_import,
    run_import,
    run_imports,
)
from billing.models import ImportState, Purchase, PurchaseImport
from credits.domain.verify import verify_all
from credits.exceptions import NotAllowed
from credits.models import Customer, User
from tests.billing.importing.files import HEADER, entered, file_of
from tests.billing.ordering import buy, line, today
from tests.factories import credits as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def year() -> str:
    """First and last day of a year from today, as cells."""
    return f"{today()},{line().last_day}"


def test_a_file_becomes_purchases(
    customer: Customer, other_customer: Customer, manager: User, year: str
) -> None:
    data = file_of(
        f"{customer.label},SO-1,1000,{year}",
        f"{customer.label},SO-1,500,{year}",
        f"{other_customer.name.upper()},SO-2,700,{year}",
    )

    found = entered(data, manager)

    assert (found.state, found.done, found.credits) == (ImportState.DONE, 2, 2200)
    assert found.content == ""
    assert found.finished_at is not None
    orders = {one.order_number: one for one in Purchase.objects.all()}
    assert orders["SO-1"].customer == customer
    assert [one.license.credits for one in orders["SO-1"].lines.all()] == [1000, 500]
    assert orders["SO-2"].customer == other_customer
    assert orders["SO-2"].entered_by == manager
    assert not [outcome for outcome in verify_all() if outcome.broken]


def test_the_same_file_twice_changes_nothing(customer: Customer, rep: User, year: str) -> None:
    data = file_of(f"{customer.label},SO-1,1000,{year}", f"{customer.label},SO-2,2000,{year}")
    entered(data, rep)

    found, plan = check_import(data, "orders.csv", rep)

    assert (plan.orders, plan.problems, len(plan.already)) == ([], [], 2)
    with pytest.raises(NotAllowed):
        confirm_import(found, rep)
    assert Purchase.objects.count() == 2


def test_what_is_there_already_is_left_and_the_rest_entered(
    customer: Customer, rep: User, year: str
) -> None:
    entered(file_of(f"{customer.label},SO-1,1000,{year}"), rep)

    found = entered(
        file_of(f"{customer.label},SO-1,1000,{year}", f"{customer.label},SO-2,5,{year}"), rep
    )

    assert (found.done, found.already) == (1, 1)
    assert Purchase.objects.count() == 2


def test_confirmed_twice_and_run_twice_it_is_entered_once(
    customer: Customer, rep: User, year: str
) -> None:
    found, _plan = check_import(file_of(f"{customer.label},SO-1,1,{year}"), "a.csv", rep)

    confirm_import(found, rep)
    assert run_imports() == {"orders": 1}
    confirm_import(found, rep)

    assert run_imports() == {"orders": 0}
    assert run_import(found.public_id) == 0
    assert Purchase.objects.count() == 1


def test_one_bad_line_keeps_all_out(customer: Customer, rep: User, year: str) -> None:
    good, bad = f"{customer.label},SO-1,1000,{year}", f"{customer.label},SO-2,0,{year}"

    found, plan = check_import(file_of(good, bad), "orders.csv", rep)

    assert [problem.line for problem in plan.problems] == [3]
    assert plan.orders == []
    assert found.content == ""
    with pytest.raises(NotAllowed):
        confirm_import(found, rep)


def test_what_no_longer_holds_when_it_is_run_fails_the_whole(
    customer: Customer, rep: User, year: str
) -> None:
    lines = (f"{customer.label},SO-1,1000,{year}", f"{customer.label},SO-2,10,{year}")
    found, _plan = check_import(file_of(*lines), "orders.csv", rep)
    confirm_import(found, rep)
    buy(customer, "SO-2", line(999))

    assert run_import(found.public_id) == 0

    found.refresh_from_db()
    assert found.state == ImportState.FAILED
    assert found.problems == [
        [
            3,
            f"Order number SO-2 is recorded for {customer.name} with other licenses or another "
            "price. Correct the line, or correct that order.",
        ]
    ]
    assert Purchase.objects.count() == 1


def test_a_rep_enters_for_assigned_customers_alone(
    customer: Customer, other_customer: Customer, rep: User, year: str
) -> None:
    lines = (
        f"{other_customer.label},SO-1,1,{year}",
        f"{other_customer.name},SO-2,1,{year}",
        f"C-999999,SO-3,1,{year}",
    )

    plan = plan_import(file_of(*lines), rep)

    said = [other_customer.label, other_customer.name, "C-999999"]
    assert [problem.text for problem in plan.problems] == [
        f"There is no customer “{one}” among yours. Write the number, as C-1001, or the exact name."
        for one in said
    ]


def test_who_is_no_sales_enters_nothing(customer: Customer, alice: User, year: str) -> None:
    assert plan_import(file_of(f"{customer.label},SO-1,1,{year}"), alice).problems


def test_rights_that_were_taken_away_meanwhile_count(
    customer: Customer, rep: User, year: str
) -> None:
    found, _plan = check_import(file_of(f"{customer.label},SO-1,1,{year}"), "a.csv", rep)
    confirm_import(found, rep)
    rep.assignments.all().delete()

    run_import(found.public_id)

    found.refresh_from_db()
    assert found.state == ImportState.FAILED
    assert not Purchase.objects.exists()


def test_the_number_of_a_customer_nobody_may_see_is_told_without_the_name(
    customer: Customer, other_customer: Customer, rep: User, year: str
) -> None:
    buy(other_customer, "SO-1")

    [problem] = plan_import(file_of(f"{customer.label},so-1,1,{year}"), rep).problems

    assert problem.text == "Order number so-1 is used already in its channel."


def test_an_unusual_term_is_asked_about_by_name(customer: Customer, rep: User) -> None:
    header = f"{HEADER},unusual"
    old = f"{customer.label},SO-1,1,2020-01-01,2020-12-31"

    [problem] = plan_import(file_of(f"{old},", header=header), rep).problems
    plan = plan_import(file_of(f"{old},yes", header=header), rep)

    assert problem.text == (
        "This license ended on 2020-12-31. Write yes in the column unusual if that is meant."
    )
    assert len(plan.orders) == 1


def test_a_license_is_renewed_once(customer: Customer, rep: User, year: str) -> None:
    license = buy(customer, "SO-1").lines.get().license
    header = f"{HEADER},renews"
    renewing = f"{customer.label},SO-{{}},1,{year},{license.label}"

    twice = plan_import(file_of(renewing.format(2), renewing.format(3), header=header), rep)
    other = plan_import(file_of(f"{customer.label},SO-4,1,{year},L-999", header=header), rep)
    entered(file_of(renewing.format(2), header=header), rep)
    again = plan_import(file_of(renewing.format(5), header=header), rep)

    assert [problem.line for problem in twice.problems] == [2, 3]
    assert other.problems[0].text == f"{customer.name} has no license “L-999” to renew."
    assert license.renewal.credits == 1
    assert again.problems[0].text.startswith(f"{license.label} has one renewal already.")


def test_what_needs_a_second_look_is_not_imported(
    customer: Customer, rep: User, year: str, settings: Any
) -> None:
    settings.PURCHASE_SECOND_LOOK_CREDITS = 100

    [problem] = plan_import(file_of(f"{customer.label},SO-1,101,{year}"), rep).problems

    assert "confirmed by a second person" in problem.text


def test_a_discarded_file_is_forgotten(customer: Customer, rep: User, year: str) -> None:
    found, _plan = check_import(file_of(f"{customer.label},SO-1,1,{year}"), "a.csv", rep)

    discard_import(found)
    confirm_import(found, rep)
    run_imports()

    found.refresh_from_db()
    assert (found.state, found.content) == (ImportState.DISCARDED, "")
    assert not Purchase.objects.exists()


def test_a_file_that_nobody_confirms_is_forgotten_after_a_week(
    customer: Customer, rep: User, year: str, at: Callable[..., Any]
) -> None:
    found, _plan = check_import(file_of(f"{customer.label},SO-1,1,{year}"), "a.csv", rep)

    with at(found.uploaded_at + KEPT):
        run_imports()
    assert PurchaseImport.objects.get().content
    with at(found.uploaded_at + KEPT + timedelta(seconds=1)):
        run_imports()

    forgotten = PurchaseImport.objects.get()
    assert (forgotten.content, forgotten.name) == ("", FORGOTTEN)
    assert forgotten.finished_at == found.uploaded_at + KEPT + timedelta(seconds=1)


def test_a_check_takes_the_same_queries_for_5_and_50_orders(
    customer: Customer, rep: User, year: str
) -> None:
    def count(orders: int) -> int:
        lines = [f"{customer.label},SO-{n},1,{year}" for n in range(orders)]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(plan_import(file_of(*lines), rep).orders) == orders
        return len(queries)

    buy(customer, "SO-1000")

    assert count(5) == count(50)


def test_spreadsheet_guards_are_taken_off(rep: User, year: str) -> None:
    customer = make.make_customer(name="=Cell & Co", slug="cell")
    make.assign_rep(customer, rep)

    plan = plan_import(file_of(f"'=Cell & Co,SO-1,1,{year}"), rep)

    assert [planned.customer for planned in plan.orders] == [customer]
