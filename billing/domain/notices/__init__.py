"""Notices to customers, and digests (docs/rules.md#r23)."""

from __future__ import annotations

from datetime import datetime


def send_notices(as_of: datetime) -> dict[str, int]:
    """Write the notices that are due at an instant."""
    return {}


def send_digests(as_of: datetime) -> dict[str, int]:
    """Write the digests of the week that ends with an instant."""
    return {}
