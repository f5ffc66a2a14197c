"""Co-terming: a license that ends with another one, and what part of a year it is.

Credits are a level, so a shorter term has the same credits and nothing is prorated; what a price
of a year would come to is said beside it (docs/rules.md#coterming).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from billing.domain.orders import CENT
from credits import clock
from credits.domain.terms import YEAR, last_day
from credits.models import License

DAY = timedelta(days=1)
MOST_CHOICES = 12
"""Last days that a list of terms offers, the nearest first."""


@dataclass(frozen=True)
class Together:
    """A last day that licenses ahead share, first of all the one with the lowest number."""

    last_day: date
    licenses: tuple[License, ...]

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"with-{self.licenses[0].public_id}"


@dataclass(frozen=True)
class Share:
    """A term in days, of the year that begins on its first day."""

    days: int
    year: int

    @property
    def percent(self) -> Decimal:
        """The days as a part of the year, two decimals, half up."""
        return (Decimal(self.days * 100) / self.year).quantize(CENT, ROUND_HALF_UP)

    def price_of(self, yearly: Decimal) -> Decimal:
        """What the price of a year comes to for these days, in cents, half up, rounded once."""
        return (yearly * self.days / self.year).quantize(CENT, ROUND_HALF_UP)


def together(licenses: Sequence[License], now: datetime) -> list[Together]:
    """The last days of the licenses still ahead, nearest first, each with who ends then."""
    by_day: dict[date, list[License]] = {}
    for license in sorted(licenses, key=lambda one: (one.ends_at, one.number)):
        if license.ends_at > now:
            by_day.setdefault(clock.day_of(license.ends_at) - DAY, []).append(license)
    found = [Together(day, tuple(ending)) for day, ending in by_day.items()]
    return found[:MOST_CHOICES]


def share_of(first_day: date, last: date) -> Share | None:
    """How much of a year a term is; None where the last day comes before the first."""
    if last < first_day:
        return None
    year = (last_day(first_day, YEAR) - first_day).days + 1
    return Share((last - first_day).days + 1, year)
