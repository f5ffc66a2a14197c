"""Allocations through the writer, as a part of what one bare statement makes.

Two sides in turns on one server: client processes that post an allocation after the other, and
pgbench with one statement that takes the same lock and writes the same tables. The ratio of the
two is what the writer keeps of the speed the database has.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from django.apps import apps
from django.db import connection

from config.benchmarks.acts import make_customer
from config.benchmarks.clients import Clients
from config.benchmarks.floor import Floor
from config.benchmarks.scratch import durability, scratch_database
from credits.domain.catalogue import load_catalogue
from credits.domain.verify import verify_books, verify_projections, verify_seq
from credits.models import Customer

SHOWN_PROBLEMS = 3


@dataclass(frozen=True)
class Case:
    """So many clients for so many customers: the ratio it must have, and the one aimed at."""

    name: str
    clients: int
    customers: int
    gate: float
    aim: float


CASES = (
    Case("1 client", clients=1, customers=1, gate=0.2, aim=0.8),
    Case("8 clients, 8 customers", clients=8, customers=8, gate=0.1, aim=0.5),
    Case("8 clients, 1 customer", clients=8, customers=1, gate=0.15, aim=0.75),
)


@dataclass
class Measured:
    """What the rounds of a case gave: allocations a second of either side, our latencies."""

    case: Case
    floor: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return median(ours / floor for ours, floor in zip(self.ours, self.floor, strict=True))

    @property
    def verdict(self) -> str:
        return verdict(self.ratio, self.case)

    def row(self) -> tuple[str, ...]:
        """The case as a row of the table."""
        percent = quantiles([*self.latencies, *self.latencies], n=100)
        return (
            self.case.name,
            f"{median(self.floor):,.0f}",
            f"{median(self.ours):,.0f}",
            f"{self.ratio:.3f}",
            f"{self.case.gate:g}",
            f"{self.case.aim:g}",
            self.verdict,
            f"{percent[49] * 1000:.1f}",
            f"{percent[98] * 1000:.1f}",
        )


COLUMNS = ("case", "floor op/s", "ours op/s", "ratio", "gate", "aim", "verdict", "p50 ms", "p99 ms")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="Exit with 1 if a gate is missed.")
    parser.add_argument(
        "--seconds", type=seconds, default=5.0, help="How long each side is measured a round."
    )
    parser.add_argument("--rounds", type=rounds, default=3, help="How often both take their turn.")


def seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 600:
        raise ArgumentTypeError("give a number of seconds up to 600.")
    return value


def rounds(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 100:
        raise ArgumentTypeError("give a number of rounds from 1 to 100.")
    return value


def run(options: Mapping[str, Any]) -> int:
    """Measure every case and print the table. Books that do not hold are an error by themselves."""
    with scratch_database() as database:
        load_catalogue(catalogue_file().read_text(encoding="utf-8-sig"))
        say(durability())
        say(
            f"Rounds: {options['rounds']}, of {options['seconds']:g} s a side. "
            f"Processors, shared by clients and server: {os.cpu_count()}."
        )
        measured, problems = measure(database, options["seconds"], options["rounds"])
    for line in table([COLUMNS, *(one.row() for one in measured)]):
        say(line)
    for problem in problems:
        say(f"Wrong: {problem}")
    return exit_code(measured, problems, check=options["check"])


def measure(database: str, seconds: float, rounds: int) -> tuple[list[Measured], list[str]]:
    """All cases, and what is wrong with the books they wrote."""
    floor = Floor.prepare()
    measured, problems = [], []
    with Clients(max(case.clients for case in CASES), database) as clients:
        for case in CASES:
            theirs = [make_customer(f"Floor {case.name} {n}") for n in range(case.customers)]
            mine = [make_customer(f"Ours {case.name} {n}") for n in range(case.customers)]
            analyze()
            result = Measured(case)
            for _ in range(rounds):
                result.floor.append(floor.run(theirs, case.clients, seconds))
                samples = clients.run([c.pk for c in mine], case.clients, seconds)
                result.ours.append(sum(sample.rate for sample in samples))
                result.latencies += [one for sample in samples for one in sample.latencies]
            measured.append(result)
            problems += wrong(mine[0], theirs[0])
    return measured, problems


def wrong(mine: Customer, theirs: Customer) -> list[str]:
    """What does not hold in the books of our customer; of the floor's, whose hashes are none,
    that it numbers and adds up as the writer does."""
    found = [*verify_books(mine), *verify_seq(theirs), *verify_projections(theirs)]
    return found[:SHOWN_PROBLEMS]


def verdict(ratio: float, case: Case) -> str:
    if ratio < case.gate:
        return "below the gate"
    return "reaches the aim" if ratio >= case.aim else "passes"


def exit_code(measured: Sequence[Measured], problems: Sequence[str], *, check: bool) -> int:
    """1 for wrong books and, when asked to check, for a ratio below its gate."""
    missed = [one for one in measured if one.ratio < one.case.gate]
    return 1 if problems or (check and missed) else 0


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows as lines, each column as wide as it needs; words to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    to_the_left = {COLUMNS.index("case"), COLUMNS.index("verdict")}
    for row in rows:
        cells = [
            cell.ljust(width) if place in to_the_left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def analyze() -> None:
    """Let the planner know the tables as it does on a server that has run for a while."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def catalogue_file() -> Path:
    return Path(apps.get_app_config("credits").path) / "data" / "catalogue.csv"


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
