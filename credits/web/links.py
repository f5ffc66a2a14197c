"""Addresses that pages of this app hand out; what lies in a higher app is named by URL alone."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from django.urls import reverse

from credits.domain.figures import Position
from credits.models import Customer

LIST_STATE = ("q", "use", "solution")
"""What the allocate page keeps in its address while a drawer is open."""


def explain_url(customer: Customer, position: Position, side: str, **subject: str) -> str:
    """The rows of a figure at a position. `subject` is a license, feature or solution."""
    query = {
        "side": side,
        **subject,
        "at": instant_text(position.at),
        "known": instant_text(position.known),
    }
    path = reverse("billing:explain", kwargs={"slug": customer.slug})
    return f"{path}?{urlencode(query, safe=':')}"


def instant_text(at: datetime) -> str:
    """An instant as addresses carry it: 2026-11-24T09:00:00Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def with_state(path: str, **state: str) -> str:
    """A path with those query parameters that say anything."""
    kept = {name: value for name, value in state.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path
