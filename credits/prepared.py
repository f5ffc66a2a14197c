"""Prepared statements on Django's own connection, for the few texts that are run all day.

Django composes each statement on the client and PostgreSQL plans it anew; for the writer's
statements planning costs more than running them. These are bound and prepared on the server,
once for each connection, and show in Django's query log like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg.adapt import AdaptersMap
from psycopg.types.numeric import Int8Dumper

ALLOWED = 5
"""Any number lets a cursor prepare that asks for it at once."""

Parameters = Sequence[Any] | Mapping[str, Any]


KNOWN: WeakKeyDictionary[Any, AdaptersMap] = WeakKeyDictionary()


def adapters_of(raw: Any) -> AdaptersMap:
    """How values go to the server on a connection, made once for each."""
    if raw not in KNOWN:
        # One type for all whole numbers, or each magnitude would be a statement of its own.
        KNOWN[raw] = AdaptersMap(raw.adapters)
        KNOWN[raw].register_dumper(int, Int8Dumper)
    return KNOWN[raw]


class PreparedCursor(psycopg.Cursor[Any]):
    """A cursor whose statements are prepared from the first time on."""

    def __init__(self, raw: Any) -> None:
        super().__init__(raw)
        # Django switches preparing off for its connections; its own cursors never prepare.
        raw.prepare_threshold = ALLOWED
        self._adapters = adapters_of(raw)

    def execute(self, query: Any, params: Parameters | None = None, **_: Any) -> Self:
        return super().execute(query, params, prepare=True)

    def _convert_query(self, query: Any, params: Any = None) -> Any:
        # Kept for Django's query log, which looks for it there.
        self._query = super()._convert_query(query, params)
        return self._query


@contextmanager
def prepared(sql: str, parameters: Parameters) -> Iterator[CursorWrapper]:
    """Run a statement whose text never varies with its values, and read its rows."""
    connection.ensure_connection()
    connection.validate_thread_sharing()
    raw: Any = PreparedCursor(connection.connection)
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrap(raw) as cursor:
        cursor.execute(sql, parameters)
        yield cursor
