"""A present, a support desk, and a license to correct."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.test import Client

from credits import clock
from credits.models import (
    Customer,
    License,
    User,
)
from tests.admin.corrections.hands import NOW, logged_in
from tests.factories import credits as make


@pytest.fixture(autouse=True)
def present(catalogue: None) -> Iterator[None]:
    with clock.moved_to(NOW):
        yield


@pytest.fixture
def desk(support: User) -> Client:
    return logged_in(support)


@pytest.fixture
def license(customer: Customer) -> License:
    make.grant(customer, 10_000, date(2027, 1, 1), date(2027, 12, 31))
    return customer.licenses.get()
