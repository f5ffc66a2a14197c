"""An order is kept as it was typed, by one person at a time, and recorded or put away."""

from __future__ import annotations

import pytest

from billing.domain.drafts import (
    Known,
    discard_draft,
    drafts_of,
    enter_order,
    open_drafts_for,
    save_draft,
)
from billing.domain.purchase_files import Upload, keep_waiting, waiting
from billing.domain.second_look import DraftChanged
from billing.models import DraftState, Purchase, PurchaseDraft, PurchaseFile
from credits.domain.members import NoLongerAllowed
from credits.exceptions import UnknownObject
from credits.models import Customer, Operation, User
from tests.billing.ordering import order
from tests.billing.purchasing.typing_orders import PDF, submitted, typed_as
from tests.factories import credits as make

pytestmark = pytest.mark.django_db


def known(found: PurchaseDraft) -> Known:
    return Known(found.public_id, found.version)


def test_a_draft_keeps_what_was_typed_and_writes_nothing_to_the_books(
    customer: Customer, rep: User
) -> None:
    before = Operation.objects.count()

    found = save_draft(customer, typed_as(note="half"), make.asked(actor=rep))

    assert (found.state, found.version, found.saved_by) == (DraftState.DRAFT, 1, rep)
    assert found.typed["note"] == "half"
    assert Operation.objects.count() == before


def test_saving_twice_saves_once(customer: Customer, rep: User) -> None:
    asked = make.asked(actor=rep)

    first = save_draft(customer, typed_as(), asked)
    again = save_draft(customer, typed_as(), asked)

    assert (first.pk, first.version) == (again.pk, again.version)


def test_the_same_form_goes_on_with_its_draft(customer: Customer, rep: User) -> None:
    asked = make.asked(actor=rep)
    save_draft(customer, typed_as(), asked)

    save_draft(customer, typed_as(note="more"), asked)

    found = PurchaseDraft.objects.get()
    assert (found.version, found.typed["note"]) == (2, "more")


def test_what_somebody_else_saved_is_not_written_over(
    customer: Customer, rep: User, manager: User
) -> None:
    found = save_draft(customer, typed_as(), make.asked(actor=rep))
    opened = known(found)
    save_draft(customer, typed_as(note="of Milo"), make.asked(actor=manager), opened)

    with pytest.raises(DraftChanged, match="Milo Sand"):
        save_draft(customer, typed_as(note="of Rina"), make.asked(actor=rep), opened)

    found.refresh_from_db()
    assert found.typed["note"] == "of Milo"


def test_a_draft_becomes_its_purchase(customer: Customer, rep: User) -> None:
    found = save_draft(customer, typed_as(), make.asked(actor=rep))
    asked = make.asked(actor=rep)

    purchase = enter_order(customer, order(), asked, known(found))

    assert enter_order(customer, order(), asked, known(found)) == purchase
    found.refresh_from_db()
    assert (found.state, found.purchase) == (DraftState.RECORDED, purchase)


def test_a_draft_is_recorded_once_from_two_tabs(customer: Customer, rep: User) -> None:
    found = save_draft(customer, typed_as(), make.asked(actor=rep))
    enter_order(customer, order(), make.asked(actor=rep), known(found))

    with pytest.raises(DraftChanged, match="recorded"):
        enter_order(customer, order("SO-2"), make.asked(actor=rep), known(found))

    assert Purchase.objects.count() == 1


def test_a_draft_is_discarded_with_its_files(customer: Customer, rep: User) -> None:
    asked = make.asked(actor=rep)
    keep_waiting(customer, [Upload("order.pdf", PDF)], asked)
    found = save_draft(customer, typed_as(), asked)
    assert waiting("", found).count() == 1

    discard_draft(customer, known(found), make.asked(actor=rep))
    discard_draft(customer, known(found), make.asked(actor=rep))

    found.refresh_from_db()
    assert found.state == DraftState.DISCARDED
    assert not PurchaseFile.objects.exists()
    with pytest.raises(DraftChanged, match="discarded"):
        save_draft(customer, typed_as(note="x"), make.asked(actor=rep), known(found))


def test_drafts_are_the_desks_own(
    customer: Customer, other_customer: Customer, rep: User, manager: User, alice: User
) -> None:
    draft = save_draft(customer, typed_as(), make.asked(actor=rep))
    theirs = save_draft(other_customer, typed_as(), make.asked(actor=manager))
    waits = submitted(customer, rep)

    assert list(open_drafts_for(rep)) == [waits, draft]
    assert set(open_drafts_for(manager)) == {waits, draft, theirs}
    assert not open_drafts_for(alice).exists()
    with pytest.raises(UnknownObject):
        save_draft(customer, typed_as(), make.asked(actor=rep), known(theirs))
    with pytest.raises(NoLongerAllowed):
        save_draft(customer, typed_as(), make.asked(actor=alice))
    assert drafts_of(customer).count() == 2
