"""The catalogue as an estimate reads it: rates in force at an instant and those known ahead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from credits.domain.booking import pricing_rate
from credits.domain.catalogue import Offer, offer_of
from credits.domain.in_force import newest
from credits.domain.pricing import Rate
from credits.models import FeatureRate
from estimator.domain.estimates import RatesByGroup


@dataclass(frozen=True)
class PriceList:
    """Every feature with a rate in force at an instant, in catalogue order, and later rates."""

    at: datetime
    offers: Mapping[str, Offer]
    rates: Mapping[str, Sequence[FeatureRate]]

    @cached_property
    def now(self) -> RatesByGroup:
        """The rates in force at the list's own instant."""
        return self.in_force(self.at)

    @cached_property
    def keys(self) -> Mapping[int, str]:
        """Feature keys by id."""
        return {offer.feature.pk: key for key, offer in self.offers.items()}

    def in_force(self, at: datetime) -> RatesByGroup:
        """The rates in force at the list's instant or any later one, by group and feature."""
        found: dict[str, dict[str, Rate]] = defaultdict(dict)
        for key, offer in self.offers.items():
            rate = newest(self.rates[key], at)
            found[offer.feature.group.key][key] = pricing_rate(rate or offer.rate)
        return found

    def changes(self, groups: Iterable[str], until: datetime) -> list[datetime]:
        """The instants before `until` at which rates of these groups change."""
        touched = set(groups)
        return sorted(
            {
                rate.at
                for key, offer in self.offers.items()
                if offer.feature.group.key in touched
                for rate in self.rates[key]
                if self.at < rate.at < until
            }
        )

    @cached_property
    def bundled(self) -> frozenset[str]:
        """The groups that have a bundle, now or later."""
        return frozenset(
            offer.feature.group.key
            for key, offer in self.offers.items()
            if any(rate.parts for rate in self.rates[key])
        )

    def rates_until(self, key: str, until: datetime) -> list[tuple[datetime, Rate]]:
        """A feature's rates in force from the list's instant to another, each from its instant."""
        offer = self.offers[key]
        changes = sorted({rate.at for rate in self.rates[key] if self.at < rate.at <= until})
        found = [(self.at, self.now[offer.feature.group.key][key])]
        for at in changes:
            found.append((at, pricing_rate(newest(self.rates[key], at) or offer.rate)))
        return found

    def held(self, by_feature: Mapping[int, int]) -> dict[str, int]:
        """What features hold, by key instead of id."""
        return {self.keys[pk]: n for pk, n in by_feature.items() if pk in self.keys}


def read_price_list(at: datetime, known: datetime | None = None) -> PriceList:
    """The catalogue at an instant, as it is known now or was known at another; one query.

    Rates are never edited and never removed, so that what was known at an instant is the same for
    ever: a saved version needs no copy of them (docs/rules.md#frozen-rates).
    """
    rates: dict[int, list[FeatureRate]] = defaultdict(list)
    found = FeatureRate.objects.all().standing(known)
    for rate in found.select_related("feature__group__solution"):
        rates[rate.feature_id].append(rate)
    offered = [one for own in rates.values() if (one := offer_of(own, at)) is not None]
    offered.sort(key=lambda o: (o.feature.group.solution.position, o.feature.position))
    return PriceList(
        at=at,
        offers={offer.feature.key: offer for offer in offered},
        rates={offer.feature.key: rates[offer.feature.pk] for offer in offered},
    )
