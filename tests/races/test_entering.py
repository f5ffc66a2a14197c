"""Two tabs and two people at one moment: one customer, one purchase, one confirmation."""

from __future__ import annotations

from functools import partial

import pytest

from billing.domain.drafts import Known, confirm_order, save_draft
from billing.domain.first_purchase import NewCustomer, enter_first
from billing.domain.second_look import DraftChanged
from billing.models import Purchase, PurchaseDraft
from credits.domain import verify
from credits.models import Customer, Membership, User
from credits.roles import StaffRole
from tests.billing.ordering import order
from tests.billing.purchasing.typing_orders import large, submitted, typed_as
from tests.factories import credits as make
from tests.races.racing import race

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

NORDWIND = NewCustomer(name="Nordwind", admin_email="ada@nordwind.example", admin_name="Ada")


def test_one_form_sent_by_all_at_once_makes_one_customer(customer: Customer, rep: User) -> None:
    asked = make.asked("one-form", actor=rep)

    results = race([lambda: enter_first(NORDWIND, order(), typed_as(), asked)] * 6)

    assert {getattr(found, "pk", found) for found in results} == {Purchase.objects.get().pk}
    assert Customer.objects.filter(name="Nordwind").count() == 1
    assert Membership.objects.filter(customer__name="Nordwind").count() == 1


def test_two_confirmers_of_one_moment_record_once(
    customer: Customer, rep: User, manager: User
) -> None:
    second = make.make_user(email="mia@vendor.example", name="Mia Sand")
    make.make_staff(second, StaffRole.SALES_MANAGER)
    for n in range(3):
        found, one = submitted(customer, rep, f"SO-{n}"), large(f"SO-{n}")
        asks = [make.asked(actor=person) for person in (manager, second)]

        results = race([partial(confirm_order, found, found.version, one, ask) for ask in asks])

        kinds = sorted(type(result).__name__ for result in results)
        assert kinds == [DraftChanged.__name__, Purchase.__name__], results
    assert Purchase.objects.count() == 3
    assert verify.verify_books(customer) == []


def test_of_two_who_save_one_draft_the_second_is_told(
    customer: Customer, rep: User, manager: User
) -> None:
    found = save_draft(customer, typed_as(), make.asked(actor=rep))
    known = Known(found.public_id, found.version)
    asks = [(typed_as(note=one.name), make.asked(actor=one)) for one in (rep, manager)]

    results = race([partial(save_draft, customer, typed, ask, known) for typed, ask in asks])

    kinds = sorted(type(result).__name__ for result in results)
    assert kinds == [DraftChanged.__name__, PurchaseDraft.__name__], results
    found.refresh_from_db()
    assert found.version == 2
