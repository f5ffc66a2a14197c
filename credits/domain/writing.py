"""The writer's one statement: an operation with its facts, entries and projections.

Rows go in together or not at all, in one round trip; the operation's id is handed on inside the
statement. What is written is decided elsewhere; here is only how.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from django.db import connection, models

from credits.models import Operation
from credits.prepared import prepared

Part = tuple[str, list[Any]]

UNLIMITED = {"varchar": "text", "numeric": "numeric"}


def write_together(
    operation: Operation, rows: Iterable[models.Model], parts: Sequence[Part]
) -> None:
    """Insert an operation and rows that belong to it, with further parts of the same statement.

    `rows` are instances with an `operation` to be set; each part is the text of one data-modifying
    statement and its parameters. Sets the operation's id, also on the rows.
    """
    by_model: dict[type[models.Model], list[models.Model]] = {}
    for row in rows:
        by_model.setdefault(type(row), []).append(row)
    written = [inserted_operation(operation)]
    written += [inserted(model, own) for model, own in by_model.items()]
    written += parts
    texts = ", ".join(f"part{i} AS ({text})" for i, (text, _) in enumerate(written))
    parameters = [value for _, values in written for value in values]
    statement = f"WITH {texts} SELECT id FROM part0"  # noqa: S608
    with prepared(statement, parameters) as cursor:
        operation.pk = cursor.fetchone()[0]
    operation._state.adding = False
    operation._state.db = connection.alias
    for own in by_model.values():
        for row in own:
            row.operation = operation  # type: ignore[attr-defined]


def inserted_operation(operation: Operation) -> Part:
    """The insert of the operation, which every other part may read as part0."""
    columns = columns_of(Operation, without="id")
    names = ", ".join(name for name, _, _ in columns)
    marks = ", ".join(f"%s::{kind}" for _, kind, _ in columns)
    text = f"INSERT INTO credits_operation ({names}) VALUES ({marks}) RETURNING id"  # noqa: S608
    return text, [value(operation) for _, _, value in columns]


def inserted(model: type[models.Model], rows: Sequence[models.Model]) -> Part:
    """The insert of rows that belong to the operation."""
    columns = columns_of(model, without="operation_id")
    names = ", ".join(name for name, _, _ in columns)
    own, values = listed(
        [kind for _, kind, _ in columns], [[value(row) for _, _, value in columns] for row in rows]
    )
    text = (
        f"INSERT INTO {model._meta.db_table} (operation_id, {names}) "  # noqa: S608
        f"SELECT part0.id, own.* FROM part0, {own} own"
    )
    return text, values


def listed(kinds: Sequence[str], rows: Sequence[Sequence[Any]]) -> Part:
    """Rows of given types as a part of FROM: one as it is, more of them column by column.

    So the text is the same for any number of rows but one, and is prepared but twice.
    """
    if len(rows) == 1:
        return f"(VALUES ({', '.join(f'%s::{kind}' for kind in kinds)}))", list(rows[0])
    arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
    return f"unnest({arrays})", [list(column) for column in zip(*rows, strict=True)]


@cache
def columns_of(
    model: type[models.Model], *, without: str
) -> tuple[tuple[str, str, Callable[[models.Model], Any]], ...]:
    """A table's columns but its own id and one other: name, type, and a row's value."""
    found = []
    for field in model._meta.concrete_fields:
        if field.attname == without or (field.primary_key and field.attname == "id"):
            continue
        kind = str((field.rel_db_type if field.is_relation else field.db_type)(connection))
        # Without a length or scale: a cast would cut what the column itself refuses.
        kind = UNLIMITED.get(kind.partition("(")[0], kind)
        found.append((str(field.column), kind, value_of(field)))
    return tuple(found)


def value_of(field: models.Field[Any, Any]) -> Callable[[models.Model], Any]:
    """How the value of a column is read from a row, as the driver takes it."""
    name = field.attname
    if isinstance(field, models.JSONField):
        return lambda row: json.dumps(getattr(row, name), cls=field.encoder)
    if isinstance(field, models.DecimalField):
        return lambda row: field.to_python(getattr(row, name))
    return lambda row: getattr(row, name)
