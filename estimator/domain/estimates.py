"""What an estimate comes to: levels, their arithmetic, and what would be left (docs/rules.md, R14).

Pure: quantities, rates and what is held go in, frozen rows of figures come out. Nothing here
enables or allocates anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from credits.domain.pricing import Quantity, Rate, total
from estimator.domain.needs import Basis, GroupNeed, Term, terms_of
from estimator.domain.plans import FLAT, NO_RESERVE, Plan, Reserve, units_in

RatesByGroup = Mapping[str, Mapping[str, Rate]]
"""The rates in force at an instant: by allocation group, then by feature."""


@dataclass(frozen=True)
class Draft:
    """What is estimated: units by feature key, how they change, and what is kept on top."""

    quantities: Mapping[str, Quantity]
    years: int = 1
    overlap: bool = False
    plans: Mapping[str, Plan] = field(default_factory=dict)
    """Of the lines that change over the term, by feature key; none of them is flat."""
    reserve: Reserve = NO_RESERVE

    def plan(self, key: str) -> Plan:
        """How a line's units change; the flat plan where nothing was said."""
        return self.plans.get(key, FLAT)

    def on(self, begins: date, day: date) -> dict[str, Quantity]:
        """The units of each line on a UTC day of a term that begins on another."""
        return {
            key: units_in(quantity, self.plans[key], begins, day) if key in self.plans else quantity
            for key, quantity in self.quantities.items()
        }


@dataclass(frozen=True)
class PricedLine:
    """One feature of an estimate: its arithmetic, its credits, and what they change."""

    key: str
    terms: tuple[Term, ...]
    credits: int
    change: int | None
    """Credits against the basis; None where another line of its group carries the change."""
    bundle: str = ""
    """The bundle that holds credits in place of this part."""
    apart: int | None = None
    """For a bundle in force: what its parts would hold without it."""
    kept: tuple[str, ...] = ()
    """Features that are on now and stay on at this line's number."""

    @property
    def saving(self) -> int:
        """Credits the bundle saves against its parts; 0 where it saves none."""
        return max(0, (self.apart or 0) - self.credits)


@dataclass(frozen=True)
class PackageCount:
    """Packages of one group estimated together: each unit pays for one of them."""

    group: str
    keys: tuple[str, ...]
    units: int
    """All units, each counted once."""


@dataclass(frozen=True)
class Priced:
    """An estimate at the rates of one instant."""

    lines: Mapping[str, PricedLine]
    bundles: tuple[PricedLine, ...]
    """Bundles in force that nobody stated: they follow from their parts."""
    packages: tuple[PackageCount, ...]
    level: int
    """Credits to hold in every year of the term: those of the lines, and the reserve."""
    reserve: int
    """The part of the level that is kept free."""
    years: int
    change: int
    """What the balance would be lower by, on the basis asked for."""

    @property
    def in_use(self) -> int:
        """What the lines hold, without the reserve."""
        return self.level - self.reserve

    @property
    def credit_years(self) -> int:
        """Level x years: never a number of credits to buy (docs/rules.md, R6)."""
        return self.level * self.years


def price_estimate(
    draft: Draft, rates: RatesByGroup, held: Mapping[str, int], basis: Basis = Basis.INSTEAD
) -> Priced:
    """Price a draft group by group; every feature of the draft must have a rate.

    `held` is what each feature holds now, by key. Bundles take the place of their parts as soon
    as all of them are estimated.
    """
    needs = needs_of(draft, rates)
    lines: dict[str, PricedLine] = {}
    bundles: list[PricedLine] = []
    for need in needs.groups.values():
        changes = need.changes(held, basis)
        for line in priced_lines(need, changes, need.kept(held) if basis == Basis.INSTEAD else ()):
            if line.key in draft.quantities:
                lines[line.key] = line
            else:
                bundles.append(line)
    return Priced(
        lines={key: lines[key] for key in draft.quantities},
        bundles=tuple(bundles),
        packages=tuple(package_counts(needs.groups)),
        level=needs.level,
        reserve=needs.kept_free,
        years=draft.years,
        change=needs.change(held, basis),
    )


@dataclass(frozen=True)
class Needs:
    """What is needed at one instant: the lines by allocation group, and the reserve on top."""

    groups: Mapping[str, GroupNeed]
    reserve: Reserve = NO_RESERVE

    @cached_property
    def in_use(self) -> int:
        """Credits that the lines hold."""
        return sum(need.level for need in self.groups.values())

    @property
    def kept_free(self) -> int:
        """Credits of the reserve."""
        return self.reserve.of(self.in_use)

    @property
    def level(self) -> int:
        """Credits to hold."""
        return self.in_use + self.kept_free

    def change(self, held: Mapping[str, int], basis: Basis) -> int:
        """What the balance is lower by, on a basis; the reserve is always on top."""
        added = sum(sum(need.changes(held, basis).values()) for need in self.groups.values())
        return added + self.kept_free


def needs_of(draft: Draft, rates: RatesByGroup) -> Needs:
    """The draft's lines by allocation group, at the units that were typed."""
    return Needs(group_needs(draft.quantities, rates, overlap=draft.overlap), draft.reserve)


def group_needs(
    quantities: Mapping[str, Quantity], rates: RatesByGroup, *, overlap: bool
) -> dict[str, GroupNeed]:
    """Units by feature key, put together by allocation group."""
    groups = {key: group for group, features in rates.items() for key in features}
    lines: dict[str, dict[str, Quantity]] = {}
    for key, quantity in quantities.items():
        lines.setdefault(groups[key], {})[key] = quantity
    return {group: GroupNeed(rates[group], stated, overlap) for group, stated in lines.items()}


def priced_lines(
    need: GroupNeed, changes: Mapping[str, int], kept: frozenset[str] | tuple[()]
) -> Iterator[PricedLine]:
    """The rows of one group: its lines, and a bundle that follows from them."""
    bundle = need.bundle
    carried = row_changes(need, changes)
    rows = dict(need.lines)
    if bundle is not None and bundle not in rows:
        rows[bundle] = need.units
    for key, stated in rows.items():
        is_part = bundle is not None and key != bundle and key in need.rates[bundle].parts
        counted = need.counted.get(key, need.units)
        yield PricedLine(
            key=key,
            terms=terms_of(need.rates[key], stated, counted),
            credits=need.levels[key],
            change=carried.get(key),
            bundle=bundle or "" if is_part else "",
            apart=need.apart if key == bundle else None,
            kept=tuple(sorted(kept)) if key in carried else (),
        )


def row_changes(need: GroupNeed, changes: Mapping[str, int]) -> dict[str, int]:
    """Which row shows which change: each its own, or one of them the whole group's.

    Where a bundle takes over, or a feature without a row changes as well, single changes would
    only confuse: the row that holds the credits carries the sum.
    """
    moved = {key for key, credits in changes.items() if credits}
    if need.bundle is None and moved <= need.lines.keys():
        return {key: changes[key] for key in need.lines}
    leader = need.bundle or max(need.lines, key=lambda key: need.levels[key])
    return {leader: sum(changes.values())}


def package_counts(needs: Mapping[str, GroupNeed]) -> Iterator[PackageCount]:
    """The groups in which more than one package is estimated, with their units in all."""
    for group, need in needs.items():
        keys = tuple(key for key in need.lines if need.rates[key].model == "package")
        if len(keys) > 1:
            units = sum(total(need.counted[key]) for key in keys)
            yield PackageCount(group, keys, int(units))
