"""Pay-as-you-go that was bought on a marketplace is a contract."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.domain.marketplaces.linking import follow
from billing.domain.marketplaces.providers import Item
from credits import clock
from credits.models import Customer, Operation
from tests.billing.marketplaces.core import fake
from tests.billing.marketplaces.core.conftest import NOW
from tests.billing.marketplaces.core.fake import agreement, day, linked
from tests.billing.marketplaces.core.reading import contracts, orders

pytestmark = pytest.mark.django_db


def test_pay_as_you_go_is_entered_extended_and_ended(customer: Customer) -> None:
    truth = agreement(items=[Item(fake.PAYG, 1)])
    found = linked(truth, customer)
    follow(found)
    assert contracts(customer) == [("l-1", "2026-11-10", "2027-11-11")]
    fake.aws().change(truth.reference, ends_at=day("2028-11-10T13:37:00+00:00"))
    follow(found)
    assert contracts(customer) == [("l-1", "2026-11-10", "2028-11-11")]
    fake.aws().change(truth.reference, state="ended")

    follow(found)
    follow(found)

    assert contracts(customer) == [("l-1", "2026-11-10", "2026-11-21")]
    kinds = Operation.objects.filter(customer=customer, kind__endswith="-contract")
    assert [one.kind for one in kinds.order_by("pk")] == [
        "enter-contract",
        "extend-contract",
        "end-contract",
    ]
    assert not orders(customer)


def test_pay_as_you_go_without_an_end_goes_on_until_it_is_ended(customer: Customer) -> None:
    truth = agreement(items=[Item(fake.PAYG, 1)], starts_at=None, ends_at=None)
    found = linked(truth, customer)
    follow(found)
    with clock.moved_to(NOW + timedelta(days=40)):
        follow(found)

    assert contracts(customer) == [("l-1", "2026-11-20", "2036-11-20")]


def test_a_contract_that_was_taken_up_again_is_one_of_its_own(customer: Customer) -> None:
    truth = agreement(items=[Item(fake.PAYG, 1)])
    found = linked(truth, customer)
    follow(found)
    fake.aws().change(truth.reference, state="ended")
    follow(found)
    fake.aws().change(truth.reference, state="active")

    with clock.moved_to(NOW + timedelta(days=9)):
        follow(found)

    assert contracts(customer) == [
        ("l-1", "2026-11-10", "2026-11-21"),
        ("l-1 /2", "2026-11-21", "2027-11-11"),
    ]
