"""What a page costs: its statements, and the buffers that PostgreSQL touches for each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.test import Client

READS = re.compile(r"[\s(]*(SELECT|WITH)\b")
NO_READ = re.compile(r"\s*(SAVEPOINT|RELEASE|ROLLBACK|SET|BEGIN|DECLARE|CLOSE|FETCH)\b")


@dataclass(frozen=True)
class Statement:
    """One statement of a page with the buffers its plan touched; those of planning aside."""

    sql: str
    buffers: int


@dataclass
class Cost:
    """All statements of one request."""

    statements: list[Statement] = field(default_factory=list)

    @property
    def queries(self) -> int:
        return len(self.statements)

    @property
    def buffers(self) -> int:
        return sum(statement.buffers for statement in self.statements)

    def __str__(self) -> str:
        """A line for each statement, for the message of a test that failed."""
        lines = [f"{s.buffers:>6}  {s.sql}" for s in self.statements]
        return "\n".join([f"{self.queries} queries, {self.buffers} buffers", *lines])


def cost(client: Client, url: str, **headers: str) -> Cost:
    """What a GET takes, asked twice: the first time fills what a process reads but once."""
    read(client, url, headers)
    with captured() as statements:
        read(client, url, headers)
    return Cost([Statement(sql, buffers_of(sql, params)) for sql, params in statements])


def read(client: Client, url: str, headers: dict[str, str]) -> None:
    """One answer, to the end of its stream."""
    answer: Any = client.get(url, headers=headers)
    assert answer.status_code == 200, answer.status_code
    if answer.streaming:
        b"".join(answer.streaming_content)


@contextmanager
def captured() -> Iterator[list[tuple[str, Any]]]:
    """The statements of the block with their parameters, but for savepoints and settings."""
    found: list[tuple[str, Any]] = []

    def keep(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not NO_READ.match(sql):
            found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        yield found


def buffers_of(sql: str, params: Any) -> int:
    """Shared buffers hit and read by a statement that only reads."""
    assert READS.match(sql), sql
    return sum(
        plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
        for plan in plans(sql, params)
    )


def plans(sql: str, params: Any) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        (found,) = cursor.fetchone()
    plan: list[dict[str, Any]] = json.loads(found) if isinstance(found, str) else found
    return plan
