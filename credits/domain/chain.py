"""The hash chain: what an operation's hash covers, so that a changed byte shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models

from credits.domain.commands import canonical, digest
from credits.models import Fact, LedgerEntry, Operation

COVERED = (
    "customer_id",
    "public_id",
    "position",
    "kind",
    "subject",
    "source",
    "key",
    "fingerprint",
    "answer",
    "actor_id",
    "on_behalf_of_id",
    "reverses_id",
    "request_id",
    "recorded_at",
    "note_digest",
)


def operation_hash(
    operation: Operation, facts: Sequence[Fact], entries: Sequence[LedgerEntry]
) -> str:
    """SHA-256 over the hash before, the operation, its facts and its entries.

    Free text is covered by its salted digest alone, so that it can be erased.
    """
    covered = {name: getattr(operation, name) for name in COVERED}
    return digest(
        operation.previous_hash,
        canonical(covered),
        *sorted(canonical(fact_content(fact)) for fact in facts),
        *(canonical(entry_content(entry)) for entry in entries),
    )


ADDED_LATER = {"by_hand": True}
"""Columns that older facts were hashed without: covered wherever they differ from this."""


def fact_content(fact: Fact) -> dict[str, Any]:
    """Every column of a fact but its own id and its operation."""
    content = {
        column.attname: exact(column, getattr(fact, column.attname))
        for column in type(fact)._meta.concrete_fields
        if column.attname not in {"id", "operation_id"}
    }
    for name, default in ADDED_LATER.items():
        if content.get(name) == default:
            del content[name]
    return {"fact": type(fact).__name__, **content}


def exact(column: models.Field[Any, Any], value: Any) -> Any:
    """A value as the database gives it back (a default of 1 is the decimal 1)."""
    return column.to_python(value) if isinstance(column, models.DecimalField) else value


def entry_content(entry: LedgerEntry) -> list[Any]:
    """Every column of an entry but its own id and its operation."""
    return [
        entry.customer_id,
        entry.seq,
        entry.side,
        entry.license_id,
        entry.feature_id,
        entry.credits,
        entry.effective_at,
        entry.recorded_at,
    ]
