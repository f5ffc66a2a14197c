"""What the apps above add to the invariants, by the settings."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from billing.domain.orders import LineOrder, Order
from billing.domain.purchases import record_purchase
from billing.models import PurchaseLine
from credits.models import Boundary, Customer
from tests.credits.verify.broken import run
from tests.factories import credits as make


@pytest.fixture
def bought(customer: Customer) -> Customer:
    first = date(2027, 1, 1)
    lines = [
        LineOrder(credits=500, first_day=first, last_day=first + timedelta(days=364))
        for _ in range(2)
    ]
    order = Order(channel="sales", order_number="PO-7", lines=lines)
    record_purchase(customer, order, make.asked())
    return customer


def test_a_purchase_is_whole_until_a_license_is_taken_from_it(bought: Customer) -> None:
    code, lines = run("verify_books")
    assert code == 0, lines
    assert any("A purchase is whole: " in line and "1 purchase: holds" in line for line in lines)

    PurchaseLine.objects.filter(position=2).delete()
    code, lines = run("verify_books")

    assert code == 1
    told = f"Halden Energy ({bought.label}): Order PO-7 lists other licenses than were granted."
    assert told in [line.strip() for line in lines]


def test_a_closed_hour_without_its_record_is_named(bought: Customer) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    Boundary.objects.create(at=hour, closed_at=hour)

    code, lines = run("verify_books")

    assert code == 1
    assert any(f"{hour:%Y-%m-%d %H:%M}: " in line for line in lines)
