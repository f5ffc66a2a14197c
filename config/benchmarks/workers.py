"""A worker process that runs one job after the other, and tells its time and its memory.

It begins with this module and without Django, which it sets up itself.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

import django
from django.core.management import CommandError

STATUS = Path("/proc/self/status")
"""Where Linux tells a process of its memory; elsewhere it is not measured."""


@dataclass(frozen=True)
class Order:
    """Run a job on a database as of an instant."""

    job: str
    database: str
    as_of: datetime


@dataclass(frozen=True)
class Ran:
    """What a run took and did; the process's memory at its highest so far (KiB, 0: unknown)."""

    seconds: float
    counts: Mapping[str, int]
    peak: int


class Worker:
    """One process, started with the block and ended with it."""

    def __init__(self) -> None:
        # A forked process would begin with this one's memory and share its connection.
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pipe.close()
        self.process.join()
        self.process.close()

    def run(self, order: Order) -> Ran:
        """What came of an order. Raises CommandError if the worker failed."""
        self.pipe.send(order)
        try:
            ran: Ran = self.pipe.recv()
        except EOFError as error:
            raise CommandError(f"{order.job} failed; it says why above.") from error
        return ran


def serve(pipe: Connection) -> None:
    """A worker's life: carry out orders until nobody gives any more."""
    django.setup()
    from django.conf import settings

    # Whatever is sent is sent nowhere.
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    while True:
        try:
            order: Order = pipe.recv()
        except EOFError:
            return
        pipe.send(carry_out(order))


def carry_out(order: Order) -> Ran:
    """Run a job once, with the clock held at its instant."""
    from django.db import connection

    from config.benchmarks.scratch import turn_to
    from credits import clock
    from credits.domain.jobs import job_named

    turn_to(order.database)
    connection.ensure_connection()
    with clock.moved_to(order.as_of):
        started = time.perf_counter()
        counts = job_named(order.job).work(order.as_of)
        seconds = time.perf_counter() - started
    return Ran(seconds, dict(counts), peak())


def peak() -> int:
    """The most memory that this process ever held, in KiB."""
    if not STATUS.exists():
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", STATUS.read_text())
    return int(found[1]) if found else 0
