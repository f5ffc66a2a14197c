"""The state that a run ends in: every row of the project, but for what tells of the run itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.apps import apps
from django.db.models import ForeignKey, Model

from credits.domain.verify import verify_all

APPS = ("credits", "billing", "estimator")

State = Mapping[str, Counter[str]]
"""The rows of each table, as text."""

OF_THE_RUN: dict[str, set[str]] = {
    # When and how often it was tried, and how much was left for that run to do.
    "credits_jobrun": {"attempts", "started_at", "finished_at", "milliseconds", "counts"},
    # By the wall clock: when a boundary was closed, recorded, a notice or a mail was written.
    "credits_boundary": {"closed_at"},
    "credits_publication": {"recorded_at"},
    "billing_notice": {"public_id", "created_at"},
    "credits_outgoingmail": {"public_id", "created_at", "due_at", "attempts"},
    # Random: an operation's public id and the salt of its reason, and so the hashes over them.
    # That they are right ones is asked of the chain itself (`broken`).
    # Of a grant the answer names its licenses by their random ids as well.
    "credits_operation": {"answer", "public_id", "hash", "previous_hash", "note_digest"},
    "credits_license": {"public_id"},
    "billing_purchase": {"public_id"},
    "credits_operationnote": {"salt"},
    "credits_balance": {"chain_head"},
    # Random as well: what stands for a password that nobody has.
    "credits_user": {"password"},
}
"""Columns that differ between runs that did the same. Nothing else may."""

ONLY_WHETHER: dict[str, set[str]] = {
    "credits_outgoingmail": {"sent_at"},
    # The database's own clock, which no test can hold.
    "billing_customerlife": {"marked_on"},
}
"""Columns of which only counts whether there is a value."""

NAMED_BY: dict[str, tuple[str, ...]] = {
    "credits_operation": ("customer_id", "position"),
    "credits_boundary": ("at",),
    "credits_license": ("customer_id", "number"),
    "billing_purchase": ("channel", "order_number"),
    "billing_notice": ("key",),
    "credits_outgoingmail": ("key",),
}
"""Tables whose rows jobs make: by what another table's reference to such a row is told."""

NUMBERED = {
    *NAMED_BY,
    "credits_jobrun",
    "credits_publication",
    "credits_ledgerentry",
    "credits_level",
    "credits_dailychange",
    "credits_featurechoice",
    "credits_licenseterm",
    "credits_usagereport",
    "billing_lifeevent",
    "billing_purchaseline",
    "billing_watchedstate",
}
"""Tables whose keys are numbers in order of writing, which say nothing."""


def state(
    *, without: Mapping[str, set[str]] | None = None, customers: Collection[int] = ()
) -> State:
    """Every row of the database that this process works on.

    `without` names further columns that may differ, and `customers` those whose rows may, for a
    test that says why.
    """
    names = {table: dict(names_of(model)) for table, model in tables() if table in NAMED_BY}
    further = without or {}
    return {
        table: Counter(rows_of(model, names, further.get(table, set()), customers))
        for table, model in tables()
    }


def tables() -> Iterator[tuple[str, type[Model]]]:
    """Every table of the project with its model."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label in APPS:
            yield model._meta.db_table, model


def names_of(model: type[Model]) -> Iterator[tuple[Any, str]]:
    """What each row of a table is called in place of its key."""
    for key, *values in model._base_manager.values_list("pk", *NAMED_BY[model._meta.db_table]):
        yield key, " ".join(map(str, values))


def rows_of(
    model: type[Model],
    names: Mapping[str, Mapping[Any, str]],
    without: set[str],
    customers: Collection[int],
) -> Iterator[str]:
    """Each row of a table as text."""
    table = model._meta.db_table
    left_out = OF_THE_RUN.get(table, set()) | without
    if table in NUMBERED and not model._meta.pk.remote_field:
        left_out = left_out | {model._meta.pk.name}
    fields = [field for field in model._meta.concrete_fields if field.name not in left_out]
    for row in model._base_manager.values(*(field.attname for field in fields)):
        if row.get("customer_id") in customers:
            continue
        for field in fields:
            if isinstance(field, ForeignKey):
                target = names.get(field.related_model._meta.db_table, {})
                row[field.attname] = target.get(row[field.attname], row[field.attname])
            if field.name in ONLY_WHETHER.get(table, set()):
                row[field.attname] = row[field.attname] is not None
        yield json.dumps(row, default=str, sort_keys=True)


def broken() -> dict[str, int]:
    """How often each invariant of the books is broken, those of the hash chains among them."""
    return {outcome.check.number: outcome.broken for outcome in verify_all() if outcome.broken}


def difference(found: State, expected: State, *, lines: int = 12, width: int = 900) -> str:
    """What one state has that another has not, table by table; empty where they are equal."""
    said = []
    for table in sorted({*found, *expected}):
        here, there = found.get(table, Counter()), expected.get(table, Counter())
        for rows, words in ((here - there, "more"), (there - here, "missing")):
            shown = sorted(rows.elements())
            said += [f"{table}: {words}: {row[:width]}" for row in shown[:lines]]
            if len(shown) > lines:
                said.append(f"{table}: {len(shown) - lines} further rows are {words}")
    return "\n".join(said)
