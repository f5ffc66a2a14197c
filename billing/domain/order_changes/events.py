"""The history of an order: what was done to it after it was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from billing.models import Purchase, PurchaseEvent, PurchaseEventKind
from credits.models import Customer, Operation

Change = dict[str, Any]
"""Of one thing that changed its name, before and after; of a license also its label."""

PRICED = frozenset({"price", "note", "file"})
"""What only those see who see prices."""

ERASED = frozenset({"note", "file"})
"""What a purge takes out of the history, because people wrote it in their own words."""


def keep_event(
    purchase: Purchase,
    operation: Operation,
    kind: PurchaseEventKind,
    changes: Sequence[Change] = (),
) -> PurchaseEvent:
    """Write what an operation did to an order; its reason is the operation's note."""
    return PurchaseEvent.objects.create(
        purchase=purchase, operation=operation, kind=kind, changes=list(changes)
    )


def change(name: str, before: Any, after: Any, license: str = "") -> Change:
    """One thing that changed, as the history keeps it."""
    kept: Change = {"name": name, "before": text_of(before), "after": text_of(after)}
    return {**kept, "license": license} if license else kept


def text_of(value: Any) -> Any:
    """Whole numbers as they are, everything else as text; nothing as an empty text."""
    if isinstance(value, int):
        return value
    return "" if value is None else str(value)


def erase_words(customer: Customer) -> None:
    """Take the own words of people out of the history of a customer's orders, for a purge."""
    for event in PurchaseEvent.objects.filter(purchase__customer=customer).exclude(changes=[]):
        left = [one for one in event.changes if one.get("name") not in ERASED]
        if left != event.changes:
            event.changes = left
            event.save(update_fields=["changes"])
