"""The catalogue as a customer meets it: features, their dated rates, and what is in use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from credits.domain.booking import pricing_rate
from credits.domain.figures import Position, standing
from credits.domain.holdings import Holding, holdings
from credits.domain.in_force import instant_order
from credits.domain.pricing import Quantity, price
from credits.models import AllocationModel, Customer, Feature, FeatureRate, Solution

EXAMPLE_UNITS = Decimal(100)
"""The number of units whose price is shown as an example."""

ACCOUNT = "1"


class Use(TextChoices):
    """Whether a customer uses a feature, and what it is paid with."""

    CREDITS = "yes", _("In use")
    PAYG = "payg", _("On pay-as-you-go")
    NONE = "no", _("Not in use")


@dataclass(frozen=True)
class Offering:
    """One feature of the catalogue with all its rates, seen by a customer at an instant."""

    feature: Feature
    rates: Sequence[FeatureRate]
    """By their starts; of several for one instant only the one that counts."""
    at: datetime
    holding: Holding | None = None

    @cached_property
    def current(self) -> FeatureRate | None:
        """The rate in force; None before the first."""
        begun = [rate for rate in self.rates if rate.at <= self.at]
        return begun[-1] if begun else None

    @cached_property
    def coming(self) -> Sequence[FeatureRate]:
        """The rates known ahead."""
        return [rate for rate in self.rates if rate.at > self.at]

    @property
    def rate(self) -> FeatureRate:
        """The rate in force, or before the first one the first."""
        return self.current or self.rates[0]

    @property
    def solution(self) -> Solution:
        return self.feature.group.solution

    @property
    def closed_since(self) -> datetime | None:
        """Since when it takes no new allocations."""
        closes_at = self.current.closes_at if self.current else None
        return closes_at if closes_at is not None and closes_at <= self.at else None

    @property
    def is_open(self) -> bool:
        """Whether it takes new allocations."""
        return self.current is not None and self.closed_since is None

    @property
    def credits(self) -> int:
        """Credits the customer holds for it."""
        return self.holding.credits if self.holding else 0

    @property
    def use(self) -> Use:
        """Whether and how the customer uses it: one that costs nothing is in use by its units."""
        if self.holding is None:
            return Use.NONE
        if self.holding.payg is not None and self.holding.payg.is_on:
            return Use.PAYG
        return Use.CREDITS if self.holding.is_in_use else Use.NONE

    @property
    def is_listed(self) -> bool:
        """Whether it is there to be had, now or later, or is used all the same."""
        return self.closed_since is None or self.use != Use.NONE

    @property
    def is_bundle(self) -> bool:
        return bool(self.rate.parts)

    def example(self, rate: FeatureRate) -> tuple[Quantity, int]:
        """What 100 units cost at a rate, by the pricing of its model; one account has them all."""
        units = EXAMPLE_UNITS
        quantity: Quantity = {ACCOUNT: units} if rate.model == AllocationModel.TIERED else units
        own = rate.parts[0] if rate.parts else self.feature.key
        on = {self.feature.key, *rate.parts}
        levels = price({self.feature.key: pricing_rate(rate)}, {own: quantity}, on)
        return quantity, levels[self.feature.key]


@dataclass(frozen=True)
class Catalogue:
    """Every feature that was ever offered, in catalogue order, at one instant."""

    position: Position
    offerings: Sequence[Offering]

    @cached_property
    def by_key(self) -> Mapping[str, Offering]:
        return {one.feature.key: one for one in self.offerings}

    @cached_property
    def by_group(self) -> Mapping[int, Sequence[Offering]]:
        """The features that are priced together, by group."""
        found: dict[int, list[Offering]] = defaultdict(list)
        for one in self.offerings:
            found[one.feature.group_id].append(one)
        return found

    @cached_property
    def needing(self) -> Mapping[str, Sequence[Offering]]:
        """By feature key, those that need it or one of several."""
        found: dict[str, list[Offering]] = defaultdict(list)
        for one in self.offerings:
            for key in {key for either in one.feature.requires for key in either}:
                found[key].append(one)
        return found

    @property
    def in_use(self) -> int:
        """How many the customer uses, whatever they are paid with."""
        return sum(one.use != Use.NONE for one in self.offerings)

    def together_with(self, one: Offering) -> list[Offering]:
        """The other features of its group that still take allocations or hold credits."""
        own = self.by_group[one.feature.group_id]
        return [o for o in own if o is not one and (o.is_open or o.credits)]

    def bundles_with(self, one: Offering) -> list[Offering]:
        """The bundles that it is a part of."""
        own = self.by_group[one.feature.group_id]
        return [o for o in own if one.feature.key in o.rate.parts]

    def named(self, keys: Sequence[str]) -> list[str]:
        """The names of features that may be gone."""
        return [self.by_key[key].feature.name if key in self.by_key else key for key in keys]


def read_catalogue(customer: Customer, now: datetime) -> Catalogue:
    """The catalogue with what a customer holds, live; one query besides those of its holdings."""
    stand = standing(customer, now=now)
    at = stand.live.at
    held = {one.offer.feature.pk: one for one in holdings(customer, stand)}
    by_feature: dict[int, list[FeatureRate]] = defaultdict(list)
    rates = FeatureRate.objects.all().standing().select_related("feature__group__solution")
    for rate in sorted(rates, key=instant_order):
        own = by_feature[rate.feature_id]
        if own and own[-1].at == rate.at:
            own.pop()
        own.append(rate)
    found = [
        Offering(own[0].feature, tuple(own), at, held.get(own[0].feature_id))
        for own in by_feature.values()
    ]
    found.sort(key=lambda o: (o.solution.position, o.feature.position, o.feature.pk))
    return Catalogue(stand.live, found)
