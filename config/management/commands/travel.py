from __future__ import annotations

import logging
import re
import time
from argparse import ArgumentTypeError
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from config.development.travel import Stop, noon_of, travel
from credits import clock
from credits.exceptions import CreditsError

UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
NOWHERE = timedelta(0)


def ahead(text: str) -> timedelta:
    """A way through time: "+91d", "+6h" or "+2w"; the sign may be left out."""
    found = re.fullmatch("[+]?([0-9]{1,5})([hdw])", text)
    if found is None:
        raise ArgumentTypeError(f"{text!r} is no way through time: write +91d, +6h or +2w")
    return int(found[1]) * UNITS[found[2]]


def day(text: str) -> date:
    """A UTC day."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no day: write 2027-03-01") from error


class Command(BaseCommand):
    """Move the clock of a development installation ahead, and tell what happened on the way."""

    help = (
        "Move the clock of everything that runs here: +91d, +6h, +2w, or --to a day. Every job "
        "does on the way what it would have done: hours, ends, locks, notices, mails."
    )

    def run_from_argv(self, argv: list[str]) -> None:
        """Understand "-1d", which would be taken for an option, as the way back that it is."""
        super().run_from_argv(
            ["--back" if re.fullmatch("-[0-9]+[a-z]?", one) else one for one in argv]
        )

    def add_arguments(self, parser: CommandParser) -> None:
        way = parser.add_mutually_exclusive_group(required=True)
        way.add_argument("ahead", nargs="?", type=ahead, help="+91d, +6h or +2w")
        way.add_argument("--to", type=day, metavar="DAY", help="12:00 UTC of a day: 2027-03-01")
        way.add_argument("--back", action="store_true", help="There is none; tells what to do.")

    def handle(self, *args: Any, **options: Any) -> None:
        # A line for each of some thousand slots would hide what is told.
        for app in ("credits", "billing"):
            logging.getLogger(app).setLevel(logging.WARNING)
        with connection.cursor() as cursor:
            # Some thousand short transactions: a machine that fails now loses a few at most, and
            # the jobs that did them find them missing.
            cursor.execute("SET synchronous_commit = off")
        started = time.monotonic()
        counts: Counter[str] = Counter()
        failures: list[str] = []
        try:
            for today, stops in groupby(travel(way(**options)), key=lambda stop: stop.day):
                here = list(stops)
                counts += sum((stop.counts for stop in here), Counter())
                failures += [failure for stop in here for failure in stop.failures]
                for line in told(today, here):
                    self.stdout.write(line)
        except CreditsError as error:
            raise CommandError(error.message) from error
        except KeyboardInterrupt:
            raise CommandError(f"Stopped on the way: it is {present()} here.") from None
        for words, number in sorted(counts.items()):
            self.stdout.write(f"{number:>10}  {words}")
        self.stdout.write(f"It is {present()} here, after {time.monotonic() - started:.0f} s.")
        if failures:
            raise CommandError(f"{len(failures)} jobs went wrong on the way. {failures[-1]}")


def way(*, ahead: timedelta | None, to: date | None, back: bool, **_: Any) -> timedelta:
    """How far to go; nowhere for a way back."""
    if to is not None:
        return noon_of(to) - clock.now()
    return NOWHERE if back or ahead is None else ahead


def told(today: date, stops: Sequence[Stop]) -> Iterator[str]:
    """What happened on a day, one line each; nothing of a day on which nothing did."""
    happened = Counter(line for stop in stops for line in stop.told)
    start = f"{today}"
    for line, number in happened.items():
        yield f"{start:10}  {line}" + (f" ({number})" if number > 1 else "")
        start = ""


def present() -> str:
    """The present, as the portal takes it to be."""
    return f"{clock.now():%Y-%m-%d %H:%M} UTC"
