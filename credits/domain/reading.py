"""What the writer reads of one allocation group, in one statement under the lock.

Everything an act on a group needs: its features, the facts and rates that decide anything from
an instant on, the levels of its features, and what was booked ahead. In force at an instant is
found by an index from the newest row on, so that the cost does not grow with the history.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models.base import ModelState

from credits.domain.booking import GroupFacts
from credits.domain.pricing import RESERVED
from credits.models import (
    AllocationGroup,
    Feature,
    FeatureChoice,
    FeatureRate,
    LedgerEntry,
    Level,
    UsageReport,
    UsageSource,
)
from credits.prepared import prepared

RowT = TypeVar("RowT", bound=models.Model)

BEGINNING = datetime.min.replace(tzinfo=UTC)

# A fact stands unless a reversal names its operation; `without` is about to be reversed.
STANDS = """fact.operation_id <> %(without)s AND NOT EXISTS (
    SELECT FROM credits_operation reversal WHERE reversal.reverses_id = fact.operation_id)"""

STATEMENT = f"""
WITH feature AS MATERIALIZED (
    SELECT f.* FROM credits_feature f JOIN credits_allocationgroup g ON g.id = f.group_id
    WHERE g.key = %(key)s OR g.id = %(group)s
), report AS (
    (SELECT fact.* FROM credits_usagereport fact
     WHERE customer_id = %(customer)s AND at <= %(start)s AND {STANDS}
        AND group_id = (SELECT group_id FROM feature LIMIT 1)
     ORDER BY at DESC, revision DESC, operation_id DESC, id DESC LIMIT 1)
    UNION ALL
    (SELECT fact.* FROM credits_usagereport fact
     WHERE customer_id = %(customer)s AND at > %(start)s AND {STANDS}
        AND group_id = (SELECT group_id FROM feature LIMIT 1))
), choice AS (
    SELECT chosen.* FROM feature CROSS JOIN LATERAL (
        (SELECT fact.* FROM credits_featurechoice fact
         WHERE customer_id = %(customer)s AND feature_id = feature.id
            AND at <= %(start)s AND {STANDS}
         ORDER BY operation_id DESC, id DESC LIMIT 1)
        UNION ALL
        (SELECT fact.* FROM credits_featurechoice fact
         WHERE customer_id = %(customer)s AND feature_id = feature.id
            AND at > %(start)s AND {STANDS})
    ) chosen
), rate AS (
    SELECT rated.* FROM feature CROSS JOIN LATERAL (
        (SELECT fact.* FROM credits_featurerate fact
         WHERE feature_id = feature.id AND operation_id <= %(through)s
            AND at <= %(start)s AND {STANDS}
         ORDER BY at DESC, operation_id DESC, id DESC LIMIT 1)
        UNION ALL
        (SELECT fact.* FROM credits_featurerate fact
         WHERE feature_id = feature.id AND operation_id <= %(through)s
            AND at > %(start)s AND {STANDS})
    ) rated
)
SELECT
    (SELECT to_json(g) FROM credits_allocationgroup g
     WHERE g.key = %(key)s OR g.id = %(group)s)::text,
    (SELECT json_agg(feature) FROM feature)::text,
    (SELECT json_agg(report) FROM report)::text,
    (SELECT json_agg(choice) FROM choice)::text,
    (SELECT json_agg(rate) FROM rate)::text,
    (SELECT json_agg(level) FROM credits_level level
     WHERE customer_id = %(customer)s AND side = 'allocated' AND license_id IS NULL
        AND feature_id IN (SELECT id FROM feature))::text,
    (SELECT json_agg(entry ORDER BY seq) FROM credits_ledgerentry entry
     WHERE customer_id = %(customer)s AND effective_at > recorded_at
        AND effective_at > %(folded)s
        AND (effective_at <= %(now)s OR feature_id IN (SELECT id FROM feature)))::text,
    (SELECT to_json(source) FROM credits_usagesource source
     WHERE customer_id = %(customer)s AND group_id = (SELECT group_id FROM feature LIMIT 1))::text
"""  # noqa: S608 (no value is put into the text)


MANY = f"""
SELECT one.* FROM unnest(%(keys)s::text[]) AS asked (key) CROSS JOIN LATERAL (
{STATEMENT.replace("%(key)s", "asked.key")}
) AS one (g, feature, report, choice, rate, level, ahead, source)
"""  # noqa: S608 (no value is put into the text)


@dataclass(frozen=True)
class GroupRows:
    """What was read of a group."""

    group: AllocationGroup | None
    facts: GroupFacts
    levels: tuple[Level, ...]
    """The stored levels of its features."""
    ahead: tuple[LedgerEntry, ...]
    """Entries booked ahead beyond the fold: those of its features, and all that have come due."""
    source: UsageSource | None
    """The system that reports its units; None: they are stated by hand."""


def read_group(
    customer_id: int,
    *,
    key: str = "",
    group: int = 0,
    start: datetime,
    through: int,
    folded: datetime,
    now: datetime,
    without: int = 0,
) -> GroupRows:
    """Read a group, by key or id, with what decides anything from `start` on.

    `through` is the newest rate operation the customer's books know. A group with a usage
    reservation is read from the beginning, since its level depends on all that was ever stated.
    """
    asked = {
        "customer": customer_id,
        "key": key,
        "group": group,
        "start": start,
        "through": through,
        "folded": folded,
        "now": now,
        "without": without,
    }
    rows = read(asked)
    if start > BEGINNING and any(rate.model == RESERVED for rate in rows.facts.rates):
        rows = read(asked | {"start": BEGINNING})
    return rows


def read(asked: Mapping[str, Any]) -> GroupRows:
    """The statement's one row."""
    with prepared(STATEMENT, asked) as cursor:
        return group_rows([loaded(column) for column in cursor.fetchone()])


def read_groups(
    customer_id: int,
    keys: Iterable[str],
    *,
    start: datetime,
    through: int,
    folded: datetime,
    now: datetime,
) -> list[GroupRows]:
    """Groups as `read_group` reads one, in one statement.

    Those with a usage reservation are left out, since they are read from the beginning.
    """
    asked: dict[str, Any] = {
        "customer": customer_id,
        "keys": list(keys),
        "group": 0,
        "start": start,
        "through": through,
        "folded": folded,
        "now": now,
        "without": 0,
    }
    with connection.cursor() as cursor:
        cursor.execute(MANY, asked)
        found = [group_rows([loaded(column) for column in row]) for row in cursor.fetchall()]
    return [rows for rows in found if all(rate.model != RESERVED for rate in rows.facts.rates)]


def group_rows(columns: Sequence[Any]) -> GroupRows:
    """What was read of one group, as model instances that know each other."""
    group = first(instances(AllocationGroup, columns[0] and [columns[0]]))
    features = {feature.pk: feature for feature in instances(Feature, columns[1])}
    reports = instances(UsageReport, columns[2])
    choices = instances(FeatureChoice, columns[3])
    rates = instances(FeatureRate, columns[4])
    for feature in features.values():
        feature.group = group  # type: ignore[assignment]
    for choice in choices:
        choice.feature = features[choice.feature_id]
    for rate in rates:
        rate.feature = features[rate.feature_id]
    return GroupRows(
        group=group,
        facts=GroupFacts(
            features={rate.feature_id: rate.feature.key for rate in rates},
            reports=reports,
            choices=choices,
            rates=rates,
        ),
        levels=tuple(instances(Level, columns[5])),
        ahead=tuple(instances(LedgerEntry, columns[6])),
        source=first(instances(UsageSource, columns[7] and [columns[7]])),
    )


def first(rows: Sequence[RowT]) -> RowT | None:
    """The one row of a part that has at most one."""
    return rows[0] if rows else None


def loaded(column: Any) -> Any:
    """A column of JSON with exact numbers."""
    return None if column is None else json.loads(column, parse_float=Decimal)


def instances(model: type[RowT], rows: Iterable[Mapping[str, Any]] | None) -> list[RowT]:
    """Model instances from rows as JSON gives them.

    Filled as `from_db` fills them, without the checks of a constructor for each of many columns.
    """
    columns = columns_of(model)
    found = []
    for row in rows or ():
        instance = model.__new__(model)
        values = instance.__dict__
        values["_state"] = state = ModelState()
        state.adding, state.db = False, "default"
        for attribute, name, read_value in columns:
            value = row[name]
            values[attribute] = read_value(value) if read_value and value is not None else value
        found.append(instance)
    return found


@cache
def columns_of(
    model: type[models.Model],
) -> tuple[tuple[str, str, Callable[[Any], Any] | None], ...]:
    """A model's attributes, the column of each, and how it is read from its JSON."""
    found = []
    for column in model._meta.concrete_fields:
        reader: Callable[[Any], Any] | None = None
        if isinstance(column, models.DateTimeField):
            reader = datetime.fromisoformat
        elif isinstance(column, models.DecimalField | models.UUIDField):
            reader = column.to_python
        found.append((column.attname, str(column.column), reader))
    return tuple(found)
