from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.test import Client

from credits import clock
from credits.models import Customer, User

NOW = datetime(2026, 11, 24, 10, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    """Every test of these pages happens on 24 November 2026 at 10:20 UTC."""
    with clock.moved_to(NOW):
        yield


@pytest.fixture
def admin(alice: User, client_of: Callable[[User], Client]) -> Client:
    """A browser in which Alice, who manages the members, is logged in."""
    return client_of(alice)


@pytest.fixture
def viewer(bob: User, client_of: Callable[[User], Client]) -> Client:
    """A browser in which Bob, who only looks, is logged in."""
    return client_of(bob)


@pytest.fixture
def base(customer: Customer) -> str:
    """Where the customer's pages begin."""
    return f"/c/{customer.slug}/"
