"""What became of an estimate that was purchased: the books of now beside the version of then.

Reads only. Live figures; the version is the one that was handed over, at the rates that were
known when it was saved (docs/rules.md#reality).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from billing.domain.desk import with_figures
from billing.domain.growth import Growth, growth_of, with_growth
from billing.models import Purchase
from credits import clock
from credits.domain.booking import chosen, quantities_of
from credits.domain.figures import Position, Standing, Step, standing
from credits.domain.pricing import SHARED
from credits.domain.requirements import on_contract
from credits.domain.stated_units import reports_in_force
from credits.models import Customer, FeatureChoice, License, Side, subject_of
from estimator.domain.contents import Frozen, frozen
from estimator.domain.course import Planner
from estimator.domain.estimates import Draft
from estimator.domain.pipeline import Stage, stage_of
from estimator.domain.price_list import PriceList, read_price_list
from estimator.domain.reality import Present, Reality, compare, redrawn
from estimator.models import EstimateVersion, HandOver


@dataclass(frozen=True)
class Drift:
    """A purchased estimate at one instant."""

    found: HandOver
    version: Frozen
    """What was handed over."""
    prices: PriceList
    """The catalogue of now."""
    standing: Standing
    reality: Reality
    licenses: tuple[License, ...]
    """Of the order, in its order."""
    growth: Growth

    @property
    def position(self) -> Position:
        return self.standing.live

    @property
    def balance(self) -> int:
        return self.position.figure.balance

    @cached_property
    def bought(self) -> int:
        """Credits of the order that are valid now."""
        return sum(self.position.by_license.get(license.pk, 0) for license in self.licenses)

    @property
    def is_whole(self) -> bool:
        """Whether all that was estimated was bought, and nothing counted on what was there."""
        return self.found.credits >= self.version.version.level

    @property
    def beyond(self) -> int:
        """Credits held for the estimate's features beyond what was bought for them, at least 0."""
        return max(0, self.reality.held_for_lines - self.found.credits)

    @property
    def shortage(self) -> Position | Step | None:
        """When credits are first short, and the figures then: now, or at a known instant."""
        return self.position if self.balance < 0 else self.position.first_short

    @property
    def missing(self) -> int:
        """Credits that the shortage is short of; 0 where none is known."""
        return -self.shortage.figure.balance if self.shortage else 0

    @property
    def lasts(self) -> int | None:
        """For how many days the balance is enough at the pace of lately."""
        return self.growth.lasts(self.balance)

    @property
    def draft(self) -> Draft:
        """The estimate with the units of now, of the features that still take allocations."""
        return redrawn(self.version.draft, self.reality)


def purchased(found: HandOver | None) -> bool:
    """Whether a hand-over became an order that stands."""
    return found is not None and stage_of(found) == Stage.PURCHASED


def drift_of(found: HandOver, purchase: Purchase, now: datetime) -> Drift:
    """A purchased estimate against what is there now, in a fixed number of queries."""
    customer = found.estimate.customer
    saved = EstimateVersion.objects.select_related("estimate__customer").get(
        estimate=found.estimate, number=found.version
    )
    version = frozen(saved)
    stands = standing(customer, now=now)
    at = stands.live.at
    prices = read_price_list(at)
    planner = Planner(version.draft, version.prices, clock.day_of(saved.saved_at))
    planned = planner.at(at)
    return Drift(
        found=found,
        version=version,
        prices=prices,
        standing=stands,
        reality=compare(
            version.draft, planned.groups, present(customer, prices, stands), planned.kept_free
        ),
        licenses=tuple(
            license
            for license in License.objects.filter(purchase_line__purchase=purchase)
            .select_related("customer")
            .order_by("purchase_line__position")
            if license.voided_at is None
        ),
        growth=growth_now(customer, now),
    )


def present(customer: Customer, prices: PriceList, stands: Standing) -> dict[str, Present]:
    """Every allocation group of a customer as it stands, by key, from two queries."""
    at = stands.live.at
    held = prices.held(stands.live.by_feature)
    ever = ever_held(stands)
    reports = reports_in_force(customer, at)
    choices = {
        choice.feature_id: choice
        for choice in FeatureChoice.objects.filter(customer=customer).first_in_force(at)
    }
    found: dict[str, Present] = {}
    for group, features in keys_by_group(prices).items():
        report = reports.get(prices.offers[features[0]].feature.group_id)
        stated = quantities_of(report) if report else {}
        shared = len(features) > 1 and SHARED in stated
        own = {key: choices.get(prices.offers[key].feature.pk) for key in features}
        found[group] = Present(
            rates=prices.now[group],
            quantities=stated,
            holding=frozenset(
                key for key, choice in own.items() if chosen(choice, at, default=not shared)
            ),
            credits={key: held[key] for key in features if held.get(key)},
            payg=frozenset(
                key
                for key, choice in own.items()
                if choice is not None and choice.is_on and on_contract(choice, at)
            ),
            ever=frozenset(key for key in features if prices.offers[key].feature.pk in ever),
        )
    return found


def keys_by_group(prices: PriceList) -> Mapping[str, list[str]]:
    """The features of each allocation group."""
    found: dict[str, list[str]] = defaultdict(list)
    for key, offer in prices.offers.items():
        found[offer.feature.group.key].append(key)
    return found


def ever_held(stands: Standing) -> set[int]:
    """The features that hold credits, or held some before."""
    begun = {pk for side, pk in stands.levels if side == Side.ALLOCATED}
    came_due = {
        subject_of(entry)[1]
        for entry in stands.beyond
        if entry.side == Side.ALLOCATED and entry.effective_at <= stands.live.at
    }
    return begun | came_due


def growth_now(customer: Customer, now: datetime) -> Growth:
    """How much what is allocated grew lately."""
    rows = with_growth(with_figures(Customer.objects.filter(pk=customer.pk), now), now)
    return growth_of(rows.get())
