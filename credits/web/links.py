"""Addresses that pages of this app hand out; what lies in a higher app is named by URL alone."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from django.urls import reverse

from credits.domain.figures import Position
from credits.models import Customer

LIST_STATE = ("q", "use", "solution", "page")
"""What the allocate page keeps in its address while a drawer is open."""


def explain_url(customer: Customer, position: Position, side: str, **subject: str) -> str:
    """The rows of a figure at a position. `subject` is a license, feature or solution."""
    return explain_at(customer, position.at, position.known, side, **subject)


def explain_at(customer: Customer, at: datetime, known: datetime, side: str, **subject: str) -> str:
    """The same where no position is read: only its two clocks are known."""
    path = reverse("billing:explain", kwargs={"slug": customer.slug})
    return f"{path}?{explain_query(side, at, known, **subject)}"


def explain_query(side: str, at: datetime, known: datetime, **subject: str) -> str:
    """What an explanation's address asks, as short as can be: a page has dozens of them.

    The subject says the side, and where none is named it is the balance. One instant stands for
    both clocks where they show the same: `through=2026-11-24T09:00Z`.
    """
    sides = {} if subject or side == "balance" else {"side": str(side)}
    if at == known:
        clocks = {"through": short_instant(at)}
    else:
        clocks = {"at": short_instant(at), "known": short_instant(known)}
    return urlencode({**sides, **subject, **clocks}, safe=":")


def short_instant(at: datetime) -> str:
    """An instant in an address, to the minute where it is a whole one: 2026-11-24T09:00Z."""
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%MZ}" if utc.second == utc.microsecond == 0 else instant_text(utc)


def request_url(
    customer: Customer, missing: int, at: datetime | None = None, cause: str = "shortage"
) -> str:
    """The form that asks sales for credits, filled in: how many, from which UTC day, and why.

    `cause` is shortage, more (to be allocated) or other; without an instant it is from today.
    """
    query = {"credits": str(abs(missing)), "on": f"{at.astimezone(UTC):%Y-%m-%d}" if at else ""}
    path = reverse("billing:request-new", kwargs={"slug": customer.slug})
    return with_state(path, **query, cause=cause)


def instant_text(at: datetime) -> str:
    """An instant as addresses carry it: 2026-11-24T09:00:00Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def with_state(path: str, **state: str) -> str:
    """A path with those query parameters that say anything."""
    kept = {name: value for name, value in state.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path
