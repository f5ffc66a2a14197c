"""Re-pricing a large estimate while somebody types, in milliseconds of the server's own time.

Sends the calculator's form with 400 lines as typing does: with units alone, and with growth and a
ramp in every line over three and over ten years. Beside it, in the same run, the bare arithmetic:
one product and one rounding for each line in each month.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from time import process_time
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.benchmarks.acts import make_customer
from config.benchmarks.scratch import durability, scratch_database
from config.benchmarks.told import Told
from credits.domain.catalogue import load_catalogue
from credits.domain.catalogue_file import COLUMNS
from credits.domain.pricing import whole_credits
from credits.models import Customer

LINES = 400
GATE, AIM = 200.0, 120.0
"""Milliseconds of processor time while somebody types."""
SLOWER = 1.5
"""How much longer a click may take that changes every line's figures."""
MOST_QUERIES = 6
RATE = Decimal("12.5")
SHOWN = re.compile(r'name="shown" value="([^"]*)"')


@dataclass(frozen=True)
class Case:
    """What is typed: how many years, whether every line changes, and what is looked at."""

    name: str
    years: int
    planned: bool = False
    months: bool = False
    all_at_once: bool = False
    """Every line's figures are sent, as when the way of counting changes."""


CASES = (
    Case("units alone, 1 year", 1),
    Case("units alone, 10 years", 10),
    Case("units alone, all figures sent", 1, all_at_once=True),
    Case("every line grows, 3 years", 3, planned=True),
    Case("every line grows, 10 years", 10, planned=True),
    Case("the same, all figures sent, 10 years", 10, planned=True, all_at_once=True),
    Case("the same, month by month, 3 years", 3, planned=True, months=True),
    Case("the same, month by month, 10 years", 10, planned=True, months=True),
)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="Exit with 1 if the gate is missed.")
    parser.add_argument("--lines", type=int, default=LINES, help="Lines of the estimate.")
    parser.add_argument("--rounds", type=int, default=7, help="Requests of each kind.")


def run(options: Mapping[str, Any]) -> int:
    """Make the catalogue and a customer, send each form, and say what it took."""
    with scratch_database():
        keys = widen(options["lines"])
        customer = make_customer("Wide")
        say(durability())
        found = []
        with signed_in(customer) as client:
            for case in CASES:
                found.append(measured(case, client, customer, keys, options["rounds"]))
                say(found[-1].line)
    return int(options["check"] and any(told.is_missed for told in found))


def measured(
    case: Case, client: Client, customer: Customer, keys: Sequence[str], rounds: int
) -> Told:
    """The fastest of the requests beside the fastest of the bare sums; both warmed up before."""
    send = sender(case, client, customer, keys)
    send()
    send()
    with CaptureQueriesContext(connection) as asked:
        send()
    queries = len(asked)
    slower = SLOWER if case.all_at_once else 1
    ours, floor = fastest(send, rounds), fastest(lambda: bare(case, len(keys)), rounds)
    return Told(
        case.name,
        f"{len(keys)} lines, {queries} queries, {ours / floor:.1f} x the bare arithmetic",
        ours if queries <= MOST_QUERIES else float("inf"),
        GATE * slower,
        AIM * slower,
        "ms",
    )


def sender(
    case: Case, client: Client, customer: Customer, keys: Sequence[str]
) -> Callable[[], None]:
    """A request as the page sends it while somebody types."""
    fields = {"act": "", "years": str(case.years), "reserve": "10 %"}
    if case.months:
        fields["months"] = "on"
    for place, key in enumerate(keys):
        fields[f"units.{key}"] = str(100 + 7 * place)
        fields[f"growth.{key}"] = str(3 + place % 20) if case.planned else ""
        fields[f"from.{key}"] = ""
        fields[f"ramp.{key}"] = str(place % 7) if case.planned else ""
    url = reverse("estimator:estimate-new", kwargs={"slug": customer.slug})
    typed = count(1)

    def send() -> None:
        fields[f"units.{keys[0]}"] = str(next(typed))
        answer = client.post(
            url,
            urlencode(fields),
            content_type="application/x-www-form-urlencoded",
            headers={"HX-Request": "true", "HX-Target": "summary"},
        )
        if answer.status_code != 200:
            raise RuntimeError(f"The calculator answered {answer.status_code}.")
        found = SHOWN.search(answer.content.decode())
        fields["shown"] = found[1] if found and not case.all_at_once else ""

    return send


def bare(case: Case, lines: int) -> int:
    """One product and one rounding for each line in each month that has to be priced."""
    months = 12 * case.years if case.planned else 1
    return sum(
        whole_credits(Decimal(100 + 7 * place + month) * RATE)
        for place in range(lines)
        for month in range(months)
    )


def fastest(act: Callable[[], Any], rounds: int) -> float:
    """Milliseconds of processor time of the fastest of several rounds."""
    found = []
    for _ in range(rounds):
        start = process_time()
        act()
        found.append(process_time() - start)
    return 1000 * min(found)


@contextmanager
def signed_in(customer: Customer) -> Iterator[Client]:
    """The customer's admin in a browser."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(customer.memberships.get().user)
    yield client


def widen(lines: int) -> list[str]:
    """A catalogue with so many features, each priced by itself; their keys."""
    keys = [f"wide-{place:03}" for place in range(lines)]
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(
        {
            "solution": "wide",
            "solution_name": "Wide",
            "group": key,
            "group_name": key,
            "feature": key,
            "feature_name": f"Feature {key}",
            "unit": "unit",
            "unit_plural": "units",
            "model": "per_unit",
            "credits": str(RATE),
            "block": "1",
            "payg": "unknown",
            "valid_from": "2024-01-01",
            "assumed": "no",
            "source": "made for the measurement",
        }
        for key in keys
    )
    load_catalogue(text.getvalue())
    return keys


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
