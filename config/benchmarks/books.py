"""Verifying all books and rebuilding all projections, in seconds a million ledger rows.

Loads valid books of many customers, their acts in turns as they would have come in, then rebuilds
every projection from nothing, verifies every invariant, and rebuilds once more: nothing differs.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

from django.apps import apps

from config.benchmarks.ledger import load_books
from config.benchmarks.scratch import durability, scratch_database
from credits.domain.catalogue import load_catalogue
from credits.domain.rebuilding import rebuild_projections
from credits.domain.verify import everyone, verify_all
from credits.models import LedgerEntry

MILLION = 1_000_000
GATE = 60.0
"""Seconds a million ledger rows, for verifying and for rebuilding alike."""

ResultT = TypeVar("ResultT")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="Exit with 1 if the gate is missed.")
    parser.add_argument("--rows", type=int, default=MILLION, help="Ledger rows in all.")
    parser.add_argument("--customers", type=int, default=1000, help="Customers that share them.")


def run(options: Mapping[str, Any]) -> int:
    """Load, rebuild, verify, rebuild; books that do not hold are an error by themselves."""
    with scratch_database():
        catalogue = Path(apps.get_app_config("credits").path) / "data" / "catalogue.csv"
        load_catalogue(catalogue.read_text(encoding="utf-8-sig"))
        say(durability())
        timed("load", lambda: load_books(options["customers"], options["rows"]))
        count = LedgerEntry.objects.count()
        say(f"{count:,} ledger rows of {options['customers']:,} customers.")
        found, anew = timed("rebuild from nothing", rebuild, count)
        broken, verified = timed("verify", verify, count)
        left, again = timed("rebuild what is right", rebuild, count)
    for sentence in broken[:10]:
        say(sentence)
    if broken or left or not found:
        say(f"The books do not hold: {len(broken)} broken, {left} differ after the rebuild.")
        return 1
    slowest = max(anew, verified, again) * MILLION / count
    say(f"Slowest: {slowest:.1f} s a million rows; the gate is {GATE:.0f} s.")
    return int(options["check"] and slowest > GATE)


def rebuild() -> int:
    """Rebuild every customer's projections; how many values differed."""
    return sum(len(rebuild_projections(customer)) for customer in everyone())


def verify() -> list[str]:
    """Every invariant over everything; the sentences of what is broken."""
    outcomes = verify_all(workers=os.cpu_count() or 1)
    return [problem.sentence for outcome in outcomes for problem in outcome.shown]


def timed(what: str, act: Callable[[], ResultT], count: int = 0) -> tuple[ResultT, float]:
    """What an act gave and the seconds it took, said with the rows a second."""
    start = perf_counter()
    result = act()
    seconds = perf_counter() - start
    say(f"{what}: {seconds:.1f} s" + (f", {count / seconds:,.0f} rows a second." if count else "."))
    return result, seconds


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
