"""Fields that read what people type strictly: digits 0-9 only, and a sentence for all else."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from billing.domain.orders import MAX_PRICE
from credits.domain.licenses import MAX_CREDITS

WHOLE = re.compile(r"[0-9]{1,3}(,[0-9]{3})+|[0-9]+")
AMOUNT = re.compile(r"([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]{1,2})?")
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LONGEST = 24


def quoted(typed: str) -> str:
    """What was typed, as a sentence repeats it."""
    if not typed:
        return "nothing"
    return typed if len(typed) <= LONGEST else typed[:LONGEST] + "\N{HORIZONTAL ELLIPSIS}"


class StrictField(forms.Field):
    """A field of one typed text; `read` turns it into a value or None for what it can't be."""

    must = ""

    def to_python(self, value: Any) -> Any:
        typed = str(value or "").strip()
        if not typed and not self.required:
            return None
        read = self.read(typed)
        if read is None:
            raise forms.ValidationError(
                f"{self.label} must be {self.must}. You entered {quoted(typed)}.", code="invalid"
            )
        return read

    def validate(self, value: Any) -> None:
        """An empty text has had its sentence already."""

    def read(self, typed: str) -> Any:
        """The value that a text means, or None."""
        raise AssertionError("each field reads its own kind")


class CreditsField(StrictField):
    """Whole credits, from 1."""

    must = f"a whole number from 1 to {MAX_CREDITS:,}"

    def read(self, typed: str) -> int | None:
        if len(typed) > LONGEST or not WHOLE.fullmatch(typed):
            return None
        credits = int(typed.replace(",", ""))
        return credits if 1 <= credits <= MAX_CREDITS else None


class PriceField(StrictField):
    """An amount of money with at most two decimals."""

    must = f"an amount from 0 to {MAX_PRICE:,} with at most two decimals, like 12,500.00"

    def read(self, typed: str) -> Decimal | None:
        if len(typed) > LONGEST or not AMOUNT.fullmatch(typed):
            return None
        price = Decimal(typed.replace(",", ""))
        return price if price <= MAX_PRICE else None


class DayField(StrictField):
    """A UTC day, written YYYY-MM-DD."""

    must = "a day that exists, written like 2027-04-01"

    def read(self, typed: str) -> date | None:
        if not ISO_DAY.fullmatch(typed):
            return None
        try:
            return date.fromisoformat(typed)
        except ValueError:
            return None
