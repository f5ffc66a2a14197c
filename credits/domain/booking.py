"""The one primitive: wanted levels against the ledger, difference out.

A *course* is a level over time, written as signed changes: the change at its first instant is
the whole level there, each later one a step. What is booked is wanted minus held, step by step,
so booking the same twice books nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from credits.domain.in_force import InForce, latest_stated
from credits.domain.pricing import RESERVED, SHARED, Quantities, Rate, price, quantity_of, total
from credits.domain.reservation import Moment, Statement, reserved_levels
from credits.models import (
    BillingModel,
    FeatureChoice,
    FeatureRate,
    LedgerEntry,
    LicenseTerm,
    UsageReport,
)

Course = Mapping[datetime, int]


@dataclass(frozen=True)
class GroupFacts:
    """All that decides a group's levels from an instant on: the pure function's whole input."""

    features: Mapping[int, str]
    reports: Sequence[UsageReport]
    choices: Sequence[FeatureChoice]
    rates: Sequence[FeatureRate]

    @cached_property
    def report(self) -> InForce[UsageReport]:
        """The statement of quantities in force at any instant."""
        return InForce.by_instant(self.reports)

    @cached_property
    def choice(self) -> Mapping[int, InForce[FeatureChoice]]:
        """Each feature's choice in force at any instant."""
        return {
            feature: InForce.by_operation([c for c in self.choices if c.feature_id == feature])
            for feature in self.features
        }

    @cached_property
    def rate(self) -> Mapping[int, InForce[FeatureRate]]:
        """Each feature's rate in force at any instant."""
        return {
            feature: InForce.by_instant([r for r in self.rates if r.feature_id == feature])
            for feature in self.features
        }

    @cached_property
    def moments(self) -> set[datetime]:
        """The instants at which a fact begins or a contract ends."""
        begun = {fact.at for fact in (*self.reports, *self.choices, *self.rates)}
        return begun | {choice.until for choice in self.choices if choice.until}

    @cached_property
    def reserved(self) -> Mapping[int, Mapping[datetime, int]]:
        """The levels of the features with a usage reservation, which reads all of the past."""
        return {
            feature: reserved_levels(self.reservation_moments(feature), self.pricing_rate(feature))
            for feature in {r.feature_id for r in self.rates if r.model == RESERVED}
        }

    @cached_property
    def known_levels(self) -> dict[datetime, dict[int, int]]:
        """The levels worked out so far, by instant."""
        return {}

    @cached_property
    def reserved_instants(self) -> Mapping[int, Sequence[datetime]]:
        """The instants of the reserved levels, in time order."""
        return {feature: sorted(levels) for feature, levels in self.reserved.items()}

    def reserved_at(self, feature: int, at: datetime) -> int:
        """What a reservation holds at an instant (credits)."""
        instants = self.reserved_instants[feature]
        begun = bisect_right(instants, at)
        return self.reserved[feature][instants[begun - 1]] if begun else 0

    @property
    def instants(self) -> set[datetime]:
        """Every instant at which a level of the group may change."""
        return self.moments.union(*self.reserved.values())

    def pricing_rate(self, feature: int) -> Callable[[datetime], Rate | None]:
        """What pricing reads of a feature's rate in force at an instant."""

        def rate_at(at: datetime) -> Rate | None:
            rate = self.rate[feature].at(at)
            return pricing_rate(rate) if rate else None

        return rate_at

    def reservation_moments(self, feature: int) -> Iterable[Moment]:
        """What a reservation reads, in time order."""
        key = self.features[feature]
        for at in sorted(self.moments):
            report = self.report.at(at)
            statement = None
            if report:
                quantity = total(quantity_of(key, quantities_of(report)))
                statement = Statement(quantity, report.by_hand)
            yield Moment(
                at=at,
                counts=bool(self.rate[feature].at(at)) and self.is_holding(feature, at),
                in_force=statement,
                is_new=report is not None and report.at == at,
            )

    def is_holding(self, feature: int, at: datetime) -> bool:
        """Whether a feature is on and on credits, under the statement in force."""
        report = self.report.at(at)
        shared = len(self.features) > 1 and report is not None and SHARED in report.quantities
        return chosen(self.choice[feature].at(at), at, default=not shared)


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
    instants = sorted({start, *(at for at in facts.instants if at > start)})
    levels = {at: levels_at(facts, at) for at in instants}
    return {
        feature: course(lambda at, f=feature: levels[at][f], instants, start)  # type: ignore[misc]
        for feature in facts.features
    }


def levels_at(facts: GroupFacts, at: datetime) -> dict[int, int]:
    """Credits per feature id of a group at an instant: the pure function of what is in force."""
    if at not in facts.known_levels:
        facts.known_levels[at] = priced_at(facts, at)
    return facts.known_levels[at]


def priced_at(facts: GroupFacts, at: datetime) -> dict[int, int]:
    """The levels at an instant, worked out from quantities and rates."""
    levels = dict.fromkeys(facts.features, 0)
    report = facts.report.at(at)
    if report is not None:
        rates = {
            key: rate
            for feature, key in facts.features.items()
            if (rate := facts.pricing_rate(feature)(at))
        }
        credits = price(rates, quantities_of(report), holding_at(facts, at))
        levels = {feature: credits.get(key, 0) for feature, key in facts.features.items()}
    for feature in facts.reserved:
        levels[feature] = facts.reserved_at(feature, at)
    return levels


def holding_at(facts: GroupFacts, at: datetime) -> set[str]:
    """The keys of the features that are on and on credits, under the report in force."""
    return {key for feature, key in facts.features.items() if facts.is_holding(feature, at)}


def is_holding(choices: Sequence[FeatureChoice], at: datetime, *, default: bool) -> bool:
    """Whether a feature with these choices is on and on credits: by the one in force."""
    return chosen(latest_stated(choices, at), at, default=default)


def chosen(choice: FeatureChoice | None, at: datetime, *, default: bool) -> bool:
    """Whether a choice in force leaves a feature on and on credits.

    A feature nobody has chosen for is on, so that what is deployed counts by itself; where one
    quantity serves several features each must be chosen (docs/rules.md, feature choice). At the
    end of its contract a feature on pay-as-you-go comes back on credits.
    """
    if choice is None:
        return default
    ended = choice.until is not None and at >= choice.until
    return choice.is_on and (ended or choice.billing_model == BillingModel.CREDITS)


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
