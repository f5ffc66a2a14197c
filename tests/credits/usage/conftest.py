from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from credits import clock
from credits.models import Customer
from tests.credits.domain.acts import NOON
from tests.credits.usage.reports import set_source
from tests.factories import credits as make


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    """Every test of usage happens on 15 June 2027 at noon UTC, and may move on from there."""
    with clock.moved_to(NOON):
        yield


@pytest.fixture
def licensed(customer: Customer) -> Customer:
    """The customer with 10,000 credits through 2027 and 2028."""
    make.grant(customer, 10_000, date(2026, 1, 1), date(2028, 12, 31))
    return customer


@pytest.fixture
def reported(licensed: Customer) -> Customer:
    """The customer, whose endpoints with sandbox submission an inventory reports."""
    set_source(licensed)
    return licensed
