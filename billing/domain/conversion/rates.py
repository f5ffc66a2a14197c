"""What a unit of a seat license is worth: rates by product and day (docs/rules.md#conversion).

Rates are only added. What was converted at a rate stays as it was.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from datetime import datetime as instant
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Max

from billing.domain.files.reading import Problem, Row, in_order, read_day, read_table, shown
from billing.models import ConversionRate
from credits.domain.commands import Answer, Asked, Decision, OfficeCommand
from credits.domain.post import post_office
from credits.exceptions import CreditsError, InvalidCommand

OWN_FILE = Path(__file__).resolve().parents[3] / "credits" / "data" / "conversion_rates.csv"
"""The product's own rates."""

COLUMNS = (
    "entitlement", "entitlement name", "unit", "unit plural", "credits",
    "valid from", "valid to", "assumed", "source", "note",
)  # fmt: skip
NEEDED = tuple(name for name in COLUMNS if name not in ("valid to", "note"))
LIMITS = {
    "entitlement name": 120, "unit": 60, "unit plural": 60, "source": 200, "note": 400,
}  # fmt: skip
MAX_LINES = 2_000
DAY = timedelta(days=1)
KEY = re.compile(r"(?=.{1,60}\Z)[a-z0-9]+(-[a-z0-9]+)*")
DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?")
SHOWN = 50


class RatesRefused(CreditsError):
    """The file is refused as a whole; `problems` names every bad line."""

    code = "conversion-rates"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(in_order(problems))
        told = [f"line {one.line}: {one.text}" for one in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            told.append(f"And {len(self.problems) - SHOWN} more.")
        super().__init__("\n".join(["The conversion rates were not loaded.", *told]))


@dataclass(frozen=True)
class RateRow:
    """A line of the file: a product's rate from a day on, to a last day or open."""

    line: int
    product: str
    name: str
    unit: str
    unit_plural: str
    credits: Decimal
    valid_from: date
    valid_to: date | None
    is_assumed: bool
    source: str
    note: str

    @property
    def columns(self) -> dict[str, Any]:
        """The row as its record has it."""
        return {name: value for name, value in vars(self).items() if name != "line"}


@dataclass(frozen=True, kw_only=True)
class LoadConversionRates(OfficeCommand):
    """Add the rates of a file that are not there yet. Answers with how many there were.

    Raises RatesRefused for a rate that stands otherwise already.
    """

    kind: ClassVar[str] = "load-conversion-rates"

    rows: Sequence[RateRow]
    digest: str

    def content(self) -> Mapping[str, Any]:
        return {"digest": self.digest}

    def decide(self, now: instant) -> Decision:
        missing = missing_rates(self.rows)
        return Decision(answer={"rates": len(missing)}, subject=f"{len(missing)} conversion rates")


@transaction.atomic
def load_conversion_rates(data: bytes, *, source: str = "command") -> Answer | None:
    """Load a file of rates, whole or not at all; None if all of it is there already.

    Raises RatesRefused with every problem by its line.
    """
    rows = read_rates(data)
    if not missing_rates(rows):
        return None
    digest = hashlib.sha256(data).hexdigest()
    newest = ConversionRate.objects.aggregate(newest=Max("pk"))["newest"] or 0
    asked = Asked(source=source, key=f"conversion-rates/{digest}/{newest}")
    answer = post_office(LoadConversionRates(asked=asked, rows=rows, digest=digest))
    if not answer.repeated:
        ConversionRate.objects.bulk_create(
            ConversionRate(operation=answer.operation, **row.columns) for row in missing_rates(rows)
        )
    return answer


def read_rates(data: bytes) -> list[RateRow]:
    """The rates of a file. Raises RatesRefused with everything that is wrong in itself."""
    columns = {name: name for name in COLUMNS}
    reading = read_table(data, columns, needed=NEEDED, most_lines=MAX_LINES)
    problems = list(reading.problems)
    rows: list[RateRow] = []
    for row in reading.rows:
        try:
            rows.append(read_rate(row))
        except InvalidCommand as error:
            problems.append(Problem(row.number, error.message))
    problems += [*clashes(rows), *disagreements(rows)]
    if problems:
        raise RatesRefused(problems)
    return rows


def read_rate(row: Row) -> RateRow:
    """One line. Raises InvalidCommand with the first thing that is wrong with it."""
    if not KEY.fullmatch(row["entitlement"]):
        raise InvalidCommand(
            "The entitlement must be lower-case words joined by hyphens, at most 60 characters, "
            f"not {shown(row['entitlement'])}."
        )
    for column, most in LIMITS.items():
        text = row[column]
        if (not text and column != "note") or len(text) > most or not text.isprintable():
            raise InvalidCommand(f"The {column} must be a text of at most {most} characters.")
    if not DECIMAL.fullmatch(row["credits"]) or not Decimal(row["credits"]):
        raise InvalidCommand(
            "The credits must be a number above zero such as 45 or 0.5, up to 9 digits and 4 "
            f"decimals, not {shown(row['credits'])}."
        )
    if row["assumed"] not in ("yes", "no"):
        raise InvalidCommand(f"The column assumed takes yes or no, not {shown(row['assumed'])}.")
    valid_from = read_day(row["valid from"], "first day")
    valid_to = read_day(row["valid to"], "last day") if row["valid to"] else None
    if valid_to is not None and valid_to < valid_from:
        raise InvalidCommand("The last day is before the first day.")
    return RateRow(
        line=row.number,
        product=row["entitlement"],
        name=row["entitlement name"],
        unit=row["unit"],
        unit_plural=row["unit plural"],
        credits=Decimal(row["credits"]),
        valid_from=valid_from,
        valid_to=valid_to,
        is_assumed=row["assumed"] == "yes",
        source=row["source"],
        note=row["note"],
    )


def by_product(rows: Sequence[RateRow]) -> Mapping[str, list[RateRow]]:
    """The rates of each product, by their first days."""
    found: dict[str, list[RateRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.valid_from):
        found[row.product].append(row)
    return found


def clashes(rows: Sequence[RateRow]) -> list[Problem]:
    """Rates of one product that would hold on one day."""
    problems = []
    for own in by_product(rows).values():
        for before, row in pairwise(own):
            if before.valid_to is None and row.valid_from > before.valid_from:
                continue
            if before.valid_to is None or before.valid_to >= row.valid_from:
                problems.append(Problem(row.line, f"It overlaps the rate of line {before.line}."))
    return problems


def disagreements(rows: Sequence[RateRow]) -> list[Problem]:
    """Lines that call one product differently."""
    problems = []
    for own in by_product(rows).values():
        first = own[0]
        problems += [
            Problem(row.line, f"Name and unit differ from those of line {first.line}.")
            for row in own[1:]
            if (row.name, row.unit, row.unit_plural) != (first.name, first.unit, first.unit_plural)
        ]
    return problems


def missing_rates(rows: Sequence[RateRow]) -> list[RateRow]:
    """The rates that are not there yet. Raises RatesRefused for those that are there otherwise.

    A rate that was open when it was loaded, and that the file now lets end right before the next,
    says what it said: the next one ends it.
    """
    stored = {(rate.product, rate.valid_from): rate for rate in ConversionRate.objects.all()}
    problems, missing = [], []
    for own in by_product(rows).values():
        following: list[RateRow | None] = [*own[1:], None]
        for row, later in zip(own, following, strict=True):
            rate = stored.get((row.product, row.valid_from))
            if rate is None:
                missing.append(row)
            elif not says_the_same(rate, row, later):
                problems.append(
                    Problem(
                        row.line,
                        f"{rate.name} has a rate from {row.valid_from} already, which says "
                        "something else. A rate is never changed: add one from a later day.",
                    )
                )
    if problems:
        raise RatesRefused(problems)
    return missing


def says_the_same(rate: ConversionRate, row: RateRow, later: RateRow | None) -> bool:
    """Whether a stored rate and a line of the file mean the same."""
    ends = {rate.valid_to}
    if rate.valid_to is None and later is not None:
        ends.add(later.valid_from - DAY)
    told = {name: value for name, value in row.columns.items() if name != "valid_to"}
    return row.valid_to in ends and all(getattr(rate, name) == told[name] for name in told)


def rate_on(product: str, day: date) -> ConversionRate:
    """The rate of a product on a UTC day. Raises InvalidCommand at `product` or `first_day`."""
    rates = ConversionRate.objects.filter(product=product).order_by("-valid_from")
    rate = rates.filter(valid_from__lte=day).first()
    if rate is not None and (rate.valid_to is None or day <= rate.valid_to):
        return rate
    known = rates.first()
    if known is None:
        raise InvalidCommand("There is no such product. Choose one of the list.", field="product")
    raise InvalidCommand(
        f"{known.name} has no conversion rate on {day}. The newest is "
        f"{known.credits.normalize():f} from {known.valid_from}.",
        field="first_day",
    )


def products() -> list[ConversionRate]:
    """Every product that converts, by name, each with its newest rate."""
    newest = ConversionRate.objects.order_by("product", "-valid_from").distinct("product")
    return sorted(newest, key=lambda rate: (rate.name.casefold(), rate.product))
