"""Databases of their own for tests that commit, kill processes, or run for days of the clock.

A scene is made once in a copy of the test database, and put back before each run: to empty and
refill the few tables is ten times as fast as to copy the whole. Names follow the test database, so
that workers never meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.apps import apps
from django.db import connection, connections, transaction
from psycopg import sql

from tests.conftest import find_truncate_triggers


def current() -> str:
    """The name of the database that this process works on."""
    return str(connection.settings_dict["NAME"])


def use(name: str) -> None:
    """Work on another database from now on."""
    connections.close_all()
    connection.settings_dict["NAME"] = name


@contextmanager
def working_on(name: str) -> Iterator[None]:
    """Work on another database for the block."""
    before = current()
    use(name)
    try:
        yield
    finally:
        use(before)


@contextmanager
def copy_of(template: str, name: str) -> Iterator[str]:
    """A copy of a database, dropped at the end; nobody may be connected to the original."""
    connections.close_all()
    drop(name)
    empty(template)
    command("CREATE DATABASE {} TEMPLATE {}", name, template)
    try:
        yield name
    finally:
        connections.close_all()
        drop(name)


def drop(name: str) -> None:
    """Drop a copy, whoever is still connected to it."""
    command("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def empty(name: str) -> None:
    """End every other connection to a database, and wait until its work is taken back.

    The server notices a killed client a moment later than the one who killed it.
    """
    with elsewhere() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s",
            [name],
        )


def command(text: str, *names: str) -> None:
    """A statement about databases."""
    with elsewhere() as cursor:
        cursor.execute(sql.SQL(text).format(*map(sql.Identifier, names)))


@contextmanager
def elsewhere() -> Iterator[Any]:
    """A cursor on the server, on none of its databases that anybody works on."""
    with cast(Any, connection)._nodb_cursor() as cursor:
        yield cursor


KEPT = "kept"
"""The schema in which a database keeps its own rows, as they are to be put back."""

SETTLED = ("auth", "contenttypes")
"""Apps whose tables no run changes."""


def own_tables() -> list[str]:
    """Every table that a run could change."""
    models = apps.get_models(include_auto_created=True)
    return [m._meta.db_table for m in models if m._meta.app_label not in SETTLED]


@transaction.atomic
def keep() -> None:
    """Keep all rows as they are now."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {KEPT}")
        for table in own_tables():
            cursor.execute(f"CREATE TABLE {KEPT}.{table} AS TABLE public.{table}")


def allow_truncating() -> None:
    """As in every test database, after somebody has put all triggers back."""
    with connection.cursor() as cursor:
        for table, trigger in find_truncate_triggers():
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER "{trigger}"')


@transaction.atomic
def put_back() -> None:
    """Make all rows what they were when they were kept."""
    tables = own_tables()
    refill = [f"INSERT INTO {table} TABLE {KEPT}.{table}" for table in tables]
    with connection.cursor() as cursor:
        cursor.execute("; ".join([f"TRUNCATE {', '.join(tables)}", *refill]))
