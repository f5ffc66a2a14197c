"""Allocating credits to features: allocate, release, undo (docs/rules.md, allocation)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from credits.domain.booking import (
    GroupFacts,
)
from credits.domain.books import Books, facts_of
from credits.domain.commands import Command, Decision
from credits.domain.licenses import RESTATE, refreshing
from credits.domain.pricing import RESERVED, SHARED, Quantities, quantity_of, total
from credits.domain.quantities import check_quantities, stored
from credits.domain.requirements import check_needed, check_open, check_required, on_contract
from credits.domain.sources import check_by_hand
from credits.exceptions import (
    InvalidCommand,
    NotAllowed,
    StaleView,
    UnknownObject,
)
from credits.models import (
    AllocationGroup,
    Fact,
    Feature,
    FeatureChoice,
    FeatureRate,
    LedgerEntry,
    Operation,
    UsageReport,
)


@dataclass(frozen=True, kw_only=True)
class GroupCommand(Command):
    """A person's live act on one allocation group, named by its key.

    `seen` is the customer's ledger seq the person's page was drawn from: if the group's credits
    changed after it, nothing is written and StaleView is raised.
    """

    judged: ClassVar[bool] = True

    group: str
    seen: int | None = None

    def content(self) -> Mapping[str, Any]:
        return {"group": self.group}

    def facts(self, books: Books, group: AllocationGroup) -> GroupFacts:
        """The group's facts in force now, refused if its credits changed since `seen`."""
        return facts_seen(books, group, self.seen)


@dataclass(frozen=True, kw_only=True)
class Allocate(GroupCommand):
    """State a group's quantities from now on, and which of its features are on.

    Quantities are units by feature key, or under "units" for features that share one number;
    then `on` names the features that are to be on. A feature with a quantity of its own is
    switched on by a quantity above zero. Credits follow from the rates in force.

    Raises InvalidCommand for bad quantities, RateClosed for more of a retired feature,
    NotAllowed where a required feature is missing or a system reports the units, StaleView, and
    the judgment's refusals.
    """

    kind: ClassVar[str] = "allocate"

    quantities: Quantities
    on: AbstractSet[str] | None = None
    by_support: bool = False
    """Support enters them, with a reason, although a system reports them."""

    def content(self) -> Mapping[str, Any]:
        return {
            **super().content(),
            "quantities": stored(self.quantities),
            "on": None if self.on is None else sorted(self.on),
        }

    def decide(self, books: Books) -> Decision:
        group = books.group_by_key(self.group)
        check_by_hand(books, group, by_support=self.by_support, reason=self.asked.reason)
        facts = self.facts(books, group)
        rates = {facts.features[r.feature_id]: r for r in rates_now(facts, books)}
        check_quantities(self.quantities, rates)
        if self.on is not None and not self.on <= rates.keys():
            raise InvalidCommand("There is no such feature in this group.")
        report = UsageReport(
            customer=books.customer,
            group=group,
            at=books.now,
            quantities=stored(self.quantities),
        )
        choices = self.choices(facts, rates, books)
        after = replace(facts, reports=[*facts.reports, report], choices=[*facts.choices, *choices])
        check_open(books, facts, after, rates)
        check_required(books, facts, after, rates)
        check_needed(books, facts, after)
        return Decision(
            facts=[report, *choices],
            answer={"group": self.group},
            subject=group.name,
        )

    def choices(
        self, facts: GroupFacts, rates: Mapping[str, FeatureRate], books: Books
    ) -> list[FeatureChoice]:
        """Which features are on, as part of this statement.

        Stated again even where nothing changes, so that undoing an earlier act leaves this one
        as it was meant; a feature that is as it is by default needs no choice.
        """
        default = SHARED not in self.quantities or len(facts.features) == 1
        stated: list[FeatureChoice] = []
        refused: list[str] = []
        for key, rate in rates.items():
            if rate.parts or (self.on is None and not total(quantity_of(key, self.quantities))):
                continue
            own = facts.choice[rate.feature_id].at(books.now)
            wanted = self.on is None or key in self.on
            if on_payg(own, books.now):
                # Its units are kept and count again when it is back on credits.
                refused += [rate.feature.name] if wanted else []
            elif own or wanted != default:
                stated.append(choice(books, rate.feature, own, is_on=wanted))
        if refused and (self.on is not None or len(refused) == len(self.quantities)):
            names = " and ".join(refused)
            raise NotAllowed(f"{names} is on pay-as-you-go and holds no credits.")
        return stated


@dataclass(frozen=True, kw_only=True)
class Release(GroupCommand):
    """Switch features of a group off: their credits return to the balance at once.

    A choice, not a zero: reports go on being kept and count again when it is on. Raises
    NotAllowed where another feature that holds credits needs one of them.
    """

    kind: ClassVar[str] = "release"

    features: Sequence[Feature]

    def content(self) -> Mapping[str, Any]:
        return {**super().content(), "features": sorted(f.key for f in self.features)}

    def decide(self, books: Books) -> Decision:
        group = books.group_by_key(self.group)
        facts = self.facts(books, group)
        if not self.features:
            raise InvalidCommand("Choose what to release.")
        if any(feature.pk not in facts.features for feature in self.features):
            raise UnknownObject("There is no such feature in this group.")
        choices = [
            choice(books, feature, facts.choice[feature.pk].at(books.now), is_on=False)
            for feature in self.released(facts, books)
        ]
        after = replace(facts, choices=[*facts.choices, *choices])
        check_needed(books, facts, after)
        return Decision(
            facts=list(choices),
            answer={"group": self.group},
            subject=group.name,
        )

    def released(self, facts: GroupFacts, books: Books) -> list[Feature]:
        """The features to switch off: for a bundle its parts, which make it up."""
        rates = {rate.feature.key: rate for rate in rates_now(facts, books)}
        found: dict[str, Feature] = {}
        for feature in self.features:
            parts = rates[feature.key].parts if feature.key in rates else []
            found |= {key: rates[key].feature for key in parts} if parts else {feature.key: feature}
        return list(found.values())


SWITCH_BILLING = "switch-billing"
"""The kind of a change of billing model, which is not undone (docs/rules.md#r17)."""

REPEAT_INSTEAD = "This cannot be undone. Repeat the act instead."

NEVER_UNDONE: Mapping[str, str] = {
    SWITCH_BILLING: REPEAT_INSTEAD,
    RESTATE: "An order was amended by this, which cannot be undone. Amend the order again instead.",
}
"""Operations with facts that are not undone all the same, each with what to do instead."""


@dataclass(frozen=True, kw_only=True)
class Undo(Command):
    """Reverse an operation: its facts are withdrawn and the difference is booked.

    `kinds` limits what may be undone here (a customer undoes allocations, not purchases).
    Raises UnknownObject for another customer's operation, NotAllowed for one without facts of
    its own, an undo, or one undone before. Only whole, and once.
    """

    kind: ClassVar[str] = "undo"
    judged: ClassVar[bool] = True
    lasting: ClassVar[Mapping[str, str]] = NEVER_UNDONE
    """The kinds of operations that are not undone, each with what to do instead."""

    operation: UUID
    kinds: frozenset[str] | None = None

    def content(self) -> Mapping[str, Any]:
        return {"operation": self.operation}

    def decide(self, books: Books) -> Decision:
        operation = Operation.objects.filter(
            customer=books.customer, public_id=self.operation
        ).first()
        if operation is None or (self.kinds is not None and operation.kind not in self.kinds):
            raise UnknownObject("There is nothing like that to undo.")
        if Operation.objects.filter(reverses=operation).exists():
            raise NotAllowed("This was undone before.")
        facts = facts_of(operation)
        if not facts or operation.kind in self.lasting:
            raise NotAllowed(self.lasting.get(operation.kind, REPEAT_INSTEAD))
        if self.kinds is not None:
            check_withdrawable(operation, facts, books.now)
        licenses = [term.license for term in operation.terms.select_related("license")]
        return Decision(
            withdraws=operation,
            save_rows=refreshing(licenses, lambda _: [], without=operation.pk),
            answer={"operation": str(operation.public_id)},
            subject=operation.subject,
        )


UNDONE_BY_CUSTOMERS = frozenset({"allocate", "release", "move"})

WITHDRAWABLE = timedelta(hours=24)


def check_withdrawable(operation: Operation, facts: Sequence[Fact], now: datetime) -> None:
    """Refuse a customer's withdrawal of a reservation after 24 hours (docs/rules.md#r10)."""
    groups = {fact.group_id for fact in facts if isinstance(fact, UsageReport)}
    reserved = FeatureRate.objects.filter(feature__group__in=groups, model=RESERVED)
    if now > operation.recorded_at + WITHDRAWABLE and reserved.exists():
        raise NotAllowed(
            "A reservation can be withdrawn for 24 hours. Ask support to correct it now."
        )


def facts_seen(books: Books, group: AllocationGroup, seen: int | None) -> GroupFacts:
    """A group's facts in force now. Raises StaleView if its credits changed after `seen`."""
    facts = books.group_facts(group.pk, books.now)
    if seen is not None and books.balance.seq > seen:
        newer = LedgerEntry.objects.filter(
            customer=books.customer, seq__gt=seen, feature__in=facts.features
        )
        if newer.exists():
            raise StaleView(
                f"{group.name} was changed meanwhile. Nothing was "
                "written. Compare the new figures and send again."
            )
    return facts


def choice(
    books: Books, feature: Feature, current: FeatureChoice | None, *, is_on: bool
) -> FeatureChoice:
    """The customer's choice from now on; what the feature is paid with stays as it is."""
    stated = FeatureChoice(customer=books.customer, feature=feature, at=books.now, is_on=is_on)
    if current is not None and on_contract(current, books.now):
        stated.billing_model, stated.until = current.billing_model, current.until
    return stated


def rates_now(facts: GroupFacts, books: Books) -> list[FeatureRate]:
    """The rate in force of each of a group's features."""
    found = (facts.rate[feature].at(books.now) for feature in facts.features)
    return [rate for rate in found if rate is not None]


def on_payg(choice: FeatureChoice | None, at: datetime) -> bool:
    """Whether a feature is on pay-as-you-go at an instant; off counts as well."""
    return choice is not None and on_contract(choice, at)
