"""One reading of the books: every figure of a page from the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Let all reads of the block see one state of the database, and write nothing.

    Between two statements of an ordinary page a writer can commit; figures read before and after
    would then not add up. Inside a transaction that is open already this adds nothing.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
