"""What the clock does to licenses and customers, recorded (docs/rules.md#r13)."""

from __future__ import annotations

from datetime import datetime


def advance(as_of: datetime) -> dict[str, int]:
    """Record what began and ended by an instant."""
    return {}
