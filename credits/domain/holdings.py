"""What every feature of the catalogue holds for a customer now: the rows of the allocate page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from credits.domain.booking import chosen, quantities_of
from credits.domain.catalogue import Offer, offers
from credits.domain.figures import Standing
from credits.domain.in_force import latest_stated
from credits.domain.pricing import RESERVED, SHARED, Quantity, quantity_of, total
from credits.domain.requirements import on_contract
from credits.domain.stated_units import reports_in_force
from credits.models import Customer, FeatureChoice, Side, Solution, subject_of


@dataclass(frozen=True)
class Holding:
    """One feature with what it holds, and the statement that comes from."""

    offer: Offer
    credits: int
    quantity: Quantity
    is_on: bool
    is_bundle: bool
    since: datetime | None
    payg: FeatureChoice | None = None
    """The choice that put it on pay-as-you-go."""
    shares_units: bool = False
    """Whether one number counts for it and for other features of its group."""

    @property
    def units(self) -> Decimal:
        """The units that count, on credits or as one goes: none while it is off."""
        counts = self.is_on or (self.payg is not None and self.payg.is_on)
        return total(self.quantity) if counts else Decimal(0)

    @property
    def is_reserved(self) -> bool:
        """Whether what it holds is the highest number of a period, not the one stated now."""
        return self.offer.rate.model == RESERVED and self.credits > 0

    @property
    def accounts(self) -> int:
        """The number of accounts, where they are stated apart."""
        return len(self.quantity) if self.is_on and isinstance(self.quantity, dict) else 0

    @property
    def is_choosable(self) -> bool:
        """Whether it holds credits or can: what costs none and what one pays as one goes cannot."""
        return self.payg is None and (self.credits > 0 or self.offer.rate.credits > 0)

    @property
    def is_counted_apart(self) -> bool:
        """Whether it has a number of units of its own, and only one."""
        is_single = not isinstance(self.quantity, dict) and self.offer.rate.model != "tiered"
        return is_single and not self.is_bundle and not self.shares_units

    @property
    def is_movable(self) -> bool:
        """Whether whole units of it can be moved elsewhere and free credits by that."""
        return self.credits > 0 and self.is_counted_apart and self.offer.rate.model != RESERVED

    @property
    def takes_units(self) -> bool:
        """Whether whole units can be moved to it and hold credits there."""
        is_priced = self.offer.is_open and self.offer.rate.credits > 0
        return is_priced and self.payg is None and self.is_counted_apart

    @property
    def is_in_use(self) -> bool:
        """Whether it holds credits, or counts units that cost none."""
        free = not self.is_bundle and self.offer.rate.credits == 0
        return self.credits > 0 or (free and self.units > 0)


@dataclass(frozen=True)
class Section:
    """The features of one solution."""

    solution: Solution
    rows: tuple[Holding, ...]

    @property
    def credits(self) -> int:
        """What all of them hold."""
        return sum(row.credits for row in self.rows)


def holdings(customer: Customer, standing: Standing) -> list[Holding]:
    """What every feature holds, in catalogue order, from three queries besides the standing.

    A closed feature and a bundle are listed only while they hold credits.
    """
    live = standing.live
    offered = offers(live.at)
    reports = reports_in_force(customer, live.at)
    choices: dict[int, list[FeatureChoice]] = defaultdict(list)
    for choice in FeatureChoice.objects.filter(customer=customer).first_in_force(live.at):
        choices[choice.feature_id].append(choice)
    members = Counter(offer.feature.group_id for offer in offered)
    bundled = {offer.feature.group_id for offer in offered if offer.rate.parts}
    found = []
    for offer in offered:
        feature, credits = offer.feature, live.by_feature.get(offer.feature.pk, 0)
        report = reports.get(feature.group_id)
        stated = quantities_of(report) if report else {}
        key = offer.rate.parts[0] if offer.rate.parts else feature.key
        shared = members[feature.group_id] > 1 and SHARED in stated
        chosen_last = latest_stated(choices[feature.pk], live.at)
        on = chosen(chosen_last, live.at, default=not shared)
        holding = Holding(
            offer=offer,
            credits=credits,
            quantity=quantity_of(key, stated),
            is_on=credits > 0 or (on and not offer.rate.parts),
            is_bundle=bool(offer.rate.parts),
            since=held_since(standing, feature.pk) if credits else None,
            payg=chosen_last if chosen_last and on_contract(chosen_last, live.at) else None,
            shares_units=shared or feature.group_id in bundled,
        )
        if credits or (offer.is_open and not holding.is_bundle):
            found.append(holding)
    return found


def held_since(standing: Standing, feature_id: int) -> datetime | None:
    """Since when a feature has held credits without a break."""
    subject = (Side.ALLOCATED.value, feature_id)
    stored = standing.levels.get(subject)
    if stored is not None and stored.held_since is not None:
        return stored.held_since
    came_due = (
        entry.effective_at
        for entry in standing.beyond
        if subject_of(entry) == subject and entry.credits > 0
    )
    return min((at for at in came_due if at <= standing.live.at), default=None)


def sections(rows: Iterable[Holding]) -> list[Section]:
    """The rows by solution, in catalogue order."""
    by_solution: dict[Solution, list[Holding]] = defaultdict(list)
    for row in rows:
        by_solution[row.offer.feature.group.solution].append(row)
    return [Section(solution, tuple(own)) for solution, own in by_solution.items()]
