"""What the property tests play with: a catalogue, its rates for the oracle, and a statement.

The product's own catalogue with a few lines more, so that half credits, fractions of a block and
every allocation model occur. Rates are read here once more, by other means than the product's.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

from credits.domain.books import Books
from credits.domain.commands import Command, Decision
from credits.models import Feature, FeatureChoice
from tests import oracle

CATALOGUE = Path(__file__).parents[2] / "credits" / "data" / "catalogue.csv"
DAY = timedelta(days=1)
BEFORE_ALL = datetime(1, 1, 1, tzinfo=UTC)
FIRST_RATE_OPERATION = 1_000_000
"""Operations of the catalogue are numbered apart from those of customers."""

Row = dict[str, str]


def extra(feature: str, model: str, credits: str, block: str = "1", payg: str = "unknown") -> Row:
    return {
        "solution": "lab",
        "solution_name": "Laboratory",
        "group": feature,
        "group_name": feature.title(),
        "feature": feature,
        "feature_name": feature.title(),
        "unit": "unit",
        "unit_plural": "units",
        "model": model,
        "credits": credits,
        "block": block,
        "payg": payg,
        "valid_from": "2024-01-01",
        "assumed": "no",
        "source": "the tests",
    }


EXTRA = (
    extra("lab-half", "per_unit", "0.5"),
    extra("lab-manual", "manual", "1"),
    extra("lab-line", "throughput_block", "12.5", "0.5"),
    extra("lab-reservation", "usage_reservation", "2.5", payg="yes"),
)


def catalogue_rows() -> list[Row]:
    """The lines of the product's own file, and the laboratory's."""
    with CATALOGUE.open(encoding="utf-8-sig", newline="") as file:
        rows = [dict(row) for row in csv.DictReader(file)]
    return rows + [dict.fromkeys(rows[0], "") | row for row in EXTRA]


def catalogue_text(rows: Iterable[Row]) -> str:
    out = io.StringIO()
    lines = list(rows)
    writer = csv.DictWriter(out, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def rate_of(row: Row, *, operation: int, recorded_at: datetime = BEFORE_ALL) -> oracle.Rate:
    """A line of the catalogue as the oracle knows it."""
    return oracle.Rate(
        operation=operation,
        recorded_at=recorded_at,
        at=midnight(date.fromisoformat(row["valid_from"])),
        about=row["feature"],
        group=row["group"],
        model=row["model"],
        credits=Fraction(row["credits"]),
        block=Fraction(row["block"]),
        cap=int(row["cap"]) if row["cap"] else None,
        parts=tuple(row["parts"].split()),
    )


@dataclass(frozen=True, kw_only=True)
class StateChoice(Command):
    """Switch a feature on or off without stating its units, from any instant on.

    No person's act does this alone; the level function and the bookings must stand it all the same.
    """

    kind: ClassVar[str] = "test-choice"

    feature: str
    is_on: bool
    happens_at: datetime

    def content(self) -> Mapping[str, Any]:
        return {
            "feature": self.feature,
            "is_on": self.is_on,
            "at": self.happens_at,
        }

    def decide(self, books: Books) -> Decision:
        choice = FeatureChoice(
            customer=books.customer,
            feature=Feature.objects.select_related("group").get(key=self.feature),
            at=self.happens_at,
            is_on=self.is_on,
        )
        return Decision(facts=[choice], subject=self.feature)
