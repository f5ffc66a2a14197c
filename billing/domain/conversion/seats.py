"""A seat license as it is entered, and what its units convert to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from billing.domain.conversion.rates import rate_on
from billing.models import ConversionRate, SeatKind
from credits.domain.pricing import whole_credits
from credits.domain.terms import term
from credits.exceptions import InvalidCommand

MAX_UNITS = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class Seats:
    """A seat license as it is entered: units of a product, first and last day (UTC, inclusive)."""

    product: str
    units: int
    first_day: date
    last_day: date
    kind: str = SeatKind.FULL
    unusual_confirmed: bool = field(default=False, compare=False)
    """Whether a term far in the past, or already over, was meant."""


@dataclass(frozen=True)
class Conversion:
    """What a term converts to: the rate of its first day, and units x rate, rounded last."""

    rate: ConversionRate
    units: int

    @property
    def credits(self) -> int:
        """The credits that are granted."""
        return whole_credits(self.units * self.rate.credits)


def conversion_of(seats: Seats) -> Conversion:
    """What a seat license converts to. Raises InvalidCommand at the field it concerns."""
    check_units(seats.units)
    if seats.kind not in SeatKind.values:
        raise InvalidCommand("The type is full or trial.", field="kind")
    term(seats.first_day, seats.last_day)
    found = Conversion(rate_on(seats.product, seats.first_day), seats.units)
    if found.credits < 1:
        raise InvalidCommand(
            f"{seats.units:,} x {found.rate.credits.normalize():f} is less than one credit.",
            field="units",
        )
    return found


def check_units(units: int) -> None:
    """Refuse a number of units that no seat license has."""
    if type(units) is not int or not 1 <= units <= MAX_UNITS:
        raise InvalidCommand(
            f"Units must be a whole number from 1 to {MAX_UNITS:,}. You entered {units:,}.",
            field="units",
        )
