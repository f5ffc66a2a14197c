"""What a feature is paid with: credits or pay-as-you-go (docs/rules.md#r12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from credits import clock
from credits.domain.allocations import SWITCH_BILLING, on_payg, rates_now
from credits.domain.booking import GroupFacts, chosen, levels_at
from credits.domain.books import Books
from credits.domain.commands import Command, Decision
from credits.domain.pricing import Quantities
from credits.domain.quantities import check_quantities, stored
from credits.domain.requirements import check_open, check_required
from credits.domain.sources import check_by_hand
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import BillingModel, Feature, FeatureChoice, UsageReport

DAYS_BETWEEN_SWITCHES = 30


@dataclass(frozen=True, kw_only=True)
class SwitchBillingModel(Command):
    """Put a feature on pay-as-you-go until its contract ends, or back on credits (None).

    Whether the feature is on or off stays as it is; its reports go on being kept. At the
    contract's end, a UTC day's 00:00, it comes back on credits by itself, booked ahead. Going
    back prices what is in force, or the group's `quantities` if they are stated anew.

    Raises UnknownObject, InvalidCommand for a contract that has ended or quantities that make
    no sense, NotAllowed for a feature that cannot be paid as you go, within 30 days of the
    switch before, during a reservation and for quantities that a system reports, and the
    judgment's refusals.
    """

    kind: ClassVar[str] = SWITCH_BILLING
    judged: ClassVar[bool] = True

    feature: str
    contract_ends_at: datetime | None
    quantities: Quantities | None = None
    by_support: bool = False
    """Support states the quantities, with a reason, although a system reports them."""

    def content(self) -> Mapping[str, Any]:
        return {
            "feature": self.feature,
            "contract_ends_at": self.contract_ends_at,
            "quantities": None if self.quantities is None else stored(self.quantities),
        }

    def decide(self, books: Books) -> Decision:
        feature = Feature.objects.select_related("group").filter(key=self.feature).first()
        if feature is None:
            raise UnknownObject("There is no such feature.")
        books.group_by_key(feature.group.key)
        facts = books.group_facts(feature.group_id, books.now)
        current = facts.choice[feature.pk].at(books.now)
        self.check_switchable(feature, facts, books)
        check_rested(books, feature)
        if self.contract_ends_at is None:
            return self.back_to_credits(feature, facts, current, books)
        if on_payg(current, books.now):
            raise NotAllowed(f"{feature.name} is on pay-as-you-go already.")
        check_contract(self.contract_ends_at, books)
        is_on = chosen(current, books.now, default=facts.is_holding(feature.pk, books.now))
        return self.decided(feature, books, is_on=is_on)

    def check_switchable(self, feature: Feature, facts: GroupFacts, books: Books) -> None:
        """Only features that can be paid either way, and not while a reservation runs."""
        if feature.payg != "yes" or any(
            rate.parts for rate in rates_now(facts, books) if rate.feature_id == feature.pk
        ):
            raise NotAllowed(f"{feature.name} cannot be paid as you go.")
        if feature.pk in facts.reserved and levels_at(facts, books.now)[feature.pk]:
            raise NotAllowed(
                f"{feature.name} holds a reservation. It may be switched when its period has ended."
            )

    def back_to_credits(
        self, feature: Feature, facts: GroupFacts, current: FeatureChoice | None, books: Books
    ) -> Decision:
        """On credits again, with what is in force or was stated anew."""
        if current is None or not on_payg(current, books.now):
            raise NotAllowed(f"{feature.name} is on credits already.")
        decision = self.decided(feature, books, is_on=current.is_on or self.quantities is not None)
        rates = {facts.features[rate.feature_id]: rate for rate in rates_now(facts, books)}
        if self.quantities is not None:
            check_by_hand(
                books, feature.group, by_support=self.by_support, reason=self.asked.reason
            )
            check_quantities(self.quantities, rates)
            report = UsageReport(
                customer=books.customer,
                group=feature.group,
                at=books.now,
                quantities=stored(self.quantities),
            )
            decision.facts = [report, *decision.facts]
        after = replace(
            facts,
            reports=[*facts.reports, *(f for f in decision.facts if isinstance(f, UsageReport))],
            choices=[*facts.choices, *(f for f in decision.facts if isinstance(f, FeatureChoice))],
        )
        check_open(books, facts, after, rates)
        check_required(books, facts, after, rates)
        return decision

    def decided(self, feature: Feature, books: Books, *, is_on: bool) -> Decision:
        """The choice from now on."""
        to_payg = self.contract_ends_at is not None
        choice = FeatureChoice(
            customer=books.customer,
            feature=feature,
            at=books.now,
            is_on=is_on,
            billing_model=BillingModel.PAYG if to_payg else BillingModel.CREDITS,
            until=self.contract_ends_at,
        )
        return Decision(
            facts=[choice],
            answer={"feature": feature.key, "may_switch_from": again_from(choice).isoformat()},
            subject=feature.name,
        )


def again_from(switch: FeatureChoice) -> datetime:
    """The first instant at which a person may switch the feature again."""
    day = clock.day_of(switch.at) + timedelta(days=DAYS_BETWEEN_SWITCHES)
    return clock.start_of(day)


def last_switch(books: Books, feature: Feature) -> FeatureChoice | None:
    """The latest switch of a feature by a person."""
    switches = FeatureChoice.objects.filter(
        customer=books.customer, feature=feature, operation__kind=SWITCH_BILLING
    )
    return switches.order_by("-operation_id").first()


def check_rested(books: Books, feature: Feature) -> None:
    """Refuse a second switch within 30 days."""
    switch = last_switch(books, feature)
    if switch is not None and books.now < again_from(switch):
        raise NotAllowed(
            f"{feature.name} was switched on {switch.at:%Y-%m-%d}. It may be switched again from "
            f"{again_from(switch):%Y-%m-%d}, 00:00 UTC."
        )


def check_contract(ends_at: datetime, books: Books) -> None:
    """Refuse a contract that has ended, or that does not end with a UTC day."""
    if ends_at <= books.now:
        raise InvalidCommand("The contract has ended.", field="contract_ends_at")
    if ends_at != clock.start_of(clock.day_of(ends_at)):
        raise InvalidCommand("A contract ends at 00:00 UTC.", field="contract_ends_at")
