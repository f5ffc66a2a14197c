"""What each scheduled job costs a customer with few and with many of them, in time and in memory.

The same work for a small and for a large number of customers, in one process and one run: the time
of a customer and the memory of the process must not grow with their number. Closing an hour is
compared with the bare reading of its rows, recording expiries with the bare writing of theirs.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from django.apps import apps
from django.core.management import CommandError

from config.benchmarks.alloc import say
from config.benchmarks.crowd import BUSY, DAY, load_crowd
from config.benchmarks.expiries import measure_expiries
from config.benchmarks.hours import measure_hours
from config.benchmarks.ledger import load_books
from config.benchmarks.scratch import copy_of, durability, scratch_database, turn_to
from config.benchmarks.told import Told
from config.benchmarks.workers import Order, Ran, Worker
from credits.domain.boundaries import DELAY
from credits.domain.catalogue import load_catalogue
from credits.domain.jobs import jobs
from credits.domain.rebuilding import rebuild_projections
from credits.domain.verify import everyone

MORNING = DAY.replace(hour=6)
WARM = 20
"""Customers whose jobs are run first, so that nothing is measured that happens once."""

TIME_GATE, TIME_AIM = 1.5, 1.0
"""Time a customer with many of them, of that with few."""

MEMORY_GATE = 24 * 1024
"""KiB by which the peak of a process may be higher after many customers than after few."""

ENTRIES = 24
"""Ledger entries of a customer whose books are verified."""

HASHED = 20
"""Where chains are read they must be real, and are made by Python: of so many customers one."""


@dataclass(frozen=True)
class Line:
    """How one job is measured: at its instant, on books that it can read, by what it deals with."""

    is_hashed: bool = False
    per: str = ""
    """The count of what it dealt with, where that is not each customer."""


LINES = {
    "publish-hour": Line(),
    "advance-lifecycle": Line(),
    "send-notices": Line(),
    "send-digests": Line(),
    "apply-rates": Line(),
    "relay-outbox": Line(per="mails"),
    "verify-books": Line(is_hashed=True),
    "apply-messages": Line(),
    "reconcile-marketplaces": Line(),
    "import-purchases": Line(),
    "forget-files": Line(),
    "forget-visitors": Line(),
}
"""Every job of the registry; one that is missing here is an error of every run."""

AS_OF = {"publish-hour": BUSY + DELAY}


@dataclass(frozen=True)
class Databases:
    """The same crowd in three sizes, and two of real books."""

    warm: str
    small: str
    large: str


@dataclass(frozen=True)
class Cost:
    """What one job cost with few and with many customers."""

    job: str
    small: tuple[int, Ran]
    large: tuple[int, Ran]

    @property
    def time(self) -> float:
        """The time of one with many customers, of that with few."""
        return each(self.large) / each(self.small)

    @property
    def memory(self) -> int:
        """KiB by which the peak was higher after many customers."""
        return self.large[1].peak - self.small[1].peak

    def told(self) -> Iterator[Told]:
        counted = ", ".join(f"{count:,} {name}" for name, count in self.large[1].counts.items())
        yield Told(
            f"{self.job}: time each of {self.large[0]:,}, of {self.small[0]:,}",
            f"{each(self.small) * 1e6:,.0f} us, {each(self.large) * 1e6:,.0f} us",
            self.time,
            gate=TIME_GATE,
            aim=TIME_AIM,
            note=counted,
        )
        yield Told(
            f"{self.job}: memory at its peak",
            f"{self.small[1].peak / 1024:,.0f} MiB, {self.large[1].peak / 1024:,.0f} MiB",
            self.memory / 1024,
            gate=MEMORY_GATE / 1024,
            aim=MEMORY_GATE / 4096,
            unit="MiB more",
        )


def each(ran: tuple[int, Ran]) -> float:
    """Seconds for one of so many."""
    number, run = ran
    return run.seconds / max(number, 1)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="Exit with 1 if a gate is missed.")
    parser.add_argument(
        "--customers", type=number, default=100_000, help="How many there are at most."
    )
    parser.add_argument("--few", type=number, default=1_000, help="How many are few.")
    parser.add_argument(
        "--expiries", type=number, default=10_000, help="How many lose their credits at once."
    )
    parser.add_argument("--rounds", type=number, default=3, help="Of what can be repeated.")


def number(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 1_000_000:
        raise ArgumentTypeError("give a number from 1 to 1,000,000.")
    return value


def run(options: Mapping[str, Any]) -> int:
    """Measure everything and print the table; a job without a line is an error by itself."""
    problems = [f"{name} is not measured." for name in unmeasured()]
    few, many, rounds = options["few"], options["customers"], options["rounds"]
    if few >= many:
        raise CommandError("--few must be less than --customers.")
    with scratch_database() as base:
        catalogue = Path(apps.get_app_config("credits").path) / "data" / "catalogue.csv"
        load_catalogue(catalogue.read_text(encoding="utf-8-sig"))
        say(durability())
        say(f"Processors: {os.cpu_count()}. Load: {os.getloadavg()[0]:.1f}.")
        told: list[Told] = []
        with crowds(base, few, many) as databases:
            turn_to(databases.large)
            told += shown(measure_hours(rounds))
            turn_to(base)
            for name in LINES:
                if not LINES[name].is_hashed and name in known():
                    told += shown(cost_of(name, databases, few, many).told())
        with copy_of(base, "expiring"):
            load_crowd(options["expiries"], all_end=True)
            told += shown(measure_expiries(rounds))
        sizes = max(1, few // HASHED), max(2, many // HASHED)
        with real_books(base, *sizes) as databases:
            for name in LINES:
                if LINES[name].is_hashed and name in known():
                    told += shown(cost_of(name, databases, *sizes).told())
        say(f"Load: {os.getloadavg()[0]:.1f}.")
    for problem in problems:
        say(f"Wrong: {problem}")
    return exit_code(told, problems, check=options["check"])


def known() -> set[str]:
    """The names of all jobs of the registry."""
    return {job.name for job in jobs()}


def unmeasured() -> list[str]:
    """The jobs that nothing here measures."""
    return sorted(known() - set(LINES))


def exit_code(told: Sequence[Told], problems: Sequence[str], *, check: bool) -> int:
    """1 for a job without a line and, when asked to check, for a gate that is missed."""
    return 1 if problems or (check and any(one.is_missed for one in told)) else 0


def shown(results: Iterator[Told]) -> list[Told]:
    """Results, each said as soon as it is there."""
    found = []
    for one in results:
        say(one.line)
        found.append(one)
    return found


def cost_of(name: str, databases: Databases, few: int, many: int) -> Cost:
    """One job in a process of its own: first warm, then for few customers, then for many."""
    as_of = AS_OF.get(name, MORNING)
    with Worker() as worker:
        worker.run(Order(name, databases.warm, as_of))
        small = worker.run(Order(name, databases.small, as_of))
        large = worker.run(Order(name, databases.large, as_of))
    per = LINES[name].per
    return Cost(
        name,
        (small.counts.get(per, few), small),
        (large.counts.get(per, many), large),
    )


@contextmanager
def crowds(base: str, few: int, many: int) -> Iterator[Databases]:
    """The crowd in three sizes."""
    with (
        copy_of(base, "warm") as warm,
        copy_of(base, "few") as small,
        copy_of(base, "many") as large,
    ):
        for database, customers in ((warm, WARM), (small, few), (large, many)):
            turn_to(database)
            started = perf_counter()
            load_crowd(customers)
            say(f"{customers:,} customers made in {perf_counter() - started:.1f} s.")
        yield Databases(warm, small, large)


@contextmanager
def real_books(base: str, few: int, many: int) -> Iterator[Databases]:
    """Books with real chains in three sizes."""
    with (
        copy_of(base, "warm") as warm,
        copy_of(base, "few") as small,
        copy_of(base, "many") as large,
    ):
        for database, customers in ((warm, 2), (small, few), (large, many)):
            turn_to(database)
            load_books(customers, customers * ENTRIES)
            for customer in everyone():
                rebuild_projections(customer)
        say(f"Books with real chains made, of {few:,} and {many:,} customers.")
        yield Databases(warm, small, large)
