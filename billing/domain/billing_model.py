"""What each feature is paid with, and the switch of several at once (docs/rules.md#r12)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from django.utils.text import Truncator

from billing.domain.contracts import contract_in_force
from credits.domain.allocations import SWITCH_BILLING, facts_seen, on_payg
from credits.domain.billing_choice import SwitchBillingModel, again_from
from credits.domain.booking import chosen, quantities_of
from credits.domain.books import Books
from credits.domain.catalogue import Offer, offers
from credits.domain.commands import Command, Decision
from credits.domain.figures import Position
from credits.domain.in_force import latest_stated
from credits.domain.pricing import RESERVED, SHARED, Quantities, Quantity, quantity_of
from credits.domain.quantities import stored
from credits.domain.stated_units import reports_in_force
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import BillingModel, Customer, Fact, Feature, FeatureChoice, UsageReport

SUBJECT_LENGTH = 200

NO_CONTRACT = (
    "Pay-as-you-go needs a contract, and none is in force. Ask your sales representative for one, "
    "or subscribe on the marketplace. Nothing was changed."
)


class Hindrance(StrEnum):
    """Why a feature cannot be switched now."""

    RESTING = "resting"
    """It was switched within the last 30 days."""
    RESERVED = "reserved"
    """A reservation runs."""
    CLOSED = "closed"
    """It takes no new allocations, so it comes back only when its contract ends."""


@dataclass(frozen=True)
class PaygFeature:
    """A feature that can be paid either way, as it is now."""

    offer: Offer
    credits: int
    quantity: Quantity
    shares_units: bool
    """One quantity serves several features of its group."""
    now: datetime
    choice: FeatureChoice | None
    """The choice in force; None: nobody has chosen."""
    switched: FeatureChoice | None
    """The latest switch of its billing model."""
    is_on: bool
    """Whether it counts, on credits or as one goes."""

    @property
    def feature(self) -> Feature:
        return self.offer.feature

    @property
    def is_payg(self) -> bool:
        """Whether it is on pay-as-you-go now."""
        return on_payg(self.choice, self.now)

    @property
    def model(self) -> BillingModel:
        """What it is paid with now."""
        return BillingModel.PAYG if self.is_payg else BillingModel.CREDITS

    @property
    def until(self) -> datetime | None:
        """The end of the contract that it is paid under."""
        return self.choice.until if self.choice is not None and self.is_payg else None

    @property
    def since(self) -> datetime | None:
        """Since when it is paid like that; None: from the beginning."""
        if self.switched is None:
            return self.choice.at if self.choice is not None and self.is_payg else None
        if self.is_payg or self.switched.billing_model == BillingModel.CREDITS:
            return self.switched.at
        last = self.choice.until if self.choice is not None else None
        return last or self.switched.until

    @property
    def may_change_from(self) -> datetime | None:
        """The instant before which a person may not switch it again; None: that has passed."""
        if self.switched is None:
            return None
        again = again_from(self.switched)
        return again if self.now < again else None

    @property
    def hindrance(self) -> Hindrance | None:
        """Why it cannot be switched now, whatever contract there is."""
        if self.may_change_from is not None:
            return Hindrance.RESTING
        if self.offer.rate.model == RESERVED and self.credits:
            return Hindrance.RESERVED
        if self.is_payg and self.is_on and not self.offer.is_open:
            return Hindrance.CLOSED
        return None


def payg_features(customer: Customer, live: Position) -> list[PaygFeature]:
    """The features that can be paid either way, in catalogue order, from four queries.

    A closed one is listed only while it holds credits or is on pay-as-you-go.
    """
    now = live.at
    offered = [o for o in offers(now) if o.feature.payg == "yes" and not o.rate.parts]
    reports = {pk: quantities_of(one) for pk, one in reports_in_force(customer, now).items()}
    choices: dict[int, list[FeatureChoice]] = defaultdict(list)
    for choice in FeatureChoice.objects.filter(customer=customer).first_in_force(now):
        choices[choice.feature_id].append(choice)
    switches = last_switches(customer)
    found = []
    for offer in offered:
        pk, stated = offer.feature.pk, reports.get(offer.feature.group_id, {})
        choice_now = latest_stated(choices[pk], now)
        payg = on_payg(choice_now, now)
        on = chosen(choice_now, now, default=SHARED not in stated)
        one = PaygFeature(
            offer=offer,
            credits=live.by_feature.get(pk, 0),
            quantity=quantity_of(offer.feature.key, stated),
            shares_units=SHARED in stated,
            now=now,
            choice=choice_now,
            switched=switches.get(pk),
            is_on=choice_now.is_on if choice_now is not None and payg else on,
        )
        if offer.is_open or one.credits or one.is_payg:
            found.append(one)
    return found


def last_switches(customer: Customer) -> dict[int, FeatureChoice]:
    """The latest switch of each feature, by feature id."""
    switches = FeatureChoice.objects.filter(customer=customer, operation__kind=SWITCH_BILLING)
    newest = switches.order_by("feature_id", "-operation_id", "-pk").distinct("feature_id")
    return {switch.feature_id: switch for switch in newest}


@dataclass(frozen=True, kw_only=True)
class SwitchBillingModels(Command):
    """Put features on pay-as-you-go until the contract in force ends, others back on credits.

    All or nothing, in one operation, judged once on the net effect. `units` are those of features
    that go back, stated anew; of the others what is in force counts. The contract is read under
    the lock, so that an extension at the same moment is not lost. `seen` is the ledger seq the
    review was drawn from.

    Raises NotAllowed without a contract in force, and what SwitchBillingModel raises for the
    first feature that is refused; StaleView; and the judgment's refusals.
    """

    kind: ClassVar[str] = SWITCH_BILLING
    judged: ClassVar[bool] = True

    to_payg: AbstractSet[str] = frozenset()
    to_credits: AbstractSet[str] = frozenset()
    units: Mapping[str, Quantity] = field(default_factory=dict)
    seen: int | None = None

    def content(self) -> Mapping[str, Any]:
        return {
            "to_payg": sorted(self.to_payg),
            "to_credits": sorted(self.to_credits),
            "units": stored(self.units),
        }

    def decide(self, books: Books) -> Decision:
        features = self.features()
        ends_at = self.contract_end(books)
        facts: list[Fact] = []
        reported: set[int] = set()
        for feature in features:
            decision = self.switch(feature, ends_at, books).decide(books)
            for fact in decision.facts:
                if isinstance(fact, UsageReport):
                    # The features of a group are stated together, in one report.
                    if fact.group_id in reported:
                        continue
                    reported.add(fact.group_id)
                facts.append(fact)
        switches = [fact for fact in facts if isinstance(fact, FeatureChoice)]
        return Decision(
            facts=facts,
            answer={
                "features": [feature.key for feature in features],
                "until": ends_at.isoformat() if ends_at else None,
                "may_switch_from": again_from(switches[0]).isoformat(),
            },
            subject=Truncator(", ".join(f.name for f in features)).chars(SUBJECT_LENGTH),
        )

    def features(self) -> Sequence[Feature]:
        """The features to be switched, in catalogue order."""
        wanted = self.to_payg | self.to_credits
        if not wanted:
            raise InvalidCommand("Choose another billing model for at least one feature.")
        if self.to_payg & self.to_credits:
            raise InvalidCommand("A feature is paid one way, never both.")
        if not self.units.keys() <= self.to_credits:
            raise InvalidCommand("Units are stated only for features that go back to credits.")
        found = Feature.objects.filter(key__in=wanted).select_related("group__solution")
        in_order = sorted(found, key=lambda f: (f.group.solution.position, f.position, f.pk))
        if len(in_order) < len(wanted):
            raise UnknownObject("There is no such feature.")
        return in_order

    def contract_end(self, books: Books) -> datetime | None:
        """The end that the switches to pay-as-you-go carry."""
        if not self.to_payg:
            return None
        contract = contract_in_force(books.customer, books.now)
        if contract is None:
            raise NotAllowed(NO_CONTRACT)
        return contract.ends_at

    def switch(
        self, feature: Feature, ends_at: datetime | None, books: Books
    ) -> SwitchBillingModel:
        """One feature's own switch, refused if its group changed since the review."""
        facts_seen(books, feature.group, self.seen)
        return SwitchBillingModel(
            customer=self.customer,
            asked=self.asked,
            feature=feature.key,
            contract_ends_at=ends_at if feature.key in self.to_payg else None,
            quantities=self.quantities(feature, books) if feature.key in self.units else None,
        )

    def quantities(self, feature: Feature, books: Books) -> Quantities:
        """What is in force of the feature's group, with the units that are stated anew."""
        facts = books.group_facts(feature.group_id, books.now)
        report = facts.report.at(books.now)
        standing = quantities_of(report) if report is not None else {}
        if SHARED in standing:
            raise NotAllowed(
                f"{feature.name} shares its units with other features. Change them in Allocate."
            )
        own = set(facts.features.values())
        return {**standing, **{key: one for key, one in self.units.items() if key in own}}
