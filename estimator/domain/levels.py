"""What the lines of an estimate hold at each instant of its term, added up.

Pure, and made for many lines over many months: a line that is priced by itself is one row of
numbers, so that hundreds of them are summed while somebody types (docs/rules.md#scenarios).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from operator import add

from credits import clock
from credits.domain.pricing import PRICERS, Quantity, Rate, total
from estimator.domain.estimates import Draft
from estimator.domain.plans import NO_RESERVE, Plan, factor_in, grown, times
from estimator.domain.price_list import PriceList


@dataclass(frozen=True)
class Split:
    """The lines of a draft that are priced by themselves, and those that are priced together."""

    alone: Mapping[str, Quantity]
    together: Draft
    """Without the reserve, which is that of all lines."""


def split(draft: Draft, prices: PriceList) -> Split:
    """Which lines no other line of their group can change.

    A bundle and its parts belong together, and packages that overlap.
    """
    groups = {key: prices.offers[key].feature.group.key for key in draft.quantities}
    counts = Counter(groups.values())
    several = {group for group in counts if draft.overlap and counts[group] > 1}
    bundled = prices.bundled
    alone = {
        key: quantity
        for key, quantity in draft.quantities.items()
        if groups[key] not in bundled and groups[key] not in several
    }
    rest = {key: quantity for key, quantity in draft.quantities.items() if key not in alone}
    plans = {key: plan for key, plan in draft.plans.items() if key in rest}
    return Split(alone, replace(draft, quantities=rest, plans=plans, reserve=NO_RESERVE))


def levels_at(
    instants: Sequence[datetime],
    quantities: Mapping[str, Quantity],
    plans: Mapping[str, Plan],
    prices: PriceList,
) -> list[int]:
    """The credits of lines that are priced by themselves, added up at each instant.

    The instants come in time order, the first of them the beginning of the term.
    """
    days = tuple(clock.day_of(at) for at in instants)
    sums = [0] * len(instants)
    for key, quantity in quantities.items():
        for rate, first, end in rates_over(key, instants, prices):
            if key in plans:
                held = planned(rate, quantity, factors_on(plans[key], days[0], days[first:end]))
            else:
                held = [line_credits(rate, quantity)] * (end - first)
            sums[first:end] = map(add, sums[first:end], held)
    return sums


def rates_over(
    key: str, instants: Sequence[datetime], prices: PriceList
) -> Iterator[tuple[Rate, int, int]]:
    """A feature's rates, each with the places of the instants from and before which it holds."""
    rates = prices.rates_until(key, instants[-1])
    starts = [0, *(bisect_left(instants, at) for at, _rate in rates[1:])]
    ends = [*starts[1:], len(instants)]
    for (_at, rate), first, end in zip(rates, starts, ends, strict=True):
        yield rate, first, end


def planned(rate: Rate, quantity: Quantity, factors: Sequence[Decimal]) -> list[int]:
    """What a line holds where its units are multiplied by each of several factors."""
    if isinstance(quantity, Mapping):
        return [line_credits(rate, times(quantity, factor)) for factor in factors]
    pricer = PRICERS[rate.model]
    return [pricer(rate, grown(quantity, factor)) for factor in factors]


def line_credits(rate: Rate, quantity: Quantity) -> int:
    """What a line holds that is priced by itself; no units hold nothing, in any accounts."""
    return PRICERS[rate.model](rate, quantity) if total(quantity) else 0


@lru_cache(maxsize=512)
def factors_on(plan: Plan, begins: date, days: tuple[date, ...]) -> list[Decimal]:
    """What a plan makes of each unit on each of several days."""
    return [factor_in(plan, begins, day) for day in days]
