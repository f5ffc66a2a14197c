"""Conversion rates, and seat licenses made with a key of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import count
from typing import Any

import pytest

from billing.domain.conversion.rates import OWN_FILE, load_conversion_rates
from billing.domain.conversion.seats import Seats
from credits.domain.commands import Asked

NUMBERS = count(1)


def asking(**told: Any) -> Asked:
    """Somebody asks, each time under a new key."""
    return Asked(**{"source": "test", "key": f"conversion/{next(NUMBERS)}", **told})


def seats(
    product: str = "xdr-endpoint-sensor",
    units: int = 400,
    first: str = "2026-07-01",
    last: str = "2027-06-30",
    **told: Any,
) -> Seats:
    return Seats(
        product=product,
        units=units,
        first_day=date.fromisoformat(first),
        last_day=date.fromisoformat(last),
        **{"unusual_confirmed": True, **told},
    )


@pytest.fixture
def rates(db: None) -> None:
    """The product's own conversion rates."""
    load_conversion_rates(OWN_FILE.read_bytes())


@pytest.fixture
def ask() -> Callable[..., Asked]:
    return asking
