"""One day for all pages of the estimator, and an estimate that Alice saved on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from credits import clock
from credits.models import Customer, User
from estimator.models import Estimate
from tests.estimator.page import ESSENTIALS, NOW, LogIn, new_url, save


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.moved_to(NOW):
        yield


@pytest.fixture
def estimate(customer: Customer, alice: User, client_of: LogIn) -> Estimate:
    """100 endpoints and 500 users, 19,000 credits, saved by Alice."""
    save(client_of(alice), new_url(customer), {ESSENTIALS: "100", "email-core": "500"})
    return Estimate.objects.select_related("customer").get()
