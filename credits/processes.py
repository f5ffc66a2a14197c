"""Processes that share a piece of work with the one that starts them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

import django
from django.db import connection


@contextmanager
def helpers(number: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of so many new processes on the same database.

    They start afresh: one that was copied from a process with threads could wait for ever for a
    lock that a thread held at that moment.
    """
    database = str(connection.settings_dict["NAME"])
    start = get_context("spawn")
    with ProcessPoolExecutor(number, start, initializer=begin, initargs=(database,)) as pool:
        yield pool


def begin(database: str) -> None:
    """Make a new process ready: the apps, and the database that its parent works on."""
    django.setup()
    connection.settings_dict["NAME"] = database
