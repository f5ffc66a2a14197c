"""The hash chain, walked from its first operation to the head that is kept beside it.

The hot part of verifying: the database writes instants as the canonical text has them, and whole
entries, so that little is left to do for each of a million rows.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from django.db import connection, models

from credits.domain.chain import COVERED, content_of, fact_columns, link, operation_text
from credits.domain.commands import canonical, digest
from credits.domain.verifying.checks import INSTANT, Batch, Problem, Seen, rows
from credits.models import (
    GENESIS,
    Balance,
    Fact,
    FeatureChoice,
    FeatureRate,
    LicenseTerm,
    OfficeJournal,
    Operation,
    UsageReport,
)

Texts = Mapping[int, Sequence[str]]
"""What operations are hashed with, by operation id."""

FACTS: tuple[type[Fact], ...] = (LicenseTerm, UsageReport, FeatureChoice, FeatureRate)
AT_ONCE = 2000
"""So many operations are in memory with their facts and entries, however long the chain is."""

ENTRIES = """
SELECT operation_id, count(*), string_agg(
    '[' || customer_id || ',' || seq || ',' || to_json(side) || ','
    || coalesce(license_id::text, 'null') || ',' || coalesce(feature_id::text, 'null') || ','
    || credits || ',"' || EFFECTIVE || '","' || RECORDED || '"]', E'\n' ORDER BY seq, id)
FROM credits_ledgerentry WHERE operation_id = ANY(%(operations)s) GROUP BY operation_id
""".replace("EFFECTIVE", INSTANT.format("effective_at")).replace(
    "RECORDED", INSTANT.format("recorded_at")
)
"""The texts of an operation's entries, in the order of seq (`chain.entry_text`)."""

NOTES = """
SELECT operation_id, salt, text FROM credits_operationnote WHERE operation_id = ANY(%(operations)s)
"""


def chained(batch: Batch, seen: Seen) -> Iterator[Problem]:
    """No operation, fact or entry differs from its hash, and each chain ends at its head."""
    heads = dict.fromkeys(batch.ids, GENESIS)
    yield from walk("customer_id = ANY(%(customers)s)", batch, heads, seen)
    kept = Balance.objects.filter(customer__in=batch.ids).values_list("customer", "chain_head")
    yield from ends(kept, heads)


def office_chained(batch: Batch, seen: Seen) -> Iterator[Problem]:
    """The same for the one chain of catalogue and staff changes."""
    heads: dict[int | None, str] = {None: GENESIS}
    yield from walk("customer_id IS NULL", batch, heads, seen)
    yield from ends(((None, journal.chain_head) for journal in OfficeJournal.objects.all()), heads)


def ends(kept: Iterable[tuple[Any, str]], heads: Mapping[Any, str]) -> Iterator[Problem]:
    """Each chain's last hash beside the head that is kept."""
    for customer, head in kept:
        if head != heads[customer]:
            yield Problem(customer, "The chain does not end at the head that is kept beside it.")


def walk(whose: str, batch: Batch, heads: dict[Any, str], seen: Seen) -> Iterator[Problem]:
    """Follow chains operation by operation; `heads` holds each one's last hash."""
    for some in operations(whose, batch):
        ids = [row[0] for row in some]
        facts, entries = fact_texts(ids), entry_texts(ids, seen)
        notes = {pk: digest(salt, text) for pk, salt, text in rows(NOTES, operations=ids)}
        seen["operations"] += len(some)
        for pk, previous, stored, *values in some:
            values[ANSWER] = json.loads(values[ANSWER])
            customer, name = values[0], f"{values[KIND]} {values[PUBLIC_ID]}"
            if previous != heads[customer]:
                yield Problem(customer, f"{name} does not follow the operation before it.")
            made = link(previous, operation_text(values), facts.get(pk, ()), entries.get(pk, ()))
            if made != stored:
                yield Problem(
                    customer, f"{name}, one of its facts or one of its entries was changed."
                )
            if notes.get(pk, values[NOTE]) != values[NOTE]:
                yield Problem(customer, f"The reason of {name} was changed.")
            heads[customer] = stored


ANSWER, KIND, PUBLIC_ID, NOTE = map(COVERED.index, ("answer", "kind", "public_id", "note_digest"))


def operations(whose: str, batch: Batch) -> Iterator[list[tuple[Any, ...]]]:
    """Operations in the order of their chains: id, hash before, hash, and what is covered."""
    by_name = {column.attname: column for column in Operation._meta.concrete_fields}
    columns = [by_name[name] for name in COVERED]
    statement = (
        f"SELECT id, previous_hash, hash, {expressions(columns)} FROM credits_operation"  # noqa: S608
        f" WHERE {whose} ORDER BY customer_id, position, id"
    )
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, {"customers": batch.ids})
        while some := cursor.fetchmany(AT_ONCE):
            yield some


def expressions(columns: Iterable[Any]) -> str:
    """The columns in a SELECT, instants and ids as their canonical text."""
    return ", ".join(expression(column) for column in columns)


def expression(column: Any) -> str:
    if isinstance(column, models.DateTimeField):
        return INSTANT.format(column.column)
    return f"{column.column}::text" if isinstance(column, models.UUIDField) else column.column


def entry_texts(ids: Sequence[int], seen: Seen) -> Texts:
    """The texts of the entries of some operations, each operation's in one."""
    found = {}
    for operation, count, text in rows(ENTRIES, operations=ids):
        seen["entries"] += count
        found[operation] = (text,)
    return found


def fact_texts(ids: Sequence[int]) -> Texts:
    """The texts of the facts that some operations brought."""
    found: dict[int, list[str]] = defaultdict(list)
    for model in FACTS:
        statement, texts = fact_statement(model)
        for operation, *values in rows(statement, operations=ids):
            for place in texts:
                values[place] = json.loads(values[place])
            found[operation].append(canonical(content_of(model, values)))
    return found


@cache
def fact_statement(model: type[Fact]) -> tuple[str, tuple[int, ...]]:
    """How the facts of some operations are read, and which of their values are JSON."""
    columns = fact_columns(model)
    return (
        f"SELECT operation_id, {expressions(columns)} FROM {model._meta.db_table}"  # noqa: S608
        " WHERE operation_id = ANY(%(operations)s)",
        tuple(i for i, column in enumerate(columns) if isinstance(column, models.JSONField)),
    )
