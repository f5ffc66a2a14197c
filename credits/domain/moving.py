"""Moving credits from one feature to another in whole units (docs/rules.md#move)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar

from credits.domain.allocations import choice, facts_seen, on_payg, rates_now
from credits.domain.booking import GroupFacts, levels_at, quantities_of
from credits.domain.books import Books
from credits.domain.commands import Command, Decision
from credits.domain.pricing import SHARED, Quantity, total
from credits.domain.quantities import MAX_UNITS, plain_units, stored
from credits.domain.requirements import check_needed, check_open, check_required
from credits.domain.sources import check_by_hand
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import Fact, Feature, FeatureChoice, UsageReport

BY_ACCOUNT = "tiered"
"""The model that prices each account apart, so that a number of units is none of an account."""


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
    by_support: bool = False
    """Support moves them, with a reason, although a system reports them."""

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
            facts=[*lowered, *raised],
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

    def side(self, books: Books, feature: Feature, *, field: str) -> Side:
        """One side as it is now, if units of it may be moved by this person."""
        books.group_by_key(feature.group.key)
        check_by_hand(books, feature.group, by_support=self.by_support, reason=self.asked.reason)
        return read_side(books, feature, field=field, seen=self.seen)

    def lower(self, books: Books, source: Feature) -> tuple[list[Fact], int]:
        """The statement that takes the units away, and the credits it frees."""
        side = self.side(books, source, field="source")
        is_whole = self.units.is_finite() and self.units == self.units.to_integral_value()
        if not is_whole or not 0 < self.units <= side.quantity:
            units = plain_units(side.quantity, grouped=True)
            raise InvalidCommand(
                f"Move a whole number of units, at most the {units} of {source.name}.",
                field="units",
            )
        stated = side.stating(side.quantity - self.units, is_on=side.is_on)
        after = side.with_facts(stated)
        side.check(after)
        return stated, side.held - side.held_by(after)

    def fill(self, books: Books, target: Feature, freed: int) -> tuple[list[Fact], int, int]:
        """The statement that gives the most whole units within `freed`, how many, their credits."""
        side = self.side(books, target, field="target")
        if on_payg(side.facts.choice[target.pk].at(books.now), books.now):
            raise NotAllowed(f"{target.name} is on pay-as-you-go and holds no credits.")
        # What was stated before it was switched off stays behind.
        start = side.quantity if side.is_on else Decimal(0)

        def cost(units: int) -> int:
            stated = side.stating(start + units, is_on=True)
            return side.held_by(side.with_facts(stated)) - side.held

        gained = most_units(cost, freed, int(MAX_UNITS - start))
        if not gained:
            raise NotAllowed(
                f"{freed:,} credits do not pay for one unit more of {target.name}, "
                f"which needs {cost(1):,}."
            )
        if cost(gained) == 0:
            raise NotAllowed(f"{target.name} needs no credits for that.")
        stated = side.stating(start + gained, is_on=True)
        side.check(side.with_facts(stated))
        return stated, gained, cost(gained)


@dataclass(frozen=True)
class Side:
    """One side of a move: a feature, and what its group states and holds before it."""

    books: Books
    feature: Feature
    facts: GroupFacts
    stated: Mapping[str, Quantity]

    @property
    def quantity(self) -> Decimal:
        """The feature's own units."""
        return total(self.stated.get(self.feature.key, Decimal(0)))

    @property
    def is_on(self) -> bool:
        """Whether these units hold credits."""
        return self.facts.is_holding(self.feature.pk, self.books.now)

    @property
    def held(self) -> int:
        """What the group holds before the move (credits)."""
        return self.held_by(self.facts)

    def held_by(self, facts: GroupFacts) -> int:
        """What the group would hold by other facts (credits)."""
        return sum(levels_at(facts, self.books.now).values())

    def stating(self, quantity: Decimal, *, is_on: bool) -> list[Fact]:
        """The group's units with another number for the feature; its neighbors stay as they are."""
        report = UsageReport(
            customer=self.books.customer,
            group=self.feature.group,
            at=self.books.now,
            quantities=stored({**self.stated, self.feature.key: quantity}),
        )
        current = self.facts.choice[self.feature.pk].at(self.books.now)
        if not is_on or (current is None and self.is_on):
            return [report]
        # Stated again, so that undoing an older act leaves the move as it was meant.
        return [report, choice(self.books, self.feature, current, is_on=True)]

    def with_facts(self, stated: Sequence[Fact]) -> GroupFacts:
        """The group's facts with those of the move."""
        return replace(
            self.facts,
            reports=[*self.facts.reports, *(f for f in stated if isinstance(f, UsageReport))],
            choices=[*self.facts.choices, *(f for f in stated if isinstance(f, FeatureChoice))],
        )

    def check(self, after: GroupFacts) -> None:
        """Refuse what stands against an allocation or a release."""
        rates = {r.feature.key: r for r in rates_now(self.facts, self.books)}
        check_open(self.books, self.facts, after, rates)
        check_required(self.books, self.facts, after, rates)
        check_needed(self.books, self.facts, after)


def read_side(books: Books, feature: Feature, *, field: str, seen: int | None) -> Side:
    """One side of a move as it is now.

    Raises InvalidCommand for features that share their units or state them by account, and
    StaleView if they changed since `seen`.
    """
    facts = facts_seen(books, feature.group, seen)
    report = facts.report.at(books.now)
    stated = dict(quantities_of(report)) if report else {}
    rates = {rate.feature_id: rate for rate in rates_now(facts, books)}
    if any(rate.parts for rate in rates.values()) or (SHARED in stated and len(rates) > 1):
        raise InvalidCommand(
            f"{feature.name} shares its units with other features. Change it in its drawer.",
            field=field,
        )
    if SHARED in stated:
        stated[feature.key] = stated.pop(SHARED)
    rate = rates.get(feature.pk)
    by_account = rate is not None and rate.model == BY_ACCOUNT
    if by_account or isinstance(stated.get(feature.key), Mapping):
        raise InvalidCommand(f"{feature.name} is stated by account. Change it there.", field=field)
    return Side(books, feature, facts, stated)


def units_for(books: Books, source: str, credits: int, *, seen: int | None = None) -> Decimal:
    """The fewest whole units of a feature that free at least so many credits.

    Raises InvalidCommand for a number that they cannot free, and what `read_side` raises.
    """
    feature = feature_of(source)
    books.group_by_key(feature.group.key)
    side = read_side(books, feature, field="source", seen=seen)

    def freed(units: int) -> int:
        stated = side.stating(side.quantity - units, is_on=side.is_on)
        return side.held - side.held_by(side.with_facts(stated))

    most = freed(int(side.quantity))
    if most <= 0:
        raise InvalidCommand(f"Moving frees no credits of {feature.name}.", field="source")
    if not 0 < credits <= most:
        raise InvalidCommand(
            f"Move from 1 to {most:,} credits of {feature.name}. You entered {credits:,}.",
            field="units",
        )
    return Decimal(most_units(freed, credits - 1, int(side.quantity)) + 1)


def feature_of(key: str) -> Feature:
    """A feature by key, with its group. Raises UnknownObject."""
    feature = Feature.objects.select_related("group").filter(key=key).first()
    if feature is None:
        raise UnknownObject("There is no such feature.")
    return feature


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
