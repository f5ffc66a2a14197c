"""The worked examples of older licenses turned into credits, each by its name."""

from __future__ import annotations

import csv
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
Row = dict[str, str]


def rows_of(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


RATES = rows_of(ROOT / "credits" / "data" / "conversion_rates.csv")
EXAMPLES = [
    row
    for row in rows_of(ROOT / "tests" / "data" / "worked_examples.csv")
    if row["kind"] == "conversion" and row["belongs"] == "annual"
]


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: row["name"])
def test_seats_convert_at_the_rate_of_the_first_day_of_their_term(row: Row) -> None:
    given = dict(pair.split("=", 1) for pair in row["inputs"].split("; "))
    day = given["term_start"]
    (rate,) = (
        Decimal(rate["credits"])
        for rate in RATES
        if rate["entitlement"] == given["entitlement"]
        and rate["valid_from"] <= day <= (rate["valid_to"] or "9999-12-31")
    )

    credits = (Decimal(given["units"]) * rate).quantize(Decimal(1), ROUND_HALF_UP)

    assert credits == Decimal(row["expected"])
