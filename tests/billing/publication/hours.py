"""Running publications at instants, and what they left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from billing.domain.publication import publish_hours
from billing.domain.publication_check import verify_publications
from credits.models import GENESIS, Boundary, Publication
from tests.billing.story import instant


def run(now: str, **words: Any) -> list[datetime]:
    """One run of the job at an instant."""
    return publish_hours(instant(now), **words)


def closed() -> list[datetime]:
    """Every closed boundary, in order."""
    return list(Boundary.objects.values_list("at", flat=True))


def records() -> list[tuple[datetime, int, dict[str, str], str]]:
    """What every record says, by hour."""
    found = Publication.objects.order_by("boundary__at")
    return list(found.values_list("boundary__at", "entries", "heads", "hash"))


def problems() -> list[str]:
    """What the check of all hours finds, and whatever is not one unbroken chain."""
    found = list(verify_publications())
    previous = GENESIS
    for publication in Publication.objects.order_by("boundary__at"):
        if publication.previous_hash != previous:
            found.append(f"{publication} does not follow")
        previous = publication.hash
    if closed() != [at for at, *_ in records()]:
        found.append("not every boundary has a record")
    return found


@contextmanager
def undone() -> Iterator[None]:
    """What happens in the block is taken back at its end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def unlocked(table: str) -> Iterator[None]:
    """What only an owner can do: change rows that are written once."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
