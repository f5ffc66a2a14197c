"""The one primitive: wanted levels against the ledger, difference out.

A *course* is a level over time, written as signed changes: the change at its first instant is
the whole level there, each later one a step. What is booked is wanted minus held, step by step,
so booking the same twice books nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from credits.domain.pricing import SHARED, Quantities, Rate, price
from credits.models import (
    BillingModel,
    Fact,
    FeatureChoice,
    FeatureRate,
    LedgerEntry,
    LicenseTerm,
    UsageReport,
)

Course = Mapping[datetime, int]
FactT = TypeVar("FactT", bound=Fact)


@dataclass(frozen=True)
class GroupFacts:
    """All that decides a group's levels from an instant on: the pure function's whole input."""

    features: Mapping[int, str]
    reports: Sequence[UsageReport]
    choices: Sequence[FeatureChoice]
    rates: Sequence[FeatureRate]


def course(
    level: Callable[[datetime], int], instants: Iterable[datetime], start: datetime
) -> Course:
    """The changes of a level from `start` on, given the instants at which it may change."""
    changes: dict[datetime, int] = {}
    before = 0
    for instant in sorted({start, *(at for at in instants if at > start)}):
        changes[instant] = level(instant) - before
        before += changes[instant]
    return changes


def held_course(credits: int, entries: Iterable[LedgerEntry], start: datetime) -> Course:
    """What the ledger holds: a level at `start` and the entries effective after it."""
    changes = Counter({start: credits})
    for entry in entries:
        changes[entry.effective_at] += entry.credits
    return changes


def difference(wanted: Course, held: Course) -> list[tuple[datetime, int]]:
    """What must be booked so that the ledger holds what is wanted, in time order."""
    instants = sorted({*wanted, *held})
    steps = ((at, wanted.get(at, 0) - held.get(at, 0)) for at in instants)
    return [(at, credits) for at, credits in steps if credits]


def license_course(terms: Sequence[LicenseTerm], start: datetime) -> Course:
    """The credits a license gives over time; its last instant is `until`, exclusive."""

    def level(at: datetime) -> int:
        term = latest_stated(terms, at)
        return term.credits if term and (term.until is None or at < term.until) else 0

    return course(level, [*(t.at for t in terms), *(t.until for t in terms if t.until)], start)


def group_courses(facts: GroupFacts, start: datetime) -> dict[int, Course]:
    """The credits each feature of a group holds over time, by feature id."""
    instants = [fact.at for fact in (*facts.reports, *facts.choices, *facts.rates)]
    instants += [choice.until for choice in facts.choices if choice.until]
    priced: dict[datetime, dict[int, int]] = {}

    def levels(at: datetime) -> dict[int, int]:
        if at not in priced:
            priced[at] = levels_at(facts, at)
        return priced[at]

    return {
        feature: course(lambda at, f=feature: levels(at).get(f, 0), instants, start)  # type: ignore[misc]
        for feature in facts.features
    }


def levels_at(facts: GroupFacts, at: datetime) -> dict[int, int]:
    """Credits per feature id of a group at an instant: the pure function of what is in force."""
    rates = {
        key: pricing_rate(rate)
        for feature, key in facts.features.items()
        if (rate := newest([r for r in facts.rates if r.feature_id == feature], at))
    }
    report = newest(facts.reports, at)
    if report is None:
        return dict.fromkeys(facts.features, 0)
    credits = price(rates, quantities_of(report), holding_at(facts, report, at))
    return {feature: credits.get(key, 0) for feature, key in facts.features.items()}


def holding_at(facts: GroupFacts, report: UsageReport, at: datetime) -> set[str]:
    """The keys of the features that are on and on credits, under the report in force."""
    shared = len(facts.features) > 1 and SHARED in report.quantities
    return {
        key
        for feature, key in facts.features.items()
        if is_holding([c for c in facts.choices if c.feature_id == feature], at, default=not shared)
    }


def is_holding(choices: Sequence[FeatureChoice], at: datetime, *, default: bool) -> bool:
    """Whether a feature is on and on credits: by its choice in force, else by default.

    A feature nobody has chosen for is on, so that what is deployed counts by itself; where one
    quantity serves several features each must be chosen (docs/rules.md, feature choice).
    """
    choice = latest_stated(choices, at)
    if choice is None or (choice.until is not None and at >= choice.until):
        return default
    return choice.is_on and choice.billing_model == BillingModel.CREDITS


def latest_stated(facts: Sequence[FactT], at: datetime) -> FactT | None:
    """Of the facts begun, the one of the latest operation (terms and choices)."""
    begun = [fact for fact in facts if fact.at <= at]
    return max(begun, key=stated_order, default=None)


def newest(facts: Sequence[FactT], at: datetime) -> FactT | None:
    """The fact of the newest instant; there the higher revision, then the later operation."""
    begun = [fact for fact in facts if fact.at <= at]
    return max(
        begun,
        key=lambda fact: (fact.at, getattr(fact, "revision", 0), stated_order(fact)),
        default=None,
    )


def stated_order(fact: Fact) -> tuple[bool, int, int]:
    """Facts of the operation being written have no id yet and come after all others."""
    operation_id: int | None = fact.operation_id  # type: ignore[attr-defined]
    return (operation_id is None, operation_id or 0, fact.pk or 0)


def pricing_rate(rate: FeatureRate) -> Rate:
    """What pricing reads of a rate row."""
    return Rate(
        model=rate.model,
        credits=rate.credits,
        block=rate.block,
        cap=rate.cap,
        parts=tuple(rate.parts),
    )


def quantities_of(report: UsageReport) -> Quantities:
    """A report's quantities as exact decimals."""
    return {
        key: {account: Decimal(units) for account, units in value.items()}
        if isinstance(value, dict)
        else Decimal(value)
        for key, value in report.quantities.items()
    }
