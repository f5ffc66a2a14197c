"""Processes and threads that write, close and look under a clock that runs many times as fast.

A process of its own starts with this module and without Django, so what needs the models is
imported where it is used.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from credits.processes import begin

START = datetime(2027, 3, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOUR_TAKES = 0.06
"""Seconds in which an hour of the run passes."""

FEATURES = ("email-core", "email-sensor", "email-pro")


@dataclass(frozen=True)
class Course:
    """How the clock of one run goes; the same in every process, by the machine's own clock."""

    started: float
    seconds: float

    @property
    def is_over(self) -> bool:
        return time.monotonic() - self.started > self.seconds

    def part(self) -> float:
        """How much of the run has passed, from 0 to 1."""
        return (time.monotonic() - self.started) / self.seconds

    def now(self) -> datetime:
        return START + HOUR * ((time.monotonic() - self.started) / HOUR_TAKES)


class Child:
    """A process that says when it has come to a point, and may be killed there."""

    def __init__(self, life: Callable[..., None], database: str, *args: Any) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=live, args=(life, database, theirs, *args), daemon=True
        )
        self.process.start()
        theirs.close()

    def heard(self) -> Any:
        """What it says next. Raises EOFError if it has ended, TimeoutError after a minute."""
        if not self.pipe.poll(60):
            raise TimeoutError("The child says nothing.")
        return self.pipe.recv()

    def told(self, word: Any) -> None:
        self.pipe.send(word)

    def kill(self) -> None:
        """End it as a machine does that loses its power: it can do nothing about it."""
        self.process.kill()
        self.process.join()
        self.pipe.close()

    def end(self) -> None:
        """Wait until it has said and done everything."""
        self.process.join(60)
        self.pipe.close()


def live(life: Callable[..., None], database: str, pipe: Connection, *args: Any) -> None:
    """A child's life: get ready, wait for the course, and go."""
    begin(database)
    from django.db import connection

    connection.ensure_connection()
    pipe.send("ready")
    life(pipe.recv(), pipe, *args)


# What they do


@dataclass
class Writer:
    """Someone who writes for some customers: on time, late, and ahead."""

    customers: list[int]
    seed: int
    acts: int = 0
    refused: int = 0
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def act(self, now: datetime) -> None:
        """One act at about an instant: this writer's clock may be hours behind, or ahead."""
        from credits import clock
        from credits.exceptions import CreditsError
        from credits.models import Customer

        customer = Customer.objects.get(pk=self.chance.choice(self.customers))
        behind = self.chance.choice((0, 0, 1, 3, 5, -0.3))
        with clock.moved_to(now - HOUR * behind):
            act = self.chance.choice((self.allocate, self.allocate, self.report, self.grant))
            try:
                act(customer)
                self.acts += 1
            except CreditsError:
                self.refused += 1

    def allocate(self, customer: Any) -> None:
        from tests.factories import credits as make

        make.allocate(customer, self.chance.choice(FEATURES), self.chance.randrange(1, 900))

    def report(self, customer: Any) -> None:
        """Units that held hours ago, long published."""
        from credits import clock
        from credits.domain.post import post
        from credits.domain.usage import ReportUsage
        from tests.factories import credits as make

        feature = self.chance.choice(FEATURES)
        post(
            ReportUsage(
                customer=customer,
                asked=make.asked(reason="Told late."),
                group=feature,
                quantities={feature: Decimal(self.chance.randrange(1, 900))},
                at=clock.now() - HOUR * self.chance.randrange(1, 30),
                by_hand=True,
            )
        )

    def grant(self, customer: Any) -> None:
        """A license that starts within days, or started days ago."""
        from credits import clock
        from tests.factories import credits as make

        first = clock.day_of(clock.now()) + timedelta(days=self.chance.randrange(-2, 3))
        make.grant(customer, 1_000, first, first + timedelta(days=self.chance.randrange(0, 3)))


def write(course: Course, pipe: Connection, customers: list[int], seed: int) -> None:
    """Write until the run is over, and tell how much."""
    writer = Writer(customers, seed)
    while not course.is_over:
        writer.act(course.now())
    pipe.send(writer.acts)


def write_until_killed(course: Course, pipe: Connection, customers: list[int], seed: int) -> None:
    """Write for a third of the run, then stop within a transaction that has written."""
    from django.db import transaction

    writer = Writer(customers, seed)
    while course.part() < 0.33:
        writer.act(course.now())
    with transaction.atomic():
        done = writer.acts
        while writer.acts == done:
            writer.act(course.now())
        pipe.send(done)
        pipe.recv()


def close_until_killed(course: Course, pipe: Connection, *, inside: bool) -> None:
    """Close hours for two thirds of the run, and stop after one closing before its record.

    Inside the closing's own transaction, or just after it.
    """
    from django.db import transaction

    from billing.domain.publication import GateBusy, close_boundary, next_hour, publish_hours
    from credits.domain.boundaries import boundary_at

    while True:
        try:
            if course.part() < 0.66:
                publish_hours(course.now())
                continue
            with transaction.atomic():
                at = next_hour(boundary_at(course.now()))
                closed = at and close_boundary(at, course.now())
                if closed and inside:
                    pipe.send(at)
                    pipe.recv()
        except GateBusy:
            continue
        if closed:
            pipe.send(at)
            pipe.recv()
