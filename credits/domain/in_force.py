"""Which of several facts about one subject is in force at an instant (docs/rules.md, writer)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Generic, Self, TypeVar

from credits.models import Fact

FactT = TypeVar("FactT", bound=Fact)


def stated_order(fact: Fact) -> tuple[bool, int, int]:
    """Facts of the operation being written have no id yet and come after all others."""
    operation_id: int | None = fact.operation_id  # type: ignore[attr-defined]
    return (operation_id is None, operation_id or 0, fact.pk or 0)


def instant_order(fact: Fact) -> tuple[datetime, int, tuple[bool, int, int]]:
    """The newest instant; there the higher revision, then the later operation."""
    return (fact.at, getattr(fact, "revision", 0), stated_order(fact))


def later_stated(one: FactT, other: FactT) -> FactT:
    """Of two facts, the one of the later operation."""
    return other if stated_order(other) > stated_order(one) else one


@dataclass(frozen=True)
class InForce(Generic[FactT]):
    """The facts of one subject in the order in which they come into force."""

    instants: Sequence[datetime]
    facts: Sequence[FactT]

    @classmethod
    def by_instant(cls, facts: Iterable[FactT]) -> Self:
        """For reports and rates: of those begun, the one of the newest instant."""
        ordered = sorted(facts, key=instant_order)
        return cls([fact.at for fact in ordered], ordered)

    @classmethod
    def by_operation(cls, facts: Iterable[FactT]) -> Self:
        """For terms and choices: of those begun, the one of the latest operation."""
        begun = sorted(facts, key=instant_order)
        return cls([fact.at for fact in begun], list(accumulate(begun, later_stated)))

    def at(self, instant: datetime) -> FactT | None:
        """The fact in force at an instant, if any has begun."""
        begun = bisect_right(self.instants, instant)
        return self.facts[begun - 1] if begun else None


def latest_stated(facts: Iterable[FactT], at: datetime) -> FactT | None:
    """Of the facts begun, the one of the latest operation (terms and choices)."""
    return max((f for f in facts if f.at <= at), key=stated_order, default=None)


def newest(facts: Iterable[FactT], at: datetime) -> FactT | None:
    """Of the facts begun, the one of the newest instant (reports and rates)."""
    return max((f for f in facts if f.at <= at), key=instant_order, default=None)
