"""How the commands about jobs read a slot."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime


def slot_argument(text: str) -> datetime:
    """An instant typed as 2026-11-24T09:00 or 2026-11-24; UTC unless it says otherwise."""
    try:
        typed = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no slot such as 2026-11-24T09:00") from None
    return typed.replace(tzinfo=UTC) if typed.tzinfo is None else typed.astimezone(UTC)
