"""The demonstration, replayed once in a process and from then on copied back as it was.

A replay takes as long as many tests together. What is copied back are the rows of every table, as
they stood after it, under the ids they had.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from config.demonstration.replay import LogIn, replay


@dataclass(frozen=True)
class Kept:
    """Who can log in, and the rows of each table as COPY writes them."""

    people: list[LogIn]
    rows: dict[str, bytes]


KEPT: dict[Hashable, Kept] = {}


def demonstration(key: Hashable) -> list[LogIn]:
    """Everybody who can log in, once the demonstration is there.

    The first time for a key it is replayed, on top of whatever is in the database; afterwards the
    database is emptied and gets exactly the rows of then. `key` names the present they were told
    from.
    """
    if key not in KEPT:
        people = replay()
        KEPT[key] = Kept(people, {table: bytes(copied(table)) for table in tables()})
        return people
    bring_back(KEPT[key])
    return KEPT[key].people


def tables() -> list[str]:
    """Every table of a model."""
    return sorted(connection.introspection.django_table_names(only_existing=True))


def copied(table: str) -> bytearray:
    """A table's rows."""
    rows = bytearray()
    with connection.cursor() as cursor, cursor.cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
        for piece in copy:
            rows += piece
    return rows


@transaction.atomic
def bring_back(kept: Kept) -> None:
    """Empty every table, and give it its rows. Numbering goes on from where it is."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(quoted(kept.rows))}")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table, rows in kept.rows.items():
            with cursor.cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                copy.write(rows)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    ContentType.objects.clear_cache()


def quoted(names: dict[str, bytes]) -> Iterator[str]:
    return (f'"{name}"' for name in names)
