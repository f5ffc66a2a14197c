"""Books to break by hand, and how an owner of the database could do it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO

from django.core.management import call_command
from django.db import connection

from credits import clock
from credits.models import Customer
from tests.credits.domain.acts import allocate, grant, release, undo

NOON = datetime(2025, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def write_books(customer: Customer) -> None:
    """A month of books: licenses, statements, a release, an undo, and something booked ahead."""
    with clock.moved_to(NOON):
        grant(customer, 5000, days=4000)
        grant(customer, 700, start=20)
        allocate(customer, "email-core", 7, reason="a pilot")
    with clock.moved_to(NOON + 30 * DAY):
        allocate(customer, "ztsa-internet-ai", {"units": 4}, on={"ztsa-ai-access"})
        release(customer, "email-core")
        undo(customer, allocate(customer, "email-pro", 3))
        allocate(customer, "email-pro", 5)


@contextmanager
def unguarded(*tables: str) -> Iterator[None]:
    """Without the triggers of some tables, which only their owner can take away."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def tamper(table: str, statement: str, *parameters: str | int) -> None:
    """Change rows of a table by hand; at least one must be hit."""
    with unguarded(table), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        assert cursor.rowcount > 0


def run(name: str, *arguments: str) -> tuple[int, list[str]]:
    """A command's exit code and the lines it wrote."""
    out = StringIO()
    try:
        call_command(name, *arguments, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()
