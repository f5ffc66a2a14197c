"""A version at its own rates set against those of another instant: what differs, and why.

Pure: a draft and two price lists go in, rows that add up to both levels come out
(docs/rules.md#repricing).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from credits.domain.booking import pricing_rate
from credits.domain.catalogue import Offer
from credits.models import Feature, FeatureRate
from estimator.domain.estimates import Draft, Priced, PricedLine, price_estimate
from estimator.domain.price_list import PriceList


class Cause(StrEnum):
    """Why a row comes to something else than when it was saved."""

    SAME = "same"
    """Its own rate is what it was; what differs follows from another row of its group."""
    CHANGED = "changed"
    """A rate came into force since."""
    CORRECTED = "corrected"
    """A rate was entered or withdrawn since for a day before it was saved."""
    CLOSED = "closed"
    """The feature takes no new allocations any more."""
    GONE = "gone"
    """No rate of the feature is in force."""


@dataclass(frozen=True)
class RepricedRow:
    """One feature then and now."""

    feature: Feature
    then_offer: Offer | None
    """None for a bundle that follows from its parts only now."""
    now_offer: Offer | None
    """None for a feature without a rate now."""
    saved_at: datetime
    then: int
    """Credits as saved."""
    now: int
    """Credits now; 0 where it is not counted any more."""
    is_stated: bool
    """Whether it is a line, and not a bundle that follows from its parts."""

    @property
    def rate_then(self) -> FeatureRate | None:
        return self.then_offer.rate if self.then_offer else None

    @property
    def rate_now(self) -> FeatureRate | None:
        return self.now_offer.rate if self.now_offer else None

    @property
    def change(self) -> int:
        return self.now - self.then

    @property
    def cause(self) -> Cause:
        """What became of its own rate."""
        if self.now_offer is None:
            return Cause.GONE
        if self.is_stated and not self.now_offer.is_open:
            return Cause.CLOSED
        if self.then_offer is not None and same_rate(self.then_offer, self.now_offer):
            return Cause.SAME
        return Cause.CHANGED if self.now_offer.rate.at > self.saved_at else Cause.CORRECTED

    @property
    def is_changed(self) -> bool:
        """Whether its rate or its credits are other ones."""
        return bool(self.change) or self.cause != Cause.SAME


@dataclass(frozen=True)
class Repricing:
    """What a draft came to when it was saved, and comes to now."""

    then: Priced
    now: Priced
    rows: Sequence[RepricedRow]
    """With both reserves they add up to both levels."""

    @property
    def change(self) -> int:
        """The level now against the level then."""
        return self.now.level - self.then.level

    @property
    def reserve_change(self) -> int:
        return self.now.reserve - self.then.reserve

    @cached_property
    def is_changed(self) -> bool:
        """Whether the rates of anything in it have changed."""
        return any(row.is_changed for row in self.rows)


def reprice(draft: Draft, then: PriceList, now: PriceList) -> Repricing:
    """A draft at the rates of two instants; what cannot be taken at the second counts nothing."""
    at_then = price_estimate(draft, then.now, {})
    at_now = price_estimate(on_offer(draft, now), now.now, {})
    return Repricing(at_then, at_now, tuple(rows(draft, then, now, at_then, at_now)))


def on_offer(draft: Draft, prices: PriceList) -> Draft:
    """A draft without the lines that take no allocations at the list's instant."""
    kept = {key: one for key, one in draft.quantities.items() if is_open(prices, key)}
    plans = {key: plan for key, plan in draft.plans.items() if key in kept}
    return replace(draft, quantities=kept, plans=plans)


def not_on_offer(draft: Draft, prices: PriceList) -> list[str]:
    """The keys of the lines that take no allocations at the list's instant."""
    return [key for key in draft.quantities if not is_open(prices, key)]


def is_open(prices: PriceList, key: str) -> bool:
    offer = prices.offers.get(key)
    return offer is not None and offer.is_open


def rows(
    draft: Draft, then: PriceList, now: PriceList, at_then: Priced, at_now: Priced
) -> Iterator[RepricedRow]:
    """The lines in their order, then bundles that follow from them at either instant."""
    before, after = by_key(at_then), by_key(at_now)
    for key in dict.fromkeys([*draft.quantities, *before, *after]):
        offer = then.offers.get(key) or now.offers[key]
        yield RepricedRow(
            feature=offer.feature,
            then_offer=then.offers.get(key),
            now_offer=now.offers.get(key),
            saved_at=then.at,
            then=before[key].credits if key in before else 0,
            now=after[key].credits if key in after else 0,
            is_stated=key in draft.quantities,
        )


def by_key(priced: Priced) -> Mapping[str, PricedLine]:
    """All rows that hold the level, apart from the reserve."""
    return {**priced.lines, **{line.key: line for line in priced.bundles}}


def same_rate(one: Offer, other: Offer) -> bool:
    """Whether pricing reads the same of both."""
    return pricing_rate(one.rate) == pricing_rate(other.rate)
