"""Many clients at one moment: threads that start together, each on a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection, connections

ResultT = TypeVar("ResultT")


def race(clients: Sequence[Callable[[], ResultT]]) -> list[ResultT | Exception]:
    """What each client got, or the exception it met; none starts before all are ready."""
    ready = threading.Barrier(len(clients))

    def run(client: Callable[[], ResultT]) -> ResultT | Exception:
        try:
            connection.ensure_connection()
            ready.wait(timeout=30)
            return client()
        except Exception as error:  # noqa: BLE001 - the test looks at what it was
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(run, clients))


class Crew:
    """Clients that keep their connections over many races."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.pool = ThreadPoolExecutor(size)

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        ready = threading.Barrier(self.size)

        def close() -> None:
            ready.wait(timeout=30)
            connections.close_all()

        list(self.pool.map(lambda _: close(), range(self.size)))
        self.pool.shutdown()

    def race(self, client: Callable[[int], ResultT]) -> list[ResultT | Exception]:
        """Every client at once, each with its number."""
        ready = threading.Barrier(self.size)

        def run(number: int) -> ResultT | Exception:
            try:
                connection.ensure_connection()
                ready.wait(timeout=30)
                return client(number)
            except Exception as error:  # noqa: BLE001 - the test looks at what it was
                return error

        return list(self.pool.map(run, range(self.size)))


def deadlocks() -> int:
    """Deadlocks that PostgreSQL has counted in this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])
