"""Releasing features of several groups in one act: one operation, one undo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from django.utils.text import Truncator

from credits.domain.allocations import Release, choice, rates_now
from credits.domain.booking import GroupFacts, levels_at
from credits.domain.books import Books
from credits.domain.commands import Command, Decision
from credits.domain.requirements import Need, needs_lost
from credits.exceptions import InvalidCommand, NotAllowed, StaleView, UnknownObject
from credits.models import AllocationGroup, Fact, Feature, FeatureChoice, LedgerEntry

SUBJECT_LENGTH = 200


@dataclass(frozen=True)
class Off:
    """One group as it is, and with its chosen features switched off."""

    group: AllocationGroup
    before: GroupFacts
    after: GroupFacts
    choices: Sequence[FeatureChoice]


@dataclass(frozen=True, kw_only=True)
class ReleaseMany(Command):
    """Switch features of any groups off, all or nothing, each as `Release` does.

    What others need is looked up as it will be after the whole act, so that a feature and the
    one that requires it can be released together. `seen` as for Allocate. Answers with the
    credits that the groups held before and hold after, and how many features were released.

    Raises InvalidCommand where nothing is named, UnknownObject for a feature without a rate,
    NotAllowed where a feature that goes on holding credits needs one of them, and StaleView.
    """

    kind: ClassVar[str] = "release"
    judged: ClassVar[bool] = True

    features: Sequence[Feature]
    seen: int | None = None

    def content(self) -> Mapping[str, Any]:
        return {"features": sorted(feature.key for feature in self.features)}

    def decide(self, books: Books) -> Decision:
        if not self.features:
            raise InvalidCommand("Choose what to release.")
        groups = self.switched_off(books)
        for need in lost_by(books, groups):
            raise NotAllowed(need.sentence)
        facts: list[Fact] = [choice for group in groups for choice in group.choices]
        names = ", ".join(group.group.name for group in groups)
        return Decision(
            facts=facts,
            answer={
                "groups": [group.group.key for group in groups],
                "before": sum(sum(levels_at(g.before, books.now).values()) for g in groups),
                "after": sum(sum(levels_at(g.after, books.now).values()) for g in groups),
                "features": len(self.features),
            },
            subject=Truncator(names).chars(SUBJECT_LENGTH),
        )

    def switched_off(self, books: Books) -> list[Off]:
        """Every group with its chosen features off, none of them checked against others."""
        check_seen(books, self.features, self.seen)
        by_group: dict[AllocationGroup, list[Feature]] = defaultdict(list)
        for feature in sorted(self.features, key=lambda feature: feature.key):
            by_group[feature.group].append(feature)
        return [self.off(books, group, own) for group, own in by_group.items()]

    def off(self, books: Books, group: AllocationGroup, features: Sequence[Feature]) -> Off:
        """One group with these features off."""
        before = books.group_facts(group.pk, books.now)
        if not before.features.keys() >= {feature.pk for feature in features}:
            raise UnknownObject("There is no such feature.")
        command = Release(
            customer=self.customer, asked=self.asked, group=group.key, features=features
        )
        choices = [
            choice(books, feature, before.choice[feature.pk].at(books.now), is_on=False)
            for feature in command.released(before, books)
        ]
        return Off(group, before, replace(before, choices=[*before.choices, *choices]), choices)


@dataclass(frozen=True)
class Kept:
    """A feature that cannot be released along with the others, and what needs it."""

    feature: Feature
    need: Need


def check_seen(books: Books, features: Sequence[Feature], seen: int | None) -> None:
    """Raise StaleView if the credits of a group of these features changed after `seen`."""
    if seen is None or books.balance.seq <= seen:
        return
    groups = {feature.group_id for feature in features}
    newer = LedgerEntry.objects.filter(
        customer=books.customer, seq__gt=seen, feature__group__in=groups
    )
    entry = newer.select_related("feature__group").order_by("seq").first()
    if entry is not None and entry.feature is not None:
        raise StaleView(
            f"{entry.feature.group.name} was changed meanwhile. Nothing was "
            "written. Compare the new figures and send again."
        )


def lost_by(books: Books, groups: Sequence[Off]) -> list[Need]:
    """What would be missing with these groups as they are after the act."""
    before = {pk: c for group in groups for pk, c in levels_at(group.before, books.now).items()}
    after = {pk: c for group in groups for pk, c in levels_at(group.after, books.now).items()}
    if not any(before[pk] > 0 and after[pk] == 0 for pk in before):
        return []
    return list(needs_lost(books, after))


def without_needed(command: ReleaseMany, books: Books) -> tuple[list[Feature], list[Kept]]:
    """The features that can be released together, and those that others need.

    Leaving one out may keep another one needed, so that it is asked again until nothing is.
    """
    wanted, kept = list(command.features), list[Kept]()
    while wanted:
        groups = replace(command, features=wanted).switched_off(books)
        needs = lost_by(books, groups)
        found = {f: need for f in wanted for need in needs if gives(f, need, books)}
        if not found:
            break
        kept += [Kept(feature, need) for feature, need in found.items()]
        wanted = [feature for feature in wanted if feature not in found]
    return wanted, kept


def gives(feature: Feature, need: Need, books: Books) -> bool:
    """Whether a feature, or a part of it, is what is needed."""
    rates = rates_now(books.group_facts(feature.group_id, books.now), books)
    parts = {part for rate in rates if rate.feature_id == feature.pk for part in rate.parts}
    return bool({feature.key, *parts}.intersection(need.alternatives))
