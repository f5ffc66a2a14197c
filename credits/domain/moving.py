"""Moving credits from one feature to another in whole units (docs/rules.md#move)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar

from credits.domain.allocations import Allocate
from credits.domain.booking import GroupFacts, levels_at, quantities_of
from credits.domain.books import Books
from credits.domain.commands import Command, Decision
from credits.domain.pricing import SHARED, Quantities, Quantity
from credits.domain.quantities import MAX_UNITS, plain_units, stored
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import Feature, FeatureChoice, UsageReport


@dataclass(frozen=True, kw_only=True)
class Move(Command):
    """Take units away from one feature and give another as many whole units as they pay for.

    What does not pay for a whole unit returns to the balance. `seen` as for Allocate. Answers
    with the credits freed, the units gained and the credits they hold, and what was returned.

    Raises InvalidCommand where units cannot be taken or given like that, NotAllowed where they
    free nothing or do not pay for one unit, and what Allocate raises for either group.
    """

    kind: ClassVar[str] = "move"
    judged: ClassVar[bool] = True

    source: str
    units: Decimal
    target: str
    seen: int | None = None

    def content(self) -> Mapping[str, Any]:
        return {
            "source": self.source,
            "units": plain_units(self.units),
            "target": self.target,
        }

    def decide(self, books: Books) -> Decision:
        source, target = feature_of(self.source), feature_of(self.target)
        if source.group_id == target.group_id:
            raise InvalidCommand("Choose a feature that is priced apart.", field="target")
        lowered, freed = self.lower(books, source)
        if freed <= 0:
            raise NotAllowed(f"That frees no credits of {source.name}.")
        raised, gained, held = self.fill(books, target, freed)
        return Decision(
            facts=[*lowered.facts, *raised.facts],
            answer={
                "source": source.key,
                "target": target.key,
                "freed": freed,
                "units": gained,
                "credits": held,
                "returned": freed - held,
            },
            subject=f"{source.name} to {target.name}"[:200],
        )

    def lower(self, books: Books, source: Feature) -> tuple[Decision, int]:
        """The statement that takes the units away, and the credits it frees."""
        facts, stated = own_units(books, source, field="source")
        quantity = stated.get(source.key, Decimal(0))
        if not isinstance(quantity, Decimal):
            raise InvalidCommand(
                f"{source.name} is stated by account. Change it there.", field="source"
            )
        is_whole = self.units.is_finite() and self.units == self.units.to_integral_value()
        if not is_whole or not 0 < self.units <= quantity:
            raise InvalidCommand(
                f"Move a whole number of units, at most the {plain_units(quantity, grouped=True)} "
                f"of {source.name}.",
                field="units",
            )
        decision = self.allocation(source, stated | {source.key: quantity - self.units}).decide(
            books
        )
        return decision, held(facts, books) - held(with_new(facts, decision), books)

    def fill(self, books: Books, target: Feature, freed: int) -> tuple[Decision, int, int]:
        """The statement that gives the most whole units within `freed`, how many, their credits."""
        facts, stated = own_units(books, target, field="target")
        quantity: Quantity = stated.get(target.key, Decimal(0))
        if not isinstance(quantity, Decimal):
            raise InvalidCommand(
                f"{target.name} is stated by account. Change it there.", field="target"
            )
        if not facts.is_holding(target.pk, books.now):
            quantity = Decimal(0)  # What was stated before it was switched off stays behind.
        before = held(facts, books)

        def cost(units: int) -> int:
            quantities = stored(stated | {target.key: quantity + units})
            more = UsageReport(at=books.now, quantities=quantities)
            choice = FeatureChoice(feature=target, at=books.now, is_on=True)
            after = replace(facts, reports=[*facts.reports, more], choices=[*facts.choices, choice])
            return held(after, books) - before

        gained = most_units(cost, freed, int(MAX_UNITS - quantity))
        if gained and cost(gained) == 0:
            raise NotAllowed(f"{target.name} needs no credits for that.")
        if not gained:
            raise NotAllowed(
                f"{freed:,} credits do not pay for one unit more of {target.name}, "
                f"which needs {cost(1):,}."
            )
        wanted = self.allocation(target, stated | {target.key: quantity + gained})
        return wanted.decide(books), gained, cost(gained)

    def allocation(self, feature: Feature, quantities: Quantities) -> Allocate:
        """The allocation that one side of the move amounts to."""
        return Allocate(
            customer=self.customer,
            asked=self.asked,
            group=feature.group.key,
            quantities=quantities,
            seen=self.seen,
        )


def feature_of(key: str) -> Feature:
    """A feature by key, with its group. Raises UnknownObject."""
    feature = Feature.objects.select_related("group").filter(key=key).first()
    if feature is None:
        raise UnknownObject("There is no such feature.")
    return feature


def own_units(
    books: Books, feature: Feature, *, field: str
) -> tuple[GroupFacts, dict[str, Quantity]]:
    """A group's facts and what is stated in it, each feature by its own quantity."""
    books.group_by_key(feature.group.key)
    facts = books.group_facts(feature.group_id, books.now)
    report = facts.report.at(books.now)
    stated = dict(quantities_of(report)) if report else {}
    bundled = any(rate.parts for rate in facts.rates)
    if bundled or (SHARED in stated and len(facts.features) > 1):
        raise InvalidCommand(
            f"{feature.name} shares its units with other features. Change it in its drawer.",
            field=field,
        )
    if SHARED in stated:
        stated[feature.key] = stated.pop(SHARED)
    return facts, stated


def with_new(facts: GroupFacts, decision: Decision) -> GroupFacts:
    """A group's facts with those of a decision."""
    return replace(
        facts,
        reports=[*facts.reports, *(f for f in decision.facts if isinstance(f, UsageReport))],
        choices=[*facts.choices, *(f for f in decision.facts if isinstance(f, FeatureChoice))],
    )


def held(facts: GroupFacts, books: Books) -> int:
    """What a group holds now by its facts (credits)."""
    return sum(levels_at(facts, books.now).values())


def most_units(cost: Callable[[int], int], credits: int, limit: int) -> int:
    """The largest number of units, up to a limit, whose cost is within the credits."""
    low, high = 0, 1
    while high <= limit and cost(high) <= credits:
        low, high = high, high * 2
    high = min(high, limit + 1)
    while low + 1 < high:
        middle = (low + high) // 2
        if cost(middle) <= credits:
            low = middle
        else:
            high = middle
    return low
