"""Stating the units of several groups in one act: one operation, one judgment, one undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from django.utils.text import Truncator

from credits.domain.allocations import Allocate, GroupCommand, choice, on_payg, rates_now
from credits.domain.booking import GroupFacts, levels_at
from credits.domain.books import Books, Subject
from credits.domain.commands import Command, Decision
from credits.domain.pricing import Quantities
from credits.domain.quantities import check_quantities, stored
from credits.domain.requirements import check_needed, check_open, check_required
from credits.domain.sources import refuse_by_hand
from credits.exceptions import CreditsError, InvalidCommand, NotAllowed, UnknownObject
from credits.models import (
    AllocationGroup,
    Fact,
    Feature,
    FeatureRate,
    LedgerEntry,
    Level,
    Side,
    UsageReport,
    UsageSource,
)

SUBJECT_LENGTH = 200


@dataclass(frozen=True)
class GroupStatement:
    """All of a group's quantities, and which of its features are on where they share one number."""

    group: str
    quantities: Quantities
    on: frozenset[str] | None = None


@dataclass(frozen=True)
class Stated:
    """What one statement makes of a group's facts, before anything was checked against others."""

    group: AllocationGroup
    before: GroupFacts
    after: GroupFacts
    rates: Mapping[str, FeatureRate]
    facts: Sequence[Fact]


@dataclass
class BooksAfter(Books):
    """The books with some features at the levels that an act will give them."""

    base: Books = field(kw_only=True)
    given: Mapping[int, int] = field(kw_only=True)

    def levels(self) -> dict[Subject, Level]:
        """The stored levels, with those given in place of their own."""
        side = Side.ALLOCATED.value
        found = dict(self.base.levels())
        for feature, credits in self.given.items():
            found[side, feature] = Level(side=side, feature_id=feature, credits=credits)
        return found

    def due(self) -> list[LedgerEntry]:
        """What has come due, but for the features whose levels are given."""
        return [entry for entry in self.base.due() if entry.feature_id not in self.given]


@dataclass(frozen=True, kw_only=True)
class AllocateMany(Command):
    """State several groups from now on, all or nothing, each as `Allocate` does.

    What a group needs of others is looked up as it will be after the whole act, so that a
    feature and the one it requires can be stated together. The balance is judged once, on the
    net effect. Answers with the credits that the groups held before and hold after.

    Raises what Allocate raises for the first group that is refused; then nothing is written.
    """

    kind: ClassVar[str] = "allocate"
    judged: ClassVar[bool] = True

    statements: Sequence[GroupStatement]
    seen: int | None = None

    def content(self) -> Mapping[str, Any]:
        told = [
            {
                "group": one.group,
                "quantities": stored(one.quantities),
                "on": None if one.on is None else sorted(one.on),
            }
            for one in self.statements
        ]
        return {"groups": sorted(told, key=lambda one: str(one["group"]))}

    def decide(self, books: Books) -> Decision:
        if not self.statements:
            raise InvalidCommand("Nothing is stated that would change anything.")
        if len({one.group for one in self.statements}) < len(self.statements):
            raise InvalidCommand("A group is stated twice.")
        stated, problems = self.tried(books)
        for _, error in problems:
            raise error
        names = ", ".join(one.group.name for one in stated)
        return Decision(
            facts=[fact for one in stated for fact in one.facts],
            answer={
                "groups": [one.group.key for one in stated],
                "before": sum(sum(levels_at(one.before, books.now).values()) for one in stated),
                "after": sum(sum(levels_at(one.after, books.now).values()) for one in stated),
            },
            subject=Truncator(names).chars(SUBJECT_LENGTH),
        )

    def tried(self, books: Books) -> tuple[list[Stated], list[tuple[str, CreditsError]]]:
        """What each statement makes of its group, and every refusal with the group's key."""
        groups = {
            group.key: group
            for group in AllocationGroup.objects.filter(key__in=[o.group for o in self.statements])
        }
        sources = {s.group_id: s for s in UsageSource.objects.filter(customer=books.customer)}
        stated: list[Stated] = []
        problems: list[tuple[str, CreditsError]] = []
        for one in sorted(self.statements, key=lambda one: one.group):
            try:
                if one.group not in groups:
                    raise UnknownObject("There is no such group.")
                group = groups[one.group]
                if source := sources.get(group.pk):
                    refuse_by_hand(source, group, by_support=False, reason="")
                stated.append(self.state(one, group, books))
            except CreditsError as error:
                problems.append((one.group, error))
        return stated, [*problems, *refusals(books, stated)]

    def state(self, one: GroupStatement, group: AllocationGroup, books: Books) -> Stated:
        """One statement as facts, with its own numbers checked."""
        command = Allocate(
            customer=self.customer,
            asked=self.asked,
            group=one.group,
            quantities=one.quantities,
            on=one.on,
            seen=self.seen,
        )
        before = command.facts(books, group)
        rates = {before.features[rate.feature_id]: rate for rate in rates_now(before, books)}
        if not rates:
            raise UnknownObject("There is no such group.")
        check_quantities(one.quantities, rates)
        if one.on is not None and not one.on <= rates.keys():
            raise InvalidCommand("There is no such feature in this group.")
        report = UsageReport(
            customer=books.customer, group=group, at=books.now, quantities=stored(one.quantities)
        )
        choices = command.choices(before, rates, books)
        after = replace(
            before, reports=[*before.reports, report], choices=[*before.choices, *choices]
        )
        return Stated(group, before, after, rates, [report, *choices])


def refusals(books: Books, stated: Sequence[Stated]) -> list[tuple[str, CreditsError]]:
    """What stands against each group, seen with all the other groups as they will be."""
    now = books.now
    after = {one.group.pk: levels_at(one.after, now) for one in stated}
    found: list[tuple[str, CreditsError]] = []
    for one in stated:
        others = [levels for group, levels in after.items() if group != one.group.pk]
        given = {feature: credits for levels in others for feature, credits in levels.items()}
        view = BooksAfter(books.customer, books.balance, now, base=books, given=given)
        try:
            check_open(view, one.before, one.after, one.rates)
            check_required(view, one.before, one.after, one.rates)
            check_needed(view, one.before, one.after)
        except CreditsError as error:
            found.append((one.group.key, error))
    return found


@dataclass(frozen=True, kw_only=True)
class SwitchOn(GroupCommand):
    """Switch features on where a system reports: what it states counts again, unchanged.

    The way back from a release, and the way in where several features share one number. Raises
    UnknownObject for a feature outside the group, NotAllowed where a required feature is missing
    or the feature is on pay-as-you-go, RateClosed for a retired one, and the judgment's refusals.
    """

    kind: ClassVar[str] = "allocate"

    features: Sequence[Feature]

    def content(self) -> Mapping[str, Any]:
        return {**super().content(), "switch_on": sorted(f.key for f in self.features)}

    def decide(self, books: Books) -> Decision:
        group = books.group_by_key(self.group)
        facts = self.facts(books, group)
        rates = {facts.features[rate.feature_id]: rate for rate in rates_now(facts, books)}
        if not self.features or any(feature.key not in rates for feature in self.features):
            raise UnknownObject("There is no such feature in this group.")
        choices = []
        for feature in self.features:
            current = facts.choice[feature.pk].at(books.now)
            if on_payg(current, books.now):
                raise NotAllowed(f"{feature.name} is on pay-as-you-go and holds no credits.")
            choices.append(choice(books, feature, current, is_on=True))
        after = replace(facts, choices=[*facts.choices, *choices])
        check_open(books, facts, after, rates)
        check_required(books, facts, after, rates)
        return Decision(
            facts=list(choices),
            answer={
                "group": self.group,
                "before": sum(levels_at(facts, books.now).values()),
                "after": sum(levels_at(after, books.now).values()),
            },
            subject=group.name,
        )
