"""Entering rates in tests: rows as a catalogue manager types them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from credits.domain.catalogue_file import RateRow
from credits.domain.commands import Answer
from credits.domain.post import post_office
from credits.domain.rate_entry import EnterRate
from tests.factories import credits as make


def row(first_day: date, **fields: Any) -> RateRow:
    """A rate of Email Core, 30 credits a user unless told otherwise."""
    given: dict[str, Any] = {
        "feature": "email-core",
        "model": "per_user",
        "unit": "user",
        "unit_plural": "users",
        "credits": Decimal(30),
        "block": Decimal(1),
        "cap": None,
        "parts": (),
        "valid_from": first_day,
        "valid_to": None,
        "assumed": False,
        "source": "price list 2027",
        "note": "",
        "line": 1,
    }
    return RateRow(**given | fields)


def enter(first_day: date, *, key: str = "", reason: str = "", **fields: Any) -> Answer:
    """Enter a rate."""
    return post_office(
        EnterRate(asked=make.asked(key, reason=reason), row=row(first_day, **fields))
    )
