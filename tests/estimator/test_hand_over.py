"""Handing an estimate over, taking it back, and the one order it becomes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import override_settings

from billing.domain.second_look import NeedsSecondLook
from billing.models import Purchase
from credits.domain import verify
from credits.domain.activity_words import words_of
from credits.domain.members import NoLongerAllowed
from credits.exceptions import (
    CreditsError,
    KeyConflict,
    NotAllowed,
    StaleView,
    UnknownObject,
)
from credits.models import Customer, LedgerEntry, License, Operation, OutgoingMail, User
from estimator.domain.hand_over import SettleEstimate, hand_over, settle_estimate, to_buy
from estimator.domain.needs import Basis
from estimator.domain.pipeline import Stage
from estimator.models import HandOver
from tests.billing.ordering import buy, line
from tests.estimator.handing import (
    FEATURE,
    back,
    command,
    confirm,
    hand,
    plan,
    stage,
    withdraw,
)
from tests.estimator.page import NOW
from tests.factories import credits as make

TODAY = date(2026, 11, 25)


def test_the_figures_are_kept_as_they_were_seen(customer: Customer, alice: User) -> None:
    estimate = plan(customer, alice, units=100, years=3)

    found = hand(estimate, alice)
    make.grant(customer, 10_000, TODAY, TODAY + timedelta(days=2_000))

    found.refresh_from_db()
    assert (found.version, found.credits, found.first_day, found.years) == (1, 700, TODAY, 3)
    assert (found.handed_by, found.handed_at) == (alice, found.operation.recorded_at)
    assert found.operation.kind == "hand-over-estimate"
    assert found.operation.actor == alice
    assert stage(found) == Stage.WAITING
    assert verify.verify_books(customer) == []


def test_it_books_nothing(customer: Customer, alice: User) -> None:
    before = LedgerEntry.objects.count()

    found = hand(plan(customer, alice), alice)
    back(found.estimate, alice)

    assert LedgerEntry.objects.count() == before
    assert stage(found) == Stage.TAKEN_BACK


def test_all_that_is_needed_is_bought_from_the_first_day_on(
    customer: Customer, alice: User
) -> None:
    make.grant(customer, 500, TODAY, TODAY + timedelta(days=9))
    make.grant(customer, 100, TODAY, TODAY + timedelta(days=99))

    found = hand(plan(customer, alice), alice)

    assert (found.credits, found.first_day) == (700, TODAY)


def test_what_is_covered_for_now_is_bought_when_it_ends(customer: Customer, alice: User) -> None:
    make.grant(customer, 900, TODAY, TODAY + timedelta(days=9))

    found = hand(plan(customer, alice), alice)

    assert (found.credits, found.first_day) == (700, TODAY + timedelta(days=10))


def test_the_basis_that_was_seen_is_the_one_that_counts(customer: Customer, alice: User) -> None:
    make.grant(customer, 700, TODAY, TODAY + timedelta(days=2_000))
    make.allocate(customer, FEATURE, 100)
    estimate = plan(customer, alice)

    with pytest.raises(NotAllowed, match=r"nothing to buy.* through 24 Nov 2027"):
        to_buy(estimate, Basis.INSTEAD, NOW)

    assert hand(estimate, alice, basis=Basis.ON_TOP).credits == 700


def test_where_nothing_is_missing_there_is_nothing_to_hand_over(
    customer: Customer, alice: User
) -> None:
    estimate = plan(customer, alice)
    wanted = command(estimate, alice)
    make.grant(customer, 700, TODAY, TODAY + timedelta(days=2_000))

    with pytest.raises(NotAllowed, match="There is nothing to buy"):
        hand_over(wanted)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"version": 2}, "Version 1 was saved meanwhile"),
        ({"credits": 699}, "has changed meanwhile"),
        ({"first_day": TODAY + timedelta(days=1)}, "has changed meanwhile"),
        ({"basis": Basis.ON_TOP, "credits": 701}, "has changed meanwhile"),
    ],
)
def test_other_figures_than_those_seen_are_not_sent(
    customer: Customer, alice: User, fields: dict[str, Any], said: str
) -> None:
    wanted = command(plan(customer, alice), alice, **fields)

    with pytest.raises(StaleView, match=said):
        hand_over(wanted)

    assert not HandOver.objects.exists()
    assert not OutgoingMail.objects.filter(kind="estimate-handed-over").exists()


def test_one_key_hands_over_once(customer: Customer, alice: User, rep: User) -> None:
    estimate = plan(customer, alice)

    first, second = (hand(estimate, alice, key="once") for _ in range(2))

    assert first == second
    assert OutgoingMail.objects.filter(kind="estimate-handed-over").count() == 1
    with pytest.raises(KeyConflict):
        hand(estimate, alice, key="once", credits=5)


def test_it_is_handed_over_once_at_a_time(customer: Customer, alice: User, rep: User) -> None:
    estimate = plan(customer, alice)
    first = hand(estimate, alice)

    with pytest.raises(NotAllowed, match="E-1 waits for sales"):
        hand(estimate, alice)

    back(estimate, alice)
    second = hand(estimate, alice)
    assert (stage(first), stage(second)) == (Stage.TAKEN_BACK, Stage.WAITING)


def test_who_may_not_is_refused(
    customer: Customer, other_customer: Customer, alice: User, bob: User, rep: User, carol: User
) -> None:
    estimate = plan(customer, alice)

    for person in (bob, rep, carol):
        with pytest.raises(NoLongerAllowed):
            hand(estimate, person)

    found = hand(estimate, alice)
    for person in (bob, rep, carol):
        with pytest.raises(NoLongerAllowed):
            back(estimate, person)
    assert stage(found) == Stage.WAITING


def test_another_customers_estimate_is_unknown(
    customer: Customer, other_customer: Customer, alice: User, carol: User
) -> None:
    estimate = plan(customer, alice)

    with pytest.raises(UnknownObject):
        hand(estimate, carol, customer=other_customer)


def test_an_order_is_what_was_handed_over(customer: Customer, alice: User, rep: User) -> None:
    found = hand(plan(customer, alice, years=2), alice)

    purchase = confirm(found, rep)

    license = License.objects.get(purchase_line__purchase=purchase)
    assert purchase.order_number == f"{customer.label}-E-1"
    assert (purchase.channel, purchase.entered_by) == ("sales", rep)
    assert license.credits == 700
    assert (license.starts_at.date(), license.ends_at.date()) == (TODAY, date(2028, 11, 25))
    assert stage(found) == Stage.PURCHASED
    assert verify.verify_books(customer) == []


def test_one_key_confirms_once(customer: Customer, alice: User, rep: User) -> None:
    found = hand(plan(customer, alice), alice)

    first, second = (confirm(found, rep, key="once") for _ in range(2))

    assert first == second
    assert Purchase.objects.count() == 1
    assert OutgoingMail.objects.filter(kind="estimate-purchased").count() == 1


def test_a_second_confirmation_is_told_of_the_first(
    customer: Customer, alice: User, rep: User
) -> None:
    found = hand(plan(customer, alice), alice)
    confirm(found, rep, "SO-1")

    with pytest.raises(NotAllowed, match="became order SO-1"):
        confirm(found, rep, "SO-2")

    assert Purchase.objects.count() == 1


def test_what_was_taken_back_or_purchased_is_neither_again(
    customer: Customer, alice: User, rep: User
) -> None:
    bought, taken = (hand(plan(customer, alice), alice) for _ in range(2))
    confirm(bought, rep, "SO-1")
    back(taken.estimate, alice)

    with pytest.raises(NotAllowed, match="became order SO-1"):
        back(bought.estimate, alice)
    with pytest.raises(NotAllowed, match="not handed over"):
        back(taken.estimate, alice)
    with pytest.raises(NotAllowed, match="was taken back"):
        confirm(taken, rep)


def test_a_cancelled_order_leaves_it_waiting_again(
    customer: Customer, alice: User, rep: User
) -> None:
    found = hand(plan(customer, alice), alice)
    first = confirm(found, rep, key="once")
    withdraw(first)

    assert stage(found) == Stage.WAITING
    assert confirm(found, rep, key="once").pk == first.pk
    assert stage(found) == Stage.WAITING

    second = confirm(found, rep)

    assert stage(found) == Stage.PURCHASED
    assert HandOver.objects.get().purchase == second
    with pytest.raises(NotAllowed, match="became order"):
        back(found.estimate, alice)


def test_an_order_that_is_refused_leaves_it_waiting(
    customer: Customer, alice: User, rep: User
) -> None:
    buy(customer, "SO-1")
    found = hand(plan(customer, alice, units=4_000), alice)

    with pytest.raises(CreditsError, match="SO-1"):
        confirm(found, rep, "SO-1")

    assert stage(found) == Stage.WAITING
    assert not OutgoingMail.objects.filter(kind="estimate-purchased").exists()


@override_settings(PURCHASE_SECOND_LOOK_CREDITS=699)
def test_above_the_threshold_one_person_alone_confirms_nothing(
    customer: Customer, alice: User, rep: User
) -> None:
    found = hand(plan(customer, alice), alice)

    with pytest.raises(NeedsSecondLook):
        confirm(found, rep)

    assert stage(found) == Stage.WAITING


def settle(found: HandOver, purchase: Purchase, actor: User, key: str = "") -> None:
    settle_estimate(
        SettleEstimate(
            customer=found.estimate.customer,
            asked=make.asked(key, actor=actor),
            estimate=found.estimate.public_id,
            purchase=purchase.public_id,
        )
    )


def test_an_order_entered_by_itself_is_named(customer: Customer, alice: User, rep: User) -> None:
    found = hand(plan(customer, alice), alice)
    purchase = buy(customer, "SO-7", line(900), actor=rep)

    for _ in range(2):
        settle(found, purchase, rep, key="once")

    assert HandOver.objects.get().purchase == purchase
    assert stage(found) == Stage.PURCHASED
    assert OutgoingMail.objects.filter(kind="estimate-purchased").count() == 1


def test_only_a_free_order_of_the_customer_is_named(
    customer: Customer, other_customer: Customer, alice: User, rep: User
) -> None:
    before = buy(customer, "SO-1")
    elsewhere = buy(other_customer, "SO-2")
    found, second = (hand(plan(customer, alice, units), alice) for units in (4_000, 5_000))
    taken = confirm(second, rep, "SO-3")
    gone = buy(customer, "SO-4", line(10))
    withdraw(gone)

    for purchase in (before, elsewhere, taken, gone):
        with pytest.raises(NotAllowed, match="another estimate, or stands no more"):
            settle(found, purchase, rep)
    with pytest.raises(NoLongerAllowed):
        settle(found, buy(customer, "SO-5", line(5)), alice)
    assert stage(found) == Stage.WAITING


def test_mails_go_to_sales_and_back(
    customer: Customer, alice: User, rep: User, manager: User
) -> None:
    found = hand(plan(customer, alice, years=2), alice)
    confirm(found, rep, "SO-9")

    handed = OutgoingMail.objects.get(kind="estimate-handed-over")
    bought = OutgoingMail.objects.get(kind="estimate-purchased")
    assert (handed.to, bought.to) == (rep.email, alice.email)
    assert handed.subject == "Halden Energy hands over estimate E-1: 700 credits"
    for words in (
        "Halden Energy hands over estimate E-1, Plan 2027, version 1.",
        "To be bought: 700 credits from 25 Nov 2026, for 2 years.",
        "Handed over by Alice Brandt, alice@example.org.",
        f"/c/{customer.slug}/estimates/{found.estimate.public_id}/order/",
    ):
        assert words in handed.text
    assert bought.subject == "Estimate E-1 is purchased: 700 credits"
    assert "order SO-9 is recorded" in bought.text
    assert "L-201: 700 credits, 25 Nov 2026 until 24 Nov 2028, end of day UTC" in bought.text


def test_without_a_rep_the_managers_are_told(
    customer: Customer, alice: User, manager: User
) -> None:
    hand(plan(customer, alice), alice)

    assert OutgoingMail.objects.get(kind="estimate-handed-over").to == manager.email


def test_each_act_stands_in_the_books_in_words(customer: Customer, alice: User, rep: User) -> None:
    found = hand(plan(customer, alice), alice)
    settle(found, buy(customer, "SO-7", line(5)), rep)
    taken = hand(plan(customer, alice), alice)
    back(taken.estimate, alice)

    told = {
        operation.kind: words_of(
            operation, terms=(), reports=(), choices=(), entries=(), person="", reversed_words=""
        )
        for operation in Operation.objects.filter(customer=customer, kind__contains="estimate")
    }
    assert told["hand-over-estimate"].startswith("Handed estimate E-")
    assert told["settle-estimate"] == "Marked estimate E-1 as purchased by order SO-7"
    assert told["take-back-estimate"] == (
        "Took estimate E-2 back from sales: 695 credits from 25 Nov 2026"
    )
