"""An order above the threshold is recorded by two people, whoever tries what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings as portal

from billing.domain.drafts import Known, confirm_order, refuse_order, save_draft, submit_order
from billing.domain.purchases import record_purchase
from billing.domain.second_look import (
    DraftChanged,
    NeedsSecondLook,
    RefuseOrder,
    needs_second_look,
)
from billing.models import DraftState, Purchase, PurchaseDraft
from credits.domain.members import NoLongerAllowed
from credits.exceptions import InvalidCommand, KeyConflict, NotAllowed
from credits.models import Customer, LedgerEntry, Operation, OutgoingMail, User
from tests.billing.ordering import line, order
from tests.billing.purchasing.typing_orders import LARGE, large, submitted, typed_as
from tests.factories import credits as make

pytestmark = pytest.mark.django_db


def refusal(found: PurchaseDraft, by: User, reason: str = "Wrong customer") -> RefuseOrder:
    return RefuseOrder(
        customer=found.customer,
        asked=make.asked(actor=by, reason=reason),
        draft=found.public_id,
        version=found.version,
    )


@pytest.mark.parametrize(
    ("credits", "channel", "needs"),
    [
        (1_000_000, "sales", False),
        (LARGE, "sales", True),
        (LARGE, "support", True),
        (LARGE, "conversion", False),
        (LARGE, "aws", False),
    ],
)
def test_more_than_the_threshold_of_a_persons_order_needs_two(
    rep: User, credits: int, channel: str, needs: bool
) -> None:
    one = order("SO-1", line(credits), channel=channel)

    assert needs_second_look(one, rep) is needs
    assert not needs_second_look(one, None)


def test_the_threshold_counts_the_order_and_not_its_licenses(rep: User) -> None:
    assert needs_second_look(order("SO-1", line(600_000), line(400_001)), rep)


def test_a_threshold_of_zero_asks_nobody(settings: Any, rep: User) -> None:
    settings.PURCHASE_SECOND_LOOK_CREDITS = 0

    assert not needs_second_look(large(), rep)


def test_nobody_records_it_alone(customer: Customer, rep: User) -> None:
    before = Operation.objects.count()

    with pytest.raises(NeedsSecondLook, match=f"{portal.PURCHASE_SECOND_LOOK_CREDITS:,}"):
        record_purchase(customer, order("SO-1", line(LARGE)), make.asked(actor=rep))
    with pytest.raises(NeedsSecondLook):
        record_purchase(customer, order("SO-1", line(LARGE), seen_by=rep), make.asked(actor=rep))

    assert Operation.objects.count() == before
    assert not Purchase.objects.exists()


def test_what_was_submitted_grants_nothing_and_is_told_to_the_others(
    customer: Customer, rep: User, manager: User
) -> None:
    found = submitted(customer, rep)

    assert found.state == DraftState.WAITING
    assert not LedgerEntry.objects.exists()
    mails = OutgoingMail.objects.filter(kind="order-submitted")
    assert [mail.recipient for mail in mails] == [manager]
    assert "1,000,001" in mails[0].text


def test_a_repeat_submits_once(customer: Customer, rep: User, manager: User) -> None:
    asked = make.asked(actor=rep)

    first = submit_order(customer, large(), typed_as(), asked)
    again = submit_order(customer, large(), typed_as(), asked)

    assert first == again
    assert OutgoingMail.objects.filter(kind="order-submitted").count() == 1
    with pytest.raises(KeyConflict):
        submit_order(customer, large("SO-2"), typed_as(), asked)


def test_another_person_confirms_and_both_stand_on_the_purchase(
    customer: Customer, rep: User, manager: User
) -> None:
    found = submitted(customer, rep)

    purchase = confirm_order(found, found.version, large(), make.asked(actor=manager))

    assert (purchase.entered_by, purchase.confirmed_by) == (rep, manager)
    assert purchase.operation.actor == manager
    found.refresh_from_db()
    assert (found.state, found.purchase) == (DraftState.RECORDED, purchase)


def test_a_confirmation_that_is_repeated_records_once(
    customer: Customer, rep: User, manager: User
) -> None:
    found = submitted(customer, rep)
    asked = make.asked(actor=manager)

    first = confirm_order(found, found.version, large(), asked)

    assert confirm_order(found, found.version, large(), asked) == first
    assert Purchase.objects.count() == 1


def test_the_submitter_neither_confirms_nor_refuses(customer: Customer, rep: User) -> None:
    found = submitted(customer, rep)

    with pytest.raises(NotAllowed, match="yourself"):
        confirm_order(found, found.version, large(), make.asked(actor=rep))
    with pytest.raises(NotAllowed, match="yourself"):
        refuse_order(refusal(found, rep))

    assert not Purchase.objects.exists()


def test_who_may_not_enter_purchases_does_not_confirm(
    customer: Customer, rep: User, alice: User
) -> None:
    found = submitted(customer, rep)

    with pytest.raises(NoLongerAllowed):
        confirm_order(found, found.version, large(), make.asked(actor=alice))


@pytest.mark.parametrize(
    "other",
    [
        {"price": 5, "currency": "EUR"},
        {"note": "as agreed"},
        {"channel": "support"},
        {"order_number": "SO-2"},
        {"lines": [line(LARGE + 1)]},
    ],
    ids=["price", "note", "channel", "number", "credits"],
)
def test_only_what_was_submitted_is_confirmed(
    customer: Customer, rep: User, manager: User, other: dict[str, Any]
) -> None:
    found = submitted(customer, rep)

    with pytest.raises(DraftChanged):
        confirm_order(found, found.version, replace(large(), **other), make.asked(actor=manager))


def test_a_change_has_to_be_looked_at_anew(customer: Customer, rep: User, manager: User) -> None:
    found = submitted(customer, rep)
    seen = found.version

    save_draft(customer, typed_as(note="x"), make.asked(actor=rep), Known(found.public_id, seen))

    with pytest.raises(DraftChanged):
        confirm_order(found, seen, large(), make.asked(actor=manager))
    found.refresh_from_db()
    assert (found.state, found.version) == (DraftState.DRAFT, seen + 1)


def test_an_order_is_sent_back_with_the_reason(
    customer: Customer, rep: User, manager: User
) -> None:
    found = submitted(customer, rep)

    refuse_order(refusal(found, manager))

    found.refresh_from_db()
    assert found.state == DraftState.REFUSED
    mail = OutgoingMail.objects.get(kind="order-refused")
    assert mail.recipient == rep
    assert "Wrong customer" in mail.text


def test_a_refusal_says_why(customer: Customer, rep: User, manager: User) -> None:
    found = submitted(customer, rep)

    with pytest.raises(InvalidCommand) as refused:
        refuse_order(refusal(found, manager, reason=" "))

    assert refused.value.field == "reason"
    found.refresh_from_db()
    assert found.state == DraftState.WAITING


def test_what_was_decided_is_not_decided_again(
    customer: Customer, rep: User, manager: User
) -> None:
    found = submitted(customer, rep)
    confirm_order(found, found.version, large(), make.asked(actor=manager))

    with pytest.raises(DraftChanged):
        refuse_order(refusal(found, manager))
    with pytest.raises(DraftChanged):
        confirm_order(found, found.version, large(), make.asked(actor=manager))
