"""What the marketplace writes, read strictly where we rely on it: JSON, ids, quantities, days."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from billing.domain.marketplaces.providers import Item, Truth
from billing.models import AgreementState, Marketplace
from credits.clock import DAY

GUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
"""An offer's or a plan's id."""

MOST_UNITS = 1_000_000_000
DEEPEST = 20
"""How many brackets may stand open in what is read."""

PENDING = "PendingFulfillmentStart"
STATES = {
    "NotStarted": AgreementState.PENDING,
    PENDING: AgreementState.PENDING,
    "Subscribed": AgreementState.ACTIVE,
    "Suspended": AgreementState.SUSPENDED,
    "Unsubscribed": AgreementState.ENDED,
}


class Unreadable(ValueError):
    """It is not what the marketplace documents, where we rely on it."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What an operation or a message about one says: of which subscription it wants what."""

    operation: str
    subscription: str
    action: str
    status: str
    offer: str = ""
    plan: str = ""
    quantity: int | None = None


def parsed(content: bytes) -> dict[str, Any]:
    """An object of JSON in UTF-8, without doubled names, NaN, NUL or endless nesting.

    Raises Unreadable.
    """
    try:
        text = content.decode()
        if "\0" in text or "\\u0000" in text:
            raise Unreadable("It holds a NUL.")
        if depth(text) > DEEPEST:
            raise Unreadable("It is nested too deeply.")
        found = json.loads(text, object_pairs_hook=once, parse_constant=refuse_constant)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Unreadable(f"It is no JSON we read: {error}") from error
    if not isinstance(found, dict):
        raise Unreadable("It is no object.")
    return found


def depth(text: str) -> int:
    """How many brackets stand open at most; those inside of strings are not counted."""
    deepest = now = 0
    for bracket in re.sub(r'"(?:[^"\\]|\\.)*"', "", text):
        if bracket in "[{":
            now += 1
            deepest = max(deepest, now)
        elif bracket in "]}":
            now -= 1
    return deepest


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object, if no name stands in it twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("A name stands twice in an object.")
    return found


def refuse_constant(name: str) -> None:
    raise Unreadable(f"{name} is no number.")


def guid(value: object) -> str:
    """An id as the marketplace gives them, in lower case. Raises Unreadable."""
    found = value.lower() if isinstance(value, str) else ""
    if not GUID.fullmatch(found):
        raise Unreadable("It has no id where one must be.")
    return found


def named(value: object) -> str:
    """The id of an offer or a plan. Raises Unreadable."""
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise Unreadable("It names no offer or plan where one must be.")
    return value


def quantity(value: object) -> int | None:
    """A number of units; None for a flat plan, whose quantity is empty. Raises Unreadable."""
    if isinstance(value, str) and re.fullmatch("[0-9]{1,10}", value.strip()):
        value = int(value)
    if value is None or value == "" or (type(value) is int and value == 0):
        return None
    if type(value) is not int or not 0 < value <= MOST_UNITS:
        raise Unreadable("Its quantity is none.")
    return value


def instant(value: object) -> datetime | None:
    """An instant in UTC; None where there is none, which is also written as year 1."""
    if not isinstance(value, str) or not value.isascii():
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        found = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if 2000 <= found.year <= 9000 else None


def said(found: Mapping[str, Any]) -> Said:
    """What an operation, or a message about one, says. Fields we do not know are passed over.

    Raises Unreadable.
    """
    action, status = found.get("action"), found.get("status") or ""
    if not isinstance(action, str) or not re.fullmatch("[!-~]{1,100}", action):
        raise Unreadable("It names no action.")
    if not isinstance(status, str) or not re.fullmatch("[ -~]{0,100}", status):
        raise Unreadable("It names no status.")
    subscription = guid(found.get("subscriptionId"))
    detail = found.get("subscription") or {}
    if not isinstance(detail, dict) or guid(detail.get("id", subscription)) != subscription:
        raise Unreadable("It speaks of two subscriptions.")
    return Said(
        operation=guid(found.get("id")),
        subscription=subscription,
        action=action,
        status=status.strip(),
        offer=named(found["offerId"]) if found.get("offerId") else "",
        plan=named(found["planId"]) if found.get("planId") else "",
        quantity=quantity(found.get("quantity")),
    )


def truth_of(found: Mapping[str, Any]) -> Truth:
    """A subscription as it stands with the marketplace. Raises Unreadable.

    A flat plan has no quantity and counts as one unit. The end that is written is the last day
    of the term, and ours is the first instant after it. Neither holds before activation.
    """
    status = found.get("saasSubscriptionStatus")
    status = status.strip() if isinstance(status, str) else ""
    if status not in STATES:
        raise Unreadable(f"Its status is unknown: {status[:40]!r}.")
    state = STATES[status]
    term = found.get("term") or {}
    begun = isinstance(term, dict) and state != AgreementState.PENDING
    last_day = instant(term.get("endDate")) if begun else None
    return Truth(
        marketplace=Marketplace.AZURE,
        reference=guid(found.get("id")),
        account=buyer(found, "tenantId"),
        product=named(found.get("offerId")),
        state=state,
        items=(Item(named(found.get("planId")), quantity(found.get("quantity")) or 1),),
        starts_at=instant(term.get("startDate")) if begun else None,
        ends_at=midnight(last_day) + DAY if last_day else None,
        must_activate=status == PENDING,
        buyer_email=buyer(found, "emailId"),
    )


def buyer(found: Mapping[str, Any], name: str) -> str:
    """Of the one whom it was bought for, who need not be who bought it; "" where it is not said."""
    for role in ("beneficiary", "purchaser"):
        person = found.get(role)
        value = person.get(name) if isinstance(person, dict) else None
        if isinstance(value, str) and value.strip() and value.isprintable():
            return value.strip().lower()[:100] if name == "tenantId" else value.strip()[:254]
    return ""


def midnight(at: datetime) -> datetime:
    """The first instant of its UTC day."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
