"""The customer of the pay-as-you-go tests, at noon of 4 May 2026."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from billing.models import PaygContract
from credits import clock
from credits.models import Customer
from tests.billing.payg.contracts import BUCKETS, NOON, contract
from tests.factories import credits as make


@pytest.fixture(autouse=True)
def present(catalogue: None) -> Iterator[None]:
    with clock.moved_to(NOON):
        yield


@pytest.fixture
def holding(customer: Customer) -> Customer:
    """Three buckets hold 28,908 of 40,000 credits."""
    with clock.moved_to(NOON - timedelta(days=1)):
        make.grant(customer, 40_000, date(2026, 1, 1), date(2027, 12, 31))
        make.allocate(customer, BUCKETS, 3)
    return customer


@pytest.fixture
def agreed(holding: Customer) -> PaygContract:
    """The customer's contract from April to the end of November 2026."""
    return contract(holding)
