"""The hash chain: what an operation's hash covers, so that a changed byte shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from functools import cache
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

ENTRY_COLUMNS = (
    "customer_id",
    "seq",
    "side",
    "license_id",
    "feature_id",
    "credits",
    "effective_at",
    "recorded_at",
)
"""Every column of an entry but its own id and its operation."""

ADDED_LATER = {"by_hand": True}
"""Columns that older facts were hashed without: covered wherever they differ from this."""


def operation_hash(
    operation: Operation, facts: Sequence[Fact], entries: Sequence[LedgerEntry]
) -> str:
    """SHA-256 over the hash before, the operation, its facts and its entries.

    Free text is covered by its salted digest alone, so that it can be erased.
    """
    return link(
        operation.previous_hash,
        operation_text([getattr(operation, name) for name in COVERED]),
        (canonical(fact_content(fact)) for fact in facts),
        (entry_text(entry_content(entry)) for entry in entries),
    )


def link(previous_hash: str, operation: str, facts: Iterable[str], entries: Iterable[str]) -> str:
    """The hash of an operation from the texts of what it covers; entries in the order of seq."""
    return digest(previous_hash, operation, *sorted(facts), *entries)


def operation_text(values: Sequence[Any]) -> str:
    """The text of an operation, given its values in the order of COVERED."""
    return canonical(dict(zip(COVERED, values, strict=True)))


def fact_content(fact: Fact) -> dict[str, Any]:
    """Every column of a fact but its own id and its operation."""
    columns = fact_columns(type(fact))
    values = [exact(column, getattr(fact, column.attname)) for column in columns]
    return content_of(type(fact), values)


def content_of(model: type[Fact], values: Sequence[Any]) -> dict[str, Any]:
    """What is covered of a fact, given its values in the order of `fact_columns`."""
    names = (column.attname for column in fact_columns(model))
    content = {"fact": model.__name__, **dict(zip(names, values, strict=True))}
    for name, default in ADDED_LATER.items():
        if content.get(name) == default:
            del content[name]
    return content


@cache
def fact_columns(model: type[Fact]) -> tuple[models.Field[Any, Any], ...]:
    """The columns of a fact that its operation's hash covers."""
    columns = model._meta.concrete_fields
    return tuple(column for column in columns if column.attname not in {"id", "operation_id"})


def exact(column: models.Field[Any, Any], value: Any) -> Any:
    """A value as the database gives it back (a default of 1 is the decimal 1)."""
    return column.to_python(value) if isinstance(column, models.DecimalField) else value


def entry_content(entry: LedgerEntry) -> list[Any]:
    """An entry's values in the order of ENTRY_COLUMNS."""
    return [getattr(entry, name) for name in ENTRY_COLUMNS]


def entry_text(values: Sequence[Any]) -> str:
    """The text of an entry, given its values in the order of ENTRY_COLUMNS.

    The same bytes as their canonical text, written out because there are so many of them.
    """
    customer, seq, side, license, feature, credits, effective_at, recorded_at = values
    return (
        f"[{customer},{seq},{SIDES.get(side) or canonical(side)},"
        f"{'null' if license is None else license},{'null' if feature is None else feature},"
        f'{credits},"{effective_at.astimezone(UTC).isoformat()}",'
        f'"{recorded_at.astimezone(UTC).isoformat()}"]'
    )


SIDES = {"valid": '"valid"', "allocated": '"allocated"'}
