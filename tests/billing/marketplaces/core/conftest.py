"""Marketplaces in memory, a catalogue of offers, and a present."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from credits import clock
from credits.models import Customer
from tests.billing.marketplaces.core import fake
from tests.factories import credits as make

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def markets(settings: Any) -> Iterator[None]:
    """Both marketplaces are the ones in memory, and empty."""
    settings.MARKETPLACES = {name: f"{fake.__name__}.{name}" for name in fake.MARKETS}
    fake.start_afresh()
    with clock.moved_to(NOW):
        yield


@pytest.fixture
def customer(catalogue: None) -> Customer:
    """A customer without licenses, and offers on both marketplaces."""
    fake.offers()
    return make.make_customer(name="Borealis", slug="borealis-market")
