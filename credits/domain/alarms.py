"""The nightly check of all books: what is broken is parked and told (docs/rules.md#r24)."""

from __future__ import annotations

from datetime import datetime


def verify_and_park(as_of: datetime) -> dict[str, int]:
    """Check every invariant; park the customers whose books are broken."""
    return {}
