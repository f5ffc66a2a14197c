"""What an estimate comes to: levels, their arithmetic, and what would be left (docs/rules.md, R14).

Pure: quantities, rates and what is held go in, frozen rows of figures come out. Nothing here
enables or allocates anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from credits.domain.pricing import Quantity, Rate, total
from estimator.domain.needs import Basis, GroupNeed, Term, terms_of

RatesByGroup = Mapping[str, Mapping[str, Rate]]
"""The rates in force at an instant: by allocation group, then by feature."""


@dataclass(frozen=True)
class Draft:
    """What is estimated: units by feature key, the length of the term, and how packages count."""

    quantities: Mapping[str, Quantity]
    years: int = 1
    overlap: bool = False


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
    """Credits to hold in every year of the term."""
    years: int
    change: int
    """What the balance would be lower by, on the basis asked for."""

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
    needs = group_needs(draft, rates)
    lines: dict[str, PricedLine] = {}
    bundles: list[PricedLine] = []
    for need in needs.values():
        changes = need.changes(held, basis)
        for line in priced_lines(need, changes, need.kept(held) if basis == Basis.INSTEAD else ()):
            if line.key in draft.quantities:
                lines[line.key] = line
            else:
                bundles.append(line)
    return Priced(
        lines={key: lines[key] for key in draft.quantities},
        bundles=tuple(bundles),
        packages=tuple(package_counts(needs)),
        level=sum(need.level for need in needs.values()),
        years=draft.years,
        change=total_change(needs, held, basis),
    )


def group_needs(draft: Draft, rates: RatesByGroup) -> dict[str, GroupNeed]:
    """The draft's lines by allocation group."""
    groups = {key: group for group, features in rates.items() for key in features}
    lines: dict[str, dict[str, Quantity]] = {}
    for key, quantity in draft.quantities.items():
        lines.setdefault(groups[key], {})[key] = quantity
    return {
        group: GroupNeed(rates[group], stated, draft.overlap) for group, stated in lines.items()
    }


def total_change(needs: Mapping[str, GroupNeed], held: Mapping[str, int], basis: Basis) -> int:
    """What all groups together would add to what is allocated."""
    return sum(sum(need.changes(held, basis).values()) for need in needs.values())


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
