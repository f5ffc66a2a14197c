"""How the units of an estimate change over its term: growth, ramps, and a reserve on top.

Pure. Months are those of the calendar, from 00:00 UTC of their first day
(docs/rules.md#scenarios).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache

from credits.domain.pricing import Quantity, whole_credits

MONTHS = 12
NONE, ONE, HUNDRED = Decimal(0), Decimal(1), Decimal(100)
FINE = Decimal("0.000001")
"""What a product of factors is rounded to before whole units are counted."""

MOST_UNITS = Decimal(10) ** 15
"""Where growth ends: nobody means more, and up to here every product is exact."""

LEAST_GROWTH, MOST_GROWTH = Decimal(-90), Decimal(500)
"""Percent a year."""

LONGEST_RAMP = 60
"""Months."""

MOST_RESERVE = Decimal(100)
"""Percent of the level."""


@dataclass(frozen=True)
class Plan:
    """How the units of one line come and grow. A plan that says nothing changes nothing."""

    growth: Decimal = Decimal(0)
    """Percent a year, compound from year to year and even within each."""
    starts_on: date | None = None
    """The first day of the month from which anything is needed; None from the first day on."""
    ramp: int = 0
    """Over how many months the units arrive, the same number each month; 0 or 1 all at once."""

    @property
    def is_flat(self) -> bool:
        """Whether the units are the same in every month."""
        return not self.growth and self.starts_on is None and self.ramp <= 1

    @property
    def is_late(self) -> bool:
        """Whether some of the units come later than the first day."""
        return self.starts_on is not None or self.ramp > 1


FLAT = Plan()


@dataclass(frozen=True)
class Reserve:
    """Credits kept free on top of what is estimated: a number, or a share of the level."""

    credits: int = 0
    percent: Decimal = Decimal(0)

    def of(self, level: int) -> int:
        """The reserve beside a level (credits, rounded half up)."""
        return self.credits + whole_credits(level * self.percent / HUNDRED)

    def __bool__(self) -> bool:
        return bool(self.credits or self.percent)


NO_RESERVE = Reserve()


def month_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def months_between(first: date, other: date) -> int:
    """How many calendar months lie between the months of two days."""
    return (other.year - first.year) * MONTHS + other.month - first.month


def month_after(month: date, months: int = 1) -> date:
    """The first day of the month so many months later."""
    years, place = divmod(month.month - 1 + months, MONTHS)
    return date(month.year + years, place + 1, 1)


def months_within(first: date, end: date) -> Iterator[date]:
    """The first days of the months that begin after a day and before another."""
    month = month_after(month_of(first))
    while month < end:
        yield month
        month = month_after(month)


def units_in(quantity: Quantity, plan: Plan, begins: date, day: date) -> Quantity:
    """The units of a line on a day, where its term begins on another.

    Whatever growth or a ramp makes of a number is rounded up to whole units; a number that they
    leave as it is stays as it was typed, decimals included.
    """
    return times(quantity, factor_in(plan, begins, day))


def whole_from(plan: Plan, begins: date) -> date:
    """The first day of the month in which the last of a line's units arrive."""
    return month_after(month_of(plan.starts_on or begins), max(0, plan.ramp - 1))


def factor_in(plan: Plan, begins: date, day: date) -> Decimal:
    """What a plan multiplies units by on a day of a term that begins on another."""
    months = months_between(month_of(plan.starts_on or begins), day)
    if months < 0:
        return NONE
    return growth_factor(plan.growth, months) * ramp_factor(plan.ramp, months)


def times(quantity: Quantity, factor: Decimal) -> Quantity:
    """Units multiplied, those of each account by themselves."""
    if isinstance(quantity, Decimal):
        return grown(quantity, factor)
    return {key: grown(units, factor) for key, units in quantity.items()}


@lru_cache(maxsize=4096)
def growth_factor(growth: Decimal, months: int) -> Decimal:
    """What units are multiplied by after so many months: at 10 % a year by 1.1 after 12.

    Within a year it rises by the same share of that year's first units each month.
    """
    years, rest = divmod(months, MONTHS)
    a_year = growth / HUNDRED
    return (ONE + a_year) ** years * (ONE + a_year * rest / MONTHS)


def ramp_factor(ramp: int, months: int) -> Decimal:
    """The share of the units that has arrived in a month, counted from 0 in the first."""
    arrived = months + 1
    return ONE if arrived >= ramp else Decimal(arrived) / ramp


def grown(units: Decimal, factor: Decimal) -> Decimal:
    """A number of units times a factor, rounded up to whole units."""
    if factor == ONE:
        return units
    product = units * factor
    if product > MOST_UNITS:
        return MOST_UNITS
    return product.quantize(FINE).to_integral_value(ROUND_CEILING)
