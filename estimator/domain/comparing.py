"""Up to four estimates, or versions of them, side by side (docs/rules.md#comparing).

The newest version of an estimate stands at today's rates, an older one as it was saved. What to buy
is live for each: on the customer's position, at today's rates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from uuid import UUID

from django.db.models import F, Q

from credits import clock
from credits.domain.booking import pricing_rate
from credits.domain.figures import Position
from credits.domain.pricing import Quantity, Rate
from credits.exceptions import InvalidCommand, UnknownObject
from credits.models import Customer, Feature
from estimator.domain.advice import Advice, advice_of, advise
from estimator.domain.contents import drafted, frozen
from estimator.domain.course import Course, course_of, nothing_held
from estimator.domain.estimates import Draft, Priced, PricedLine, price_estimate
from estimator.domain.line_words import quantity_words
from estimator.domain.plans import Plan
from estimator.domain.price_list import PriceList
from estimator.domain.repricing import by_key, not_on_offer, on_offer
from estimator.models import Estimate, EstimateVersion

MOST = 4
"""Scenarios side by side."""


@dataclass(frozen=True)
class Wanted:
    """One scenario that is asked for: an estimate, or one version of it."""

    estimate: UUID
    version: int | None = None
    """None: the newest."""

    def __str__(self) -> str:
        return f"{self.estimate}@{self.version}" if self.version else str(self.estimate)


@dataclass(frozen=True)
class Item:
    """One feature of a scenario: a line, or a bundle that follows from its parts."""

    feature: Feature
    quantity: Quantity | None
    """As stated; None for a bundle that only follows."""
    plan: Plan
    priced: PricedLine
    rate: Rate

    @property
    def credits(self) -> int:
        return self.priced.credits

    @property
    def units_text(self) -> str:
        """Its units in words."""
        return quantity_words(self.quantity, self.feature)


@dataclass(frozen=True)
class Counted:
    """What is counted of an estimate, and at which rates."""

    draft: Draft
    prices: PriceList

    @cached_property
    def priced(self) -> Priced:
        return price_estimate(self.draft, self.prices.now, {})

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """All that holds the level, apart from the reserve: the lines in their order first."""
        return {
            key: Item(
                feature=self.prices.offers[key].feature,
                quantity=self.draft.quantities.get(key),
                plan=self.draft.plan(key),
                priced=line,
                rate=pricing_rate(self.prices.offers[key].rate),
            )
            for key, line in by_key(self.priced).items()
        }


@dataclass(frozen=True)
class Scenario:
    """One column of a comparison."""

    version: EstimateVersion
    """Its estimate is read with it."""
    is_newest: bool
    counted: Counted
    """Of the newest version what takes allocations today, at today's rates; of an older one all
    that was saved, at the rates then."""
    left_out: tuple[str, ...]
    """The names of features that are stated, and take no allocations today."""
    course: Course
    """What it needs over its term, at its own rates."""
    advice: Advice
    """What to buy from now on, at today's rates."""

    @property
    def estimate(self) -> Estimate:
        found: Estimate = self.version.estimate
        return found

    @property
    def name(self) -> str:
        """What it was called when the version was saved."""
        found: str = self.version.content["name"]
        return found

    @property
    def priced(self) -> Priced:
        return self.counted.priced

    @property
    def wanted(self) -> Wanted:
        """What an address asks for to show it again."""
        return Wanted(self.estimate.public_id, None if self.is_newest else self.version.number)

    def level_on(self, at: datetime) -> int | None:
        """The level to hold at an instant; None outside its term."""
        if not self.course.begins_at <= at < self.course.ends_at:
            return None
        held = [moment.level for moment in self.course.moments if moment.at <= at]
        return held[-1]


@dataclass(frozen=True)
class Era:
    """A day from which at least one scenario needs something else."""

    day: date
    levels: tuple[int | None, ...]


def scenario_of(version: EstimateVersion, today: PriceList, position: Position) -> Scenario:
    """A version as one column; one query where it is not the newest of its estimate."""
    stated = drafted(version.content)
    open_now = on_offer(stated, today)
    if version.number == version.estimate.version:
        course = course_of(open_now, today, position)
        names = [name_of(key, today) for key in not_on_offer(stated, today)]
        return Scenario(
            version=version,
            is_newest=True,
            counted=Counted(open_now, today),
            left_out=tuple(names),
            course=course,
            advice=advice_of(course),
        )
    prices = frozen(version).prices
    return Scenario(
        version=version,
        is_newest=False,
        counted=Counted(stated, prices),
        left_out=(),
        course=course_of(stated, prices, nothing_held(version.saved_at)),
        advice=advise(open_now, today, position),
    )


def name_of(key: str, prices: PriceList) -> str:
    offer = prices.offers.get(key)
    return offer.feature.name if offer else key


def read_wanted(texts: Sequence[str]) -> list[Wanted]:
    """What an address asks for, each once. Raises UnknownObject for what cannot be meant, and
    InvalidCommand for more than four."""
    found: dict[Wanted, None] = {}
    for text in texts:
        name, at, number = text.partition("@")
        try:
            estimate = UUID(name)
        except ValueError:
            raise UnknownObject("There is no such estimate.") from None
        if at and not (number.isascii() and number.isdigit() and len(number) <= 6):
            raise UnknownObject("There is no such version.")
        found[Wanted(estimate, int(number) if at else None)] = None
    if len(found) > MOST:
        raise InvalidCommand(
            f"Up to {MOST} estimates stand side by side. You chose {len(found)}: leave some out."
        )
    return list(found)


def versions_of(customer: Customer, wanted: Sequence[Wanted]) -> list[EstimateVersion]:
    """The versions that are asked for, in that order; one query.

    Raises UnknownObject where one of them is not the customer's.
    """
    if not wanted:
        return []
    meant = Q(pk__in=())
    for one in wanted:
        number = one.version if one.version is not None else F("estimate__version")
        meant |= Q(estimate__public_id=one.estimate, number=number)
    rows = EstimateVersion.objects.filter(meant, estimate__customer=customer)
    found = {
        (version.estimate.public_id, version.number): version
        for version in rows.select_related("estimate__customer", "saved_by")
    }
    newest = {v.estimate.public_id: v.estimate.version for v in found.values()}
    keys = [(w.estimate, w.version or newest.get(w.estimate, 0)) for w in wanted]
    if not found.keys() >= set(keys):
        raise UnknownObject("There is no such estimate.")
    return [found[key] for key in dict.fromkeys(keys)]


def rows(scenarios: Sequence[Scenario]) -> list[tuple[Feature, tuple[Item | None, ...]]]:
    """Each feature that one of them has, in the order of the first, then of the others."""
    keys = dict.fromkeys(key for scenario in scenarios for key in scenario.counted.items)
    found = []
    for key in keys:
        items = tuple(scenario.counted.items.get(key) for scenario in scenarios)
        feature = next(item.feature for item in items if item is not None)
        found.append((feature, items))
    return found


def eras(scenarios: Sequence[Scenario]) -> Iterator[Era]:
    """The days from which a level is another one, and what each needs from then on."""
    instants = {moment.at for scenario in scenarios for moment in scenario.course.moments}
    instants |= {scenario.course.ends_at for scenario in scenarios}
    days = sorted({clock.day_of(at) for at in instants})
    before: tuple[int | None, ...] = ()
    for day in days:
        last = max(at for at in instants if clock.day_of(at) == day)
        levels = tuple(scenario.level_on(last) for scenario in scenarios)
        if levels != before and any(level is not None for level in levels):
            yield Era(day, levels)
        before = levels
