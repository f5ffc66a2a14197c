"""What the books must say, worked out from first principles and by brute force.

Nothing here comes from the product: facts are kept as they were stated, and every question walks
through all of them. The law it follows is docs/rules.md (terms, reports, choices, undo, rates).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from tests.oracle_reservation import Event, Period, roll_overs, running

RESERVATION = "usage_reservation"
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
    typed: bool = True
    """By a person; else stated by a system."""


@dataclass(frozen=True, kw_only=True)
class Choice(Fact):
    on: bool
    payg: bool = False
    until: datetime | None = None
    """The end of the pay-as-you-go contract: from then on it is paid with credits again."""

    def is_payg(self, at: datetime) -> bool:
        return self.payg and (self.until is None or at < self.until)


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
    reservations: set[str] = field(default_factory=set)

    def state(self, fact: Fact) -> None:
        self.facts.setdefault((type(fact), fact.about), []).append(fact)
        if isinstance(fact, Rate) and fact.about not in self.members.setdefault(fact.group, []):
            self.members[fact.group].append(fact.about)
        if isinstance(fact, Rate) and fact.model == RESERVATION:
            self.reservations.add(fact.about)

    def reverse(self, operation: int, *, by: int, recorded_at: datetime) -> None:
        self.reversals[operation] = (by, recorded_at)

    def forget(self, operation: int) -> None:
        """An operation that was refused has stated and reversed nothing."""
        self.reversals = {
            reversed_: (by, at) for reversed_, (by, at) in self.reversals.items() if by != operation
        }
        for facts in self.facts.values():
            facts[:] = [fact for fact in facts if fact.operation != operation]

    def stated_by(self, operation: int) -> Iterator[Fact]:
        """The facts an operation brought."""
        for facts in self.facts.values():
            yield from (fact for fact in facts if fact.operation == operation)

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
            if rate.model == RESERVATION:
                held[member] = self.reserved(member, at, known)
                continue
            units = report.units.get(member, report.units.get("units", Fraction(0)))
            if member in on and not rate.parts:
                held[member] = cost(rate, units)
        for member, rate in rates.items():
            if rate.parts and on.issuperset(rate.parts):
                held.update(dict.fromkeys(rate.parts, 0))
                held[member] = cost(rate, report.units.get("units", Fraction(0)))
        return held

    def holds(self, feature: str, at: datetime, known: datetime, by_itself: bool) -> bool:
        choice = self.choice(feature, at, known)
        return by_itself if choice is None else choice.on and not choice.is_payg(at)

    def choice(self, feature: str, at: datetime, known: datetime) -> Choice | None:
        choice = self.in_force(Choice, feature, at, known)
        return choice if isinstance(choice, Choice) else None

    def reserved(self, feature: str, at: datetime, known: datetime) -> int:
        """Credits of a usage reservation: the highest of its period, at the rate of its start."""
        period = self.period(feature, at, known)
        rate = self.in_force(Rate, feature, period.start, known) if period else None
        return cost(rate, period.highest) if period and isinstance(rate, Rate) else 0

    def period(self, feature: str, at: datetime, known: datetime) -> Period | None:
        """The period of a usage reservation that runs at an instant, walked to from the start.

        What is in force when the feature is switched on counts as stated then.
        """
        stated = {report.at for report in self.known(Report, feature, at, known)}
        choices = [c for c in self.known(Choice, feature, at, known) if isinstance(c, Choice)]
        switched = {c.at for c in choices} | {c.until for c in choices if c.until}
        events, was_on = [], True
        for moment in sorted(stated | switched):
            is_on = self.holds(feature, moment, known, by_itself=True)
            event = Event(moment, is_on)
            report = self.in_force(Report, feature, moment, known)
            if isinstance(report, Report) and (moment in stated or (is_on and not was_on)):
                event = Event(moment, is_on, own_units(report, feature), report.typed)
            events.append(event)
            was_on = is_on
        return running(events, at)

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
        instants = {*(fact.at for fact in facts), *(end for end in ends if end)}
        return sorted(instants | self.roll_overs())

    def roll_overs(self) -> set[datetime]:
        """Every instant at which a period of a usage reservation may end, and change a level."""
        found: set[datetime] = set()
        for feature in self.reservations:
            stated = [
                *self.facts.get((Report, feature), ()),
                *self.facts.get((Choice, feature), ()),
            ]
            ends = (getattr(fact, "until", None) for fact in stated)
            moments = {*(fact.at for fact in stated), *(end for end in ends if end)}
            rates = {rate.at for rate in self.facts.get((Rate, feature), ())}
            found |= roll_overs(moments, max(moments | rates))
        return found


def own_units(report: Report, feature: str) -> Fraction:
    """All units stated of a feature that is alone in its group."""
    units = report.units.get(feature, report.units.get("units", Fraction(0)))
    return sum(units.values(), Fraction(0)) if isinstance(units, Mapping) else units


def cost(rate: Rate, units: Units) -> int:
    """Whole credits, half up, for the units of one feature."""
    accounts = list(units.values()) if isinstance(units, Mapping) else [units]
    number = sum(accounts, Fraction(0))
    if rate.model == "fixed_per_asset" and isinstance(units, Mapping):
        number = Fraction(len(units))
    if rate.model in ("throughput_block", "volume_pack", RESERVATION):
        number = Fraction(math.ceil(number / rate.block))
    if rate.model == "tiered":
        steps = [math.ceil(account / rate.block) * rate.credits for account in accounts]
        return sum(
            half_up(step) if rate.cap is None else min(rate.cap, half_up(step)) for step in steps
        )
    return half_up(number * rate.credits)


def half_up(number: Fraction) -> int:
    return math.floor(number + Fraction(1, 2))
