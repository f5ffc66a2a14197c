"""The catalogue's rates read straight from its file, and sums made without the product's code."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from credits.domain.pricing import Quantity, Rate

FILE = Path(__file__).parent.parent.parent / "credits" / "data" / "catalogue.csv"
ON = date(2026, 11, 25)
PARTS = ("ztsa-internet-access", "ztsa-ai-access")
BUNDLE = "ztsa-internet-ai-bundle"

Row = Mapping[str, str]


def rows_on(day: date = ON) -> dict[str, Row]:
    """The line of the catalogue in force for each feature on a day."""
    found: dict[str, Row] = {}
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in sorted(csv.DictReader(file), key=lambda row: row["valid_from"]):
            if date.fromisoformat(row["valid_from"]) <= day:
                found[row["feature"]] = row
    return found


def open_on(day: date = ON) -> list[str]:
    """Features that take new allocations on a day."""
    return [
        key
        for key, row in rows_on(day).items()
        if not row["valid_to"] or date.fromisoformat(row["valid_to"]) >= day
    ]


def rates_on(day: date = ON) -> dict[str, dict[str, Rate]]:
    """The rates in force on a day as pricing reads them, by group and feature."""
    groups: dict[str, dict[str, Rate]] = defaultdict(dict)
    for key, row in rows_on(day).items():
        groups[row["group"]][key] = Rate(
            model=row["model"],
            credits=Decimal(row["credits"]),
            block=Decimal(row["block"]),
            cap=int(row["cap"]) if row["cap"] else None,
            parts=tuple(row["parts"].split()),
        )
    return groups


def independent_level(quantities: Mapping[str, Quantity], day: date = ON) -> int:
    """What quantities come to, by the words of docs/rules.md and fractions alone."""
    rows = rows_on(day)
    users = [total(quantities[key]) for key in (*PARTS, BUNDLE) if key in quantities]
    sum_of_all = 0
    for key, quantity in quantities.items():
        if key not in (*PARTS, BUNDLE):
            sum_of_all += independent_credits(rows[key], quantity)
    on = {key for key in PARTS if total(quantities.get(key, Decimal(0))) > 0}
    if total(quantities.get(BUNDLE, Decimal(0))) > 0:
        on = set(PARTS)
    charged = [BUNDLE] if len(on) == len(PARTS) else sorted(on)
    return sum_of_all + sum(half_up(max(users) * Fraction(rows[key]["credits"])) for key in charged)


def independent_credits(row: Row, quantity: Quantity) -> int:
    """One feature on its own."""
    rate, block = Fraction(row["credits"]), Fraction(row["block"])
    if row["model"] == "tiered":
        accounts = quantity.values() if isinstance(quantity, Mapping) else [quantity]
        return sum(min(int(row["cap"]), half_up(-(-Fraction(n) // block) * rate)) for n in accounts)
    if row["model"] in ("throughput_block", "volume_pack", "usage_reservation"):
        return half_up(-(-total(quantity) // block) * rate)
    return half_up(total(quantity) * rate)


def half_up(value: Fraction) -> int:
    return int((value + Fraction(1, 2)) // 1)


def total(quantity: Quantity) -> Fraction:
    numbers: Sequence[Decimal] = (
        list(quantity.values()) if isinstance(quantity, Mapping) else [quantity]
    )
    return sum((Fraction(number) for number in numbers), Fraction(0))
