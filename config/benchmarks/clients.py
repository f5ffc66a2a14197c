"""Our side: processes with a connection each, which allocate through the writer.

A process begins with this module and without Django, which it sets up itself: what needs the
models stands in `config.benchmarks.acts`.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

import django
from django.core.management import CommandError

HEAD_START = 0.05
"""Seconds between the order and the start, so that all clients start at once."""


@dataclass(frozen=True)
class Order:
    """Allocate for one customer, from an instant of the monotonic clock on, for so long."""

    customer_id: int
    client: int
    starts_at: float
    seconds: float


@dataclass(frozen=True)
class Sample:
    """How long each allocation took, and all of them together (seconds)."""

    latencies: Sequence[float]
    elapsed: float

    @property
    def rate(self) -> float:
        """Allocations a second."""
        return len(self.latencies) / self.elapsed


class Clients:
    """So many client processes, started with the block and ended with it."""

    def __init__(self, count: int, database: str) -> None:
        # A forked process would share this one's connection.
        context = get_context("spawn")
        self.pipes: list[Connection] = []
        self.processes = []
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs, database), daemon=True)
            process.start()
            theirs.close()
            self.pipes.append(ours)
            self.processes.append(process)
        # What they do to get ready would slow down whatever is measured first.
        for pipe in self.pipes:
            heard(pipe)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pipe in self.pipes:
            pipe.close()
        for process in self.processes:
            if kind is not None:
                process.terminate()
            process.join()
            process.close()

    def run(self, customer_ids: Sequence[int], clients: int, seconds: float) -> list[Sample]:
        """What so many clients measured; the first worked for the first customer, ...

        They warm up first, so that nothing is measured that happens once. Raises CommandError if
        a client failed.
        """
        crew = self.pipes[:clients]
        own = [customer_ids[client % len(customer_ids)] for client in range(clients)]
        for client, (pipe, customer_id) in enumerate(zip(crew, own, strict=True)):
            pipe.send(Order(customer_id, client, 0, 0))
        for pipe in crew:
            heard(pipe)
        starts_at = time.monotonic() + HEAD_START
        for client, (pipe, customer_id) in enumerate(zip(crew, own, strict=True)):
            pipe.send(Order(customer_id, client, starts_at, seconds))
        return [heard(pipe) for pipe in crew]


def heard(pipe: Connection) -> Any:
    """What a client has to say next."""
    try:
        return pipe.recv()
    except EOFError as error:
        raise CommandError("A client ended before its time; it says why above.") from error


def serve(pipe: Connection, database: str) -> None:
    """A client's life: carry out orders until nobody gives any more."""
    # Ctrl-C ends the run, and the run ends its clients.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    django.setup()
    from config.benchmarks.acts import Allocator
    from config.benchmarks.scratch import turn_to

    turn_to(database)
    allocators: dict[int, Allocator] = {}
    pipe.send(None)
    while True:
        try:
            order: Order = pipe.recv()
        except EOFError:
            return
        if order.customer_id not in allocators:
            allocators[order.customer_id] = Allocator(order.customer_id, order.client)
        pipe.send(allocators[order.customer_id].carry_out(order))
