"""An estimate against what is there now: the difference, split by what made it.

Pure: the lines of a version at its own rates and the groups as they stand go in, rows whose parts
add up to the difference come out (docs/rules.md#reality).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from credits.domain.pricing import RESERVED, Quantities, Quantity, Rate, price, quantity_of, total
from estimator.domain.estimates import Draft
from estimator.domain.needs import GroupNeed
from estimator.domain.plans import FLAT, Plan

NOTHING: frozenset[str] = frozenset()


class Use(StrEnum):
    """How a feature that was estimated is used now."""

    ON = "on"
    """On credits."""
    PAYG = "payg"
    """On pay-as-you-go: its units hold no credits."""
    RELEASED = "released"
    """It held credits once, and holds none now."""
    NEVER = "never"
    """It has held no credits yet."""


@dataclass(frozen=True)
class Present:
    """One allocation group of a customer as it stands."""

    rates: Mapping[str, Rate]
    """In force now, of all its features."""
    quantities: Quantities = field(default_factory=dict)
    """In force now, as they were stated."""
    holding: frozenset[str] = NOTHING
    """The features that are on and on credits."""
    credits: Mapping[str, int] = field(default_factory=dict)
    """What each feature holds, as it is booked."""
    payg: frozenset[str] = NOTHING
    ever: frozenset[str] = NOTHING
    """The features that hold or held credits."""

    def units(self, key: str) -> Quantity:
        """The units that count for a feature, whatever it is paid with."""
        parts = self.rates[key].parts if key in self.rates else ()
        return quantity_of(parts[0] if parts else key, self.quantities)

    def counted(self, key: str, use: Use) -> Quantity:
        """The units of a feature that is used so."""
        return self.units(key) if use in (Use.ON, Use.PAYG) else Decimal(0)

    def use(self, keys: frozenset[str]) -> Use:
        """How features that stand in one row are used, taken together."""
        if any(self.credits.get(key, 0) for key in keys):
            return Use.ON
        if self.payg & keys:
            return Use.PAYG
        if any(key in self.holding and total(self.units(key)) > 0 for key in keys):
            return Use.ON
        return Use.RELEASED if self.ever & keys else Use.NEVER


@dataclass(frozen=True)
class Row:
    """What was estimated together, against what it holds now (credits).

    One line of the estimate; or all lines of a group whose features share one number of units.
    """

    group: str
    keys: tuple[str, ...]
    """The features of its lines."""
    typed: Quantity
    """Units as they were typed."""
    planned: Quantity
    """Units that growth, a start or a ramp make of them by now, as they are counted."""
    plan: Plan
    units: Quantity
    """Units that are there now, whatever they are paid with; none of what is off."""
    use: Use
    estimated: int
    """At the units planned for now and the version's own rates for now."""
    held: int
    by_units: int
    """What other units make, at the version's rates."""
    by_rates: int
    """What other rates make, at the units of now, as far as they are booked."""
    by_reservation: int
    """What a reservation holds beyond the units of now, to the end of its period."""
    by_others: int
    """What features of the group hold that are in no line."""
    others: tuple[str, ...] = ()
    """These features."""

    @property
    def difference(self) -> int:
        """Credits held beyond those estimated; below zero where it is fewer."""
        return self.held - self.estimated

    @property
    def is_planned(self) -> bool:
        """Whether the units of now are others than those typed, by plan."""
        return total(self.typed) != total(self.planned)


@dataclass(frozen=True)
class Unplanned:
    """A feature that holds credits and is in no line."""

    key: str
    units: Quantity
    held: int


@dataclass(frozen=True)
class Reality:
    """A whole estimate against all that is held. Its parts add up to the difference."""

    rows: tuple[Row, ...]
    unplanned: tuple[Unplanned, ...]
    reserve: int = 0
    """Credits that the estimate keeps free, held by nothing."""

    @cached_property
    def estimated(self) -> int:
        """Credits of the lines, without the reserve."""
        return sum(row.estimated for row in self.rows)

    @cached_property
    def held(self) -> int:
        """All that is allocated."""
        return self.held_for_lines + self.not_estimated

    @cached_property
    def held_for_lines(self) -> int:
        """What the features of the lines hold."""
        return sum(row.held - row.by_others for row in self.rows)

    @property
    def difference(self) -> int:
        return self.held - self.estimated

    @cached_property
    def by_units(self) -> int:
        return sum(row.by_units for row in self.rows)

    @cached_property
    def by_rates(self) -> int:
        return sum(row.by_rates for row in self.rows)

    @cached_property
    def by_reservation(self) -> int:
        return sum(row.by_reservation for row in self.rows)

    @cached_property
    def not_estimated(self) -> int:
        """What features hold that are in no line."""
        own = sum(row.by_others for row in self.rows)
        return own + sum(one.held for one in self.unplanned)

    @property
    def moved(self) -> list[Row]:
        """The rows that differ, the largest difference first."""
        differing = [row for row in self.rows if row.difference]
        return sorted(differing, key=lambda row: (-abs(row.difference), row.keys))


def compare(
    draft: Draft,
    planned: Mapping[str, GroupNeed],
    present: Mapping[str, Present],
    reserve: int = 0,
) -> Reality:
    """Set an estimate, as it was planned for now, against every group as it stands.

    `planned` are the draft's lines by group, at the units and the version's rates for now. A group
    that is missing from `present` holds nothing.
    """
    rows: list[Row] = []
    for group, need in planned.items():
        there = present.get(group, Present(need.rates))
        make = shared_rows if need.shared else own_rows
        rows.extend(make(group, need, there, draft))
    place = {key: number for number, key in enumerate(draft.quantities)}
    rows.sort(key=lambda row: place[row.keys[0]])
    return Reality(tuple(rows), tuple(unplanned(planned, present)), reserve)


def own_rows(group: str, need: GroupNeed, there: Present, draft: Draft) -> Iterator[Row]:
    """A row per line, where each feature has units of its own."""
    own = frozenset(need.lines)
    then = price(need.rates, there.quantities, there.holding & own)
    now = price(there.rates, there.quantities, there.holding & own)
    for key in need.lines:
        held = there.credits.get(key, 0)
        is_reserved = need.rates[key].model == RESERVED
        kept = held - now.get(key, 0) if is_reserved else 0
        yield Row(
            group=group,
            keys=(key,),
            typed=draft.quantities[key],
            planned=need.counted[key],
            plan=draft.plan(key),
            units=there.counted(key, use := there.use(frozenset({key}))),
            use=use,
            estimated=need.levels[key],
            held=held,
            by_units=then.get(key, 0) - need.levels[key],
            by_rates=held - kept - then.get(key, 0),
            by_reservation=kept,
            by_others=0,
        )


def shared_rows(group: str, need: GroupNeed, there: Present, draft: Draft) -> Iterator[Row]:
    """One row for a group whose features share their units: a bundle and its parts."""
    own = frozenset(need.lines) | parts_in(need)
    then = sum(price(need.rates, there.quantities, there.holding & own).values())
    now = sum(price(there.rates, there.quantities, there.holding & own).values())
    whole = sum(price(there.rates, there.quantities, there.holding).values())
    held = sum(there.credits.values())
    bundles = {key for key, rate in there.rates.items() if own.intersection(rate.parts)}
    use = there.use(own | bundles)
    widest = max(need.lines, key=lambda key: total(draft.quantities[key]))
    yield Row(
        group=group,
        keys=tuple(need.lines),
        typed=draft.quantities[widest],
        planned=need.units,
        plan=draft.plan(widest),
        units=there.counted(widest, use),
        use=use,
        estimated=need.level,
        held=held,
        by_units=then - need.level,
        by_rates=held - (whole - now) - then,
        by_reservation=0,
        by_others=whole - now,
        others=tuple(
            key for key in there.rates if key in there.holding - own and not there.rates[key].parts
        ),
    )


def parts_in(need: GroupNeed) -> frozenset[str]:
    """The parts of the bundles that are estimated."""
    return frozenset(part for key in need.lines for part in need.rates[key].parts)


def unplanned(
    planned: Mapping[str, GroupNeed], present: Mapping[str, Present]
) -> Iterator[Unplanned]:
    """The features that hold credits and stand in no row."""
    for group, there in present.items():
        need = planned.get(group)
        if need is not None and need.shared:
            continue
        for key, held in there.credits.items():
            if held and (need is None or key not in need.lines):
                yield Unplanned(key, there.units(key), held)


def redrawn(draft: Draft, found: Reality) -> Draft:
    """The estimate with the units that are there now, for the calculator.

    What is on takes its units of now and goes on growing as planned; what was never on stays as
    it was planned, and what was released or pays as it goes is left out. What was not estimated
    comes after.
    """
    quantities: dict[str, Quantity] = {}
    plans: dict[str, Plan] = {}
    for row in found.rows:
        for key in row.keys:
            plan = draft.plan(key)
            if row.use == Use.NEVER:
                quantities[key] = draft.quantities[key]
            elif row.use == Use.ON and total(row.units) > 0:
                quantities[key], plan = row.units, Plan(growth=plan.growth)
            else:
                continue
            if plan != FLAT:
                plans[key] = plan
        quantities.update(dict.fromkeys(row.others, row.units))
    quantities.update({one.key: one.units for one in found.unplanned if total(one.units) > 0})
    return Draft(quantities, draft.years, draft.overlap, plans, draft.reserve)
