"""An allocation group as a person sets it: its features, quantities and rates in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from credits.domain.allocations import on_payg, rates_now
from credits.domain.booking import (
    GroupFacts,
    chosen,
    levels_at,
    pricing_rate,
    quantities_of,
)
from credits.domain.books import Books
from credits.domain.pricing import SHARED, Quantities, Quantity, price, quantity_of, total
from credits.domain.quantities import MEASURED
from credits.domain.reservation import Running, running_at
from credits.models import AllocationGroup, Feature, FeatureChoice, FeatureRate


class Layout(StrEnum):
    """What a group asks for."""

    ONE = "one"
    """One number for its one feature."""
    EACH = "each"
    """One number for each feature: packages."""
    SHARED = "shared"
    """Which features are on, and one number for all of them: a bundle and its parts."""
    ACCOUNTS = "accounts"
    """One number for each account of its one feature: tiers."""


@dataclass(frozen=True)
class FeatureSetting:
    """One feature of a group, as it is now."""

    feature: Feature
    rate: FeatureRate
    quantity: Quantity
    is_on: bool
    credits: int
    is_open: bool
    payg: FeatureChoice | None = None
    """The choice that put it on pay-as-you-go; then it is not on, and holds nothing."""
    reserved: Running | None = None
    """The period of a usage reservation that runs."""

    @property
    def is_measured(self) -> bool:
        """Whether its quantity may have decimals."""
        return self.rate.model in MEASURED

    @property
    def units(self) -> Decimal:
        """All units, over its accounts where they are stated apart."""
        return total(self.quantity)

    @property
    def counted(self) -> Decimal:
        """The units that hold credits now: none while it is off."""
        return self.units if self.is_on else Decimal(0)


@dataclass(frozen=True)
class GroupSettings:
    """A group with what can be set in it, and what follows from that by itself."""

    group: AllocationGroup
    features: tuple[FeatureSetting, ...]
    """What a person sets, in catalogue order; what is closed only where it holds something."""
    bundles: tuple[FeatureSetting, ...]
    """What holds credits in place of its parts."""
    hidden: frozenset[str]
    """Keys of closed features that hold nothing."""

    @cached_property
    def layout(self) -> Layout:
        """What the group asks for."""
        if self.bundles:
            return Layout.SHARED
        if len(self.features) > 1 or self.hidden:
            return Layout.EACH
        return Layout.ACCOUNTS if self.features[0].rate.model == "tiered" else Layout.ONE

    @property
    def all(self) -> tuple[FeatureSetting, ...]:
        """Every feature that may hold credits, bundles last."""
        return (*self.features, *self.bundles)

    @property
    def held(self) -> int:
        """Credits the group holds now."""
        return sum(setting.credits for setting in self.all)

    @property
    def releasable(self) -> list[Feature]:
        """The features that releasing the group switches off."""
        bundled = any(bundle.credits for bundle in self.bundles)
        return [s.feature for s in self.features if s.credits or (bundled and s.is_on)]

    @property
    def is_open(self) -> bool:
        """Whether it takes new allocations."""
        return any(setting.is_open for setting in self.features)

    @cached_property
    def by_key(self) -> Mapping[str, FeatureSetting]:
        """The features by key."""
        return {setting.feature.key: setting for setting in self.all}


@dataclass(frozen=True)
class Saving:
    """What a bundle would cost in place of its parts, while some of them are off."""

    missing: tuple[Feature, ...]
    bundle: FeatureRate
    apart: Decimal
    """Credits a unit, all parts added."""
    credits: int
    """What the units asked for would hold with all parts on."""


def read_group(books: Books, key: str) -> GroupSettings:
    """A group as it is now. Raises UnknownObject if no feature of such a group has a rate."""
    group = books.group_by_key(key)
    facts = books.group_facts(group.pk, books.now)
    settings = sorted(settings_of(facts, books), key=lambda s: (s.feature.position, s.feature.pk))
    bundles = tuple(s for s in settings if s.rate.parts)
    singles = [s for s in settings if not s.rate.parts]
    shown = tuple(s for s in singles if s.is_open or s.credits or s.counted or s.payg) or tuple(
        singles
    )
    hidden = frozenset(s.feature.key for s in singles if s not in shown)
    return GroupSettings(group, shown, bundles, hidden)


def settings_of(facts: GroupFacts, books: Books) -> list[FeatureSetting]:
    """Each feature of a group that has a rate in force."""
    report = facts.report.at(books.now)
    quantities = quantities_of(report) if report else {}
    levels = levels_at(facts, books.now)
    rates = {r.feature_id: r for r in rates_now(facts, books)}
    bundled = any(rate.parts for rate in rates.values())
    shared = bundled or (len(facts.features) > 1 and SHARED in quantities)
    found = []
    for feature_id, key in facts.features.items():
        if (rate := rates.get(feature_id)) is None:
            continue
        own = facts.choice[feature_id].at(books.now)
        found.append(
            FeatureSetting(
                feature=rate.feature,
                rate=rate,
                quantity=quantity_of(key, quantities),
                is_on=chosen(own, books.now, default=not shared),
                credits=levels[feature_id],
                is_open=rate.closes_at is None or books.now < rate.closes_at,
                payg=own if on_payg(own, books.now) else None,
                reserved=running(facts, feature_id, books),
            )
        )
    return found


def running(facts: GroupFacts, feature: int, books: Books) -> Running | None:
    """The period of a usage reservation that runs now; None for other models too."""
    if feature not in facts.reserved:
        return None
    moments, rate_at = facts.reservation_moments(feature), facts.pricing_rate(feature)
    return running_at(moments, rate_at, books.now)


def saving(settings: GroupSettings, quantities: Quantities, on: frozenset[str]) -> Saving | None:
    """What switching the rest of a bundle on would make of the price, if one is not complete."""
    for bundle in settings.bundles:
        parts = [settings.by_key[key] for key in bundle.rate.parts if key in settings.by_key]
        missing = tuple(part.feature for part in parts if part.feature.key not in on)
        if not missing or len(missing) == len(parts):
            continue
        rates = {key: pricing_rate(setting.rate) for key, setting in settings.by_key.items()}
        with_all = price(rates, quantities, on | {*bundle.rate.parts})
        apart = sum((part.rate.credits for part in parts), Decimal(0))
        return Saving(missing, bundle.rate, apart, sum(with_all.values()))
    return None
