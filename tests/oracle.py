"""What the books must say, worked out from first principles and by brute force.

Nothing here comes from the product: facts are kept as they were stated, and every question walks
through all of them. The law it follows is docs/rules.md (terms, reports, choices, undo, rates).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

Units = Fraction | Mapping[str, Fraction]
Subject = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """From `at` on it is so; stated by the operation of this number, recorded then."""

    operation: int
    recorded_at: datetime
    at: datetime
    about: str


@dataclass(frozen=True, kw_only=True)
class Term(Fact):
    credits: int
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class Report(Fact):
    units: Mapping[str, Units]
    revision: int = 0


@dataclass(frozen=True, kw_only=True)
class Choice(Fact):
    holds: bool
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Rate(Fact):
    group: str
    model: str
    credits: Fraction
    block: Fraction = Fraction(1)
    cap: int | None = None
    parts: tuple[str, ...] = ()


@dataclass
class Oracle:
    """One customer: all that was stated, and which operations were reversed when."""

    facts: dict[tuple[type[Fact], str], list[Fact]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    reversals: dict[int, tuple[int, datetime]] = field(default_factory=dict)

    def state(self, fact: Fact) -> None:
        self.facts.setdefault((type(fact), fact.about), []).append(fact)
        if isinstance(fact, Rate) and fact.about not in self.members.setdefault(fact.group, []):
            self.members[fact.group].append(fact.about)

    def reverse(self, operation: int, *, by: int, recorded_at: datetime) -> None:
        self.reversals[operation] = (by, recorded_at)

    def forget(self, operation: int) -> None:
        """An operation that was refused has stated and reversed nothing."""
        self.reversals = {
            reversed_: (by, at) for reversed_, (by, at) in self.reversals.items() if by != operation
        }
        for facts in self.facts.values():
            facts[:] = [fact for fact in facts if fact.operation != operation]

    def known(self, kind: type[Fact], about: str, at: datetime, known: datetime) -> list[Fact]:
        """Facts about one thing that have begun at `at`, and at `known` stood."""
        return [
            fact
            for fact in self.facts.get((kind, about), ())
            if fact.at <= at
            and fact.recorded_at <= known
            and not self.is_reversed(fact.operation, known)
        ]

    def is_reversed(self, operation: int, known: datetime) -> bool:
        return operation in self.reversals and self.reversals[operation][1] <= known

    def in_force(self, kind: type[Fact], about: str, at: datetime, known: datetime) -> Fact | None:
        """Terms and choices: the latest statement. Reports and rates: the newest instant."""
        begun = self.known(kind, about, at, known)
        if kind in (Term, Choice):
            return max(begun, key=lambda fact: fact.operation, default=None)
        return max(
            begun,
            key=lambda fact: (fact.at, getattr(fact, "revision", 0), fact.operation),
            default=None,
        )

    def license(self, name: str, at: datetime, known: datetime) -> int:
        term = self.in_force(Term, name, at, known)
        if not isinstance(term, Term) or (term.until is not None and term.until <= at):
            return 0
        return term.credits

    def group(self, name: str, at: datetime, known: datetime) -> dict[str, int]:
        """Credits per feature of a group."""
        members = self.members[name]
        report = self.in_force(Report, name, at, known)
        held = dict.fromkeys(members, 0)
        if not isinstance(report, Report):
            return held
        rates = {
            member: rate
            for member in members
            if isinstance(rate := self.in_force(Rate, member, at, known), Rate)
        }
        by_itself = len(members) == 1 or "units" not in report.units
        on = {member for member in members if self.holds(member, at, known, by_itself)}
        for member, rate in rates.items():
            units = report.units.get(member, report.units.get("units", Fraction(0)))
            if member in on and not rate.parts:
                held[member] = cost(rate, units)
        for member, rate in rates.items():
            if rate.parts and on.issuperset(rate.parts):
                held.update(dict.fromkeys(rate.parts, 0))
                held[member] = cost(rate, report.units.get("units", Fraction(0)))
        return held

    def holds(self, feature: str, at: datetime, known: datetime, by_itself: bool) -> bool:
        choice = self.in_force(Choice, feature, at, known)
        if not isinstance(choice, Choice) or (choice.until is not None and choice.until <= at):
            return by_itself
        return choice.holds

    def levels(self, at: datetime, known: datetime) -> dict[Subject, int]:
        """Credits of every license and feature that has any."""
        found = {
            ("valid", about): self.license(about, at, known)
            for kind, about in self.facts
            if kind is Term
        }
        for group in [about for kind, about in self.facts if kind is Report]:
            for feature, credits in self.group(group, at, known).items():
                found["allocated", feature] = credits
        return {subject: credits for subject, credits in found.items() if credits}

    def figure(self, at: datetime, known: datetime) -> tuple[int, int]:
        """Valid and allocated credits."""
        levels = self.levels(at, known)
        return (
            sum(credits for (side, _), credits in levels.items() if side == "valid"),
            sum(credits for (side, _), credits in levels.items() if side == "allocated"),
        )

    def balance(self, at: datetime, known: datetime) -> int:
        valid, allocated = self.figure(at, known)
        return valid - allocated

    def instants(self) -> list[datetime]:
        """Every instant at which a figure may change by what has been stated."""
        facts = [
            fact
            for stated in self.facts.values()
            for fact in stated
            if not isinstance(fact, Rate) or (Report, fact.group) in self.facts
        ]
        ends = (getattr(fact, "until", None) for fact in facts)
        return sorted({*(fact.at for fact in facts), *(end for end in ends if end)})


def cost(rate: Rate, units: Units) -> int:
    """Whole credits, half up, for the units of one feature."""
    accounts = list(units.values()) if isinstance(units, Mapping) else [units]
    number = sum(accounts, Fraction(0))
    if rate.model == "fixed_per_asset" and isinstance(units, Mapping):
        number = Fraction(len(units))
    if rate.model in ("throughput_block", "volume_pack"):
        number = Fraction(math.ceil(number / rate.block))
    if rate.model == "tiered":
        steps = [math.ceil(account / rate.block) * rate.credits for account in accounts]
        return sum(
            half_up(step) if rate.cap is None else min(rate.cap, half_up(step)) for step in steps
        )
    return half_up(number * rate.credits)


def half_up(number: Fraction) -> int:
    return math.floor(number + Fraction(1, 2))
