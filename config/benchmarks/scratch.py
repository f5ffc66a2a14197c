"""A database for one measurement, beside the one that DATABASE_URL names."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import pq, sql
from psycopg.errors import InsufficientPrivilege

IN_PRODUCTION = (
    "A measurement makes a database and keeps the server busy, so it does not run in production."
)
OWNER_NEEDED = (
    "A measurement makes a database of its own, which the role of DATABASE_URL may not: name a "
    "role with CREATEDB that owns the schema, or run `./portal manage bench`."
)


@contextmanager
def scratch_database() -> Iterator[str]:
    """Let the block work on a new, migrated database, dropped afterwards; its name is given.

    The connection is turned to it, so there must be no transaction. The application's data stay
    untouched. Raises CommandError in production and where the role may not make a database.
    """
    if settings.REFUSE_PRIVILEGED_ROLE:
        raise CommandError(IN_PRODUCTION)
    own = connection.settings_dict["NAME"]
    name = f"{own[:40]}_bench_{secrets.token_hex(4)}"
    with psycopg.connect(conninfo(), password=password(), autocommit=True) as server:
        try:
            server.execute(statement("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", name))
        except InsufficientPrivilege as error:
            raise CommandError(OWNER_NEEDED) from error
    try:
        turn_to(name)
        call_command("migrate", verbosity=0)
        yield name
    finally:
        turn_to(own)
        with psycopg.connect(conninfo(), password=password(), autocommit=True) as server:
            server.execute(statement("DROP DATABASE {} WITH (FORCE)", name))


@contextmanager
def copy_of(database: str, name: str) -> Iterator[str]:
    """Let the block work on a copy of a measurement's database, dropped afterwards.

    The connection is turned to it and back, so there must be no transaction.
    """
    copy = f"{database}_{name}"
    connection.close()
    with psycopg.connect(conninfo("postgres"), password=password(), autocommit=True) as server:
        text = "CREATE DATABASE {} TEMPLATE {}"
        server.execute(sql.SQL(text).format(sql.Identifier(copy), sql.Identifier(database)))
    try:
        turn_to(copy)
        yield copy
    finally:
        turn_to(database)
        with psycopg.connect(conninfo(), password=password(), autocommit=True) as server:
            server.execute(statement("DROP DATABASE {} WITH (FORCE)", copy))


def statement(text: str, name: str) -> sql.Composed:
    """A statement about a database, its name quoted."""
    return sql.SQL(text).format(sql.Identifier(name))


def turn_to(name: str) -> None:
    """Let Django's next connection be to another database of the same server."""
    connection.close()
    connection.settings_dict["NAME"] = name


def conninfo(database: str = "") -> str:
    """Where Django connects to, as libpq's programs read it, without the password.

    To another database of the server, if one is named.
    """
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()} - {"password"}
    given = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in known and value is not None
    }
    if database:
        given["dbname"] = database
    return psycopg.conninfo.make_conninfo(**given)


def password() -> str | None:
    """The password beside it; libpq's programs take it from PGPASSWORD."""
    return connection.settings_dict["PASSWORD"] or None


def durability() -> str:
    """The server's version and the settings that decide what a commit costs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('fsync'),"
            " current_setting('synchronous_commit'), current_setting('full_page_writes')"
        )
        version, fsync, commit, pages = cursor.fetchone()
    return (
        f"PostgreSQL {version.split()[0]}: fsync={fsync}, synchronous_commit={commit}, "
        f"full_page_writes={pages}."
    )
