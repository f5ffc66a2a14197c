"""Statements made without a database: the catalogue's own rates, and others known for later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from credits import clock
from credits.domain.catalogue import offer_of
from credits.models import AllocationGroup, Feature, FeatureRate, Solution
from estimator.domain.estimates import Draft
from estimator.domain.price_list import PriceList
from estimator.domain.statement import Statement
from tests.estimator.page import NOW
from tests.estimator.priced import rows_on

Later = Mapping[str, Sequence[tuple[date, Mapping[str, Any]]]]
"""By feature: from a day on, what is another in its rate."""


def price_list(later: Later | None = None, *, at: datetime = NOW) -> PriceList:
    """The rates in force at an instant, and those of later days."""
    rates: dict[str, list[FeatureRate]] = defaultdict(list)
    for place, (key, row) in enumerate(rows_on(clock.day_of(at)).items(), start=1):
        solution = Solution(pk=1, key=row["solution"], name=row["solution_name"], position=1)
        group = AllocationGroup(key=row["group"], name=row["group_name"], solution=solution)
        feature = Feature(
            pk=place,
            key=key,
            name=row["feature_name"],
            group=group,
            unit=row["unit"],
            unit_plural=row["unit_plural"],
            position=place,
        )
        first = {
            "model": row["model"],
            "credits": Decimal(row["credits"]),
            "block": Decimal(row["block"]),
            "cap": int(row["cap"]) if row["cap"] else None,
            "parts": row["parts"].split(),
        }
        days = [(date.fromisoformat(row["valid_from"]), {}), *(later or {}).get(key, ())]
        for number, (day, other) in enumerate(days):
            rate = FeatureRate(
                pk=place * 100 + number, at=clock.start_of(day), **{**first, **other}
            )
            rate.feature = feature
            rate.operation_id = number + 1
            rates[key].append(rate)
    offers = {key: offer for key, own in rates.items() if (offer := offer_of(own, at))}
    return PriceList(at=at, offers=offers, rates={key: rates[key] for key in offers})


def statement(
    draft: Draft, prices: PriceList | None = None, *, name: str = "Plan 2027"
) -> Statement:
    """A saved version that says a draft."""
    prices = prices or price_list()
    return Statement(
        name=name,
        label="E-57",
        version=3,
        customer="Halden Energy",
        at=prices.at,
        draft=draft,
        prices=prices,
    )
