"""What was taken away between the page and the lock counts, and purged customers keep nothing."""

from __future__ import annotations

from typing import Any

import pytest

from billing.domain.drafts import Typed, enter_order, save_draft
from billing.domain.order_changes.moving import move, move_purchase
from billing.domain.purchase_files import Upload, drop_one, keep_waiting, waiting
from billing.models import Purchase, PurchaseDraft
from credits import clock
from credits.domain.members import NoLongerAllowed
from credits.exceptions import NotAllowed
from credits.models import Balance, Customer, User
from tests.billing.ordering import buy, line, order
from tests.factories import credits as make

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 signed"


def test_a_rep_who_was_removed_records_nothing(customer: Customer, rep: User) -> None:
    rep.assignments.all().delete()

    with pytest.raises(NoLongerAllowed):
        enter_order(customer, order(), make.asked("late", actor=rep))

    assert not Purchase.objects.exists()


def test_a_repeat_is_answered_all_the_same(customer: Customer, rep: User) -> None:
    asked = make.asked("once", actor=rep)
    purchase = enter_order(customer, order(), asked)
    rep.assignments.all().delete()

    assert enter_order(customer, order(), asked) == purchase


def test_nothing_is_kept_of_a_purged_customer(customer: Customer, manager: User) -> None:
    Balance.objects.filter(customer=customer).update(purged_at=clock.now())
    asked = make.asked("draft", actor=manager)

    with pytest.raises(NotAllowed, match="erased for good"):
        save_draft(customer, Typed(fields={"note": "secret"}), asked)
    with pytest.raises(NotAllowed, match="erased for good"):
        keep_waiting(customer, [Upload("a.pdf", PDF)], asked)

    assert not PurchaseDraft.objects.exists()


def test_the_files_of_what_waits_for_a_second_look_stay(customer: Customer, rep: User) -> None:
    asked = make.asked("draft", actor=rep)
    keep_waiting(customer, [Upload("a.pdf", PDF)], asked)
    draft = save_draft(customer, Typed(fields={}), asked)
    PurchaseDraft.objects.filter(pk=draft.pk).update(state="discarded")
    draft.refresh_from_db()
    [kept] = waiting("", draft)

    later = make.asked("later", actor=rep)
    keep_waiting(customer, [Upload("b.pdf", PDF + b"2")], later, draft)
    drop_one("", kept.public_id, draft)

    assert [one.name for one in waiting("", draft)] == ["a.pdf"]
    assert {one.name for one in waiting(later.key, draft)} == {"a.pdf", "b.pdf"}


def test_what_two_people_looked_at_is_not_moved_by_one(
    customer: Customer, other_customer: Customer, manager: User, settings: Any
) -> None:
    purchase = buy(customer, "SO-1", line(101), actor=manager)
    settings.PURCHASE_SECOND_LOOK_CREDITS = 100
    asked = make.asked("move", actor=manager, reason="Wrong customer")

    with pytest.raises(NotAllowed, match="looked at by two people"):
        move_purchase(purchase, move(purchase, other_customer, asked))

    settings.PURCHASE_SECOND_LOOK_CREDITS = 101
    assert move_purchase(purchase, move(purchase, other_customer, asked)).customer == other_customer
