"""One writer: nothing else touches operations, facts, ledger entries or projections."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.modules import Module, modules

BOOKS = {
    "Operation",
    "OperationNote",
    "LicenseTerm",
    "UsageReport",
    "FeatureChoice",
    "FeatureRate",
    "LedgerEntry",
    "Balance",
    "OfficeJournal",
    "Level",
    "DailyChange",
    "License",
}
TABLES = re.compile(
    r"(?is)\b(?:insert\s+into|update|delete\s+from|truncate(?:\s+table)?)\s+\"?(credits_\w+)"
)
WRITES = {
    "create",
    "bulk_create",
    "get_or_create",
    "update_or_create",
    "update",
    "bulk_update",
    "delete",
    "acreate",
    "aupdate",
}
WRITERS: dict[str, set[str]] = {
    "credits/domain/people.py": {"Balance"},
    "credits/domain/locks.py": {"OfficeJournal"},
    # Shut for good with the last operation, and the erasable text of operations erased.
    "credits/domain/purging.py": {"Balance"},
    "credits/domain/erasing.py": {"OperationNote"},
    "credits/domain/parking.py": {"Balance"},
    # Restores what the writer projects, under the writer's lock, and writes nothing else.
    "credits/domain/rebuilding.py": {"Balance", "License", "OfficeJournal"},
}
"""Modules that write rows of the books, and which: the writer, its lock, a customer's first row."""

SAVERS = {
    "credits/domain/post.py",
    "credits/domain/licenses.py",
    "credits/domain/people.py",
    "credits/domain/restating.py",
    "credits/models/append_only.py",
    "credits/models/people.py",
}
SQL_WRITERS = {
    "credits/domain/projecting.py",
    "credits/domain/writing.py",
    # The record of an hour, whose heads the database gathers and keeps without sending them here.
    "billing/domain/publication_content.py",
}


def managers_written(module: Module) -> Iterator[str]:
    """Models M with a call M.objects[...].create() or another write somewhere along the chain."""
    for node in ast.walk(module.tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr not in WRITES:
            continue
        below: ast.expr = node.func.value
        while isinstance(below, ast.Attribute | ast.Call):
            if (
                isinstance(below, ast.Attribute)
                and below.attr == "objects"
                and isinstance(below.value, ast.Name)
            ):
                yield below.value.id
            below = below.func if isinstance(below, ast.Call) else below.value


def calls(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


def texts(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_only_the_writer_writes_by_sql() -> None:
    written = {
        module.name for module in modules() if any(TABLES.search(text) for text in texts(module))
    }

    assert written == SQL_WRITERS


def test_rows_of_the_core_are_saved_by_few() -> None:
    savers = {module.name for module in modules("credits") if "save" in set(calls(module))}

    assert savers <= SAVERS


def test_only_the_writer_writes_rows_of_the_books() -> None:
    found = {
        module.name: BOOKS & set(managers_written(module))
        for module in modules()
        if BOOKS & set(managers_written(module))
    }

    assert found == WRITERS
    assert {module.name for module in modules()} >= SAVERS | SQL_WRITERS


@pytest.mark.parametrize(
    "source",
    [
        "LedgerEntry.objects.create(credits=1)",
        "LedgerEntry.objects.filter(pk=1).update(credits=1)",
        "Operation.objects.all().exclude(pk=1).delete()",
        "Level.objects.bulk_create([])",
    ],
)
def test_a_write_is_recognized(source: str) -> None:
    class Written(Module):
        tree = ast.parse(source)

    assert set(managers_written(Written(modules()[0].path))) & BOOKS
