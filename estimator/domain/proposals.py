"""What an estimate could become: packages in one, a bundle completed, what a feature needs.

Pure, and each with its two totals, so that a page says what taking it would change
(docs/rules.md#questionnaire). A saving is never more than a view of two prices: both are made by
the one pricing function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from credits.domain.pricing import Quantity, Rate, total
from estimator.domain.estimates import Draft, RatesByGroup, needs_of
from estimator.domain.questions import Together

ZERO = Decimal(0)

Change = Mapping[str, Quantity | None]
"""Units by feature key; None where the line goes."""


class Kind(StrEnum):
    """What a proposal is about."""

    JOIN = "join"
    """Packages on the same units are one package that holds them."""
    BUNDLE = "bundle"
    """The rest of a bundle costs less than it does alone."""
    NEED = "need"
    """A feature does not work without another."""


@dataclass(frozen=True)
class Proposal:
    """A change of an estimate, with the level to hold before and after."""

    kind: Kind
    feature: str
    """What is added, or takes the place of others."""
    others: tuple[str, ...]
    """The lines it follows from."""
    change: Change
    before: int
    after: int
    units: Decimal = ZERO
    alone: int = 0
    """What the added feature would hold by itself (credits)."""

    @property
    def name(self) -> str:
        """What it is asked for by, in a form."""
        return f"{self.kind}:{self.feature}:{self.others[0]}"

    @property
    def saving(self) -> int:
        """By how many credits the level falls; below zero where it rises."""
        return self.before - self.after

    @property
    def cost(self) -> int:
        """By how many credits the level rises."""
        return self.after - self.before


@dataclass(frozen=True)
class OverlapCount:
    """Packages of one group, each with its units apart and with those of others within."""

    keys: tuple[str, ...]
    """From the highest rate to the lowest."""
    apart: Mapping[str, Decimal]
    within: Mapping[str, Decimal]
    credits_apart: int
    credits_within: int


def level_of(draft: Draft, rates: RatesByGroup) -> int:
    """The level to hold of a draft."""
    return needs_of(draft, rates).level


def after(draft: Draft, change: Change, like: str = "") -> Draft:
    """A draft with a change taken; what is new grows as the line `like` does."""
    quantities = dict(draft.quantities)
    plans = dict(draft.plans)
    for key, quantity in change.items():
        if quantity is None:
            quantities.pop(key, None)
            plans.pop(key, None)
            continue
        if key not in quantities and like in plans:
            plans[key] = draft.plans[like]
        quantities[key] = quantity
    return replace(draft, quantities=quantities, plans=plans)


def joins(
    draft: Draft, rates: RatesByGroup, together: Sequence[Together], open_now: AbstractSet[str]
) -> Iterator[Proposal]:
    """Packages that another package holds together: Core and XDR on one endpoint are Essentials.

    Where each unit is counted in one line, it never raises the level. Where lines overlap, the
    same endpoints are counted too low without it, and it says by how much.
    """
    known = {key for features in rates.values() for key in features}
    for one in together:
        units = [total(draft.quantities.get(part, ZERO)) for part in one.parts]
        both = min(units, default=ZERO)
        plans = {draft.plan(part) for part in (*one.parts, one.feature) if part in draft.quantities}
        if both <= 0 or len(plans) > 1 or not {*one.parts, one.feature} <= known:
            continue
        if one.feature not in open_now:
            continue
        held = total(draft.quantities.get(one.feature, ZERO))
        change = joined(one, units, both, held, overlap=draft.overlap)
        found = proposal(Kind.JOIN, one.feature, one.parts, change, draft, rates, both)
        if found.saving >= 0 or (draft.overlap and held < both):
            yield found


def joined(
    one: Together, units: Sequence[Decimal], both: Decimal, held: Decimal, *, overlap: bool
) -> dict[str, Quantity | None]:
    """The units of a package and its parts once it holds what both have."""
    left = [number if overlap and number > both else number - both for number in units]
    change: dict[str, Quantity | None] = {
        part: number or None for part, number in zip(one.parts, left, strict=True)
    }
    change[one.feature] = max(held, both) if overlap else held + both
    return change


def completed_bundles(
    draft: Draft, rates: RatesByGroup, open_now: AbstractSet[str]
) -> Iterator[Proposal]:
    """Bundles of which one part is missing: what the rest of it costs, and what it does alone."""
    for features in rates.values():
        for rate in features.values():
            here = [part for part in rate.parts if total(draft.quantities.get(part, ZERO)) > 0]
            missing = [part for part in rate.parts if part not in here]
            if not here or len(missing) != 1 or missing[0] not in open_now:
                continue
            units = max(total(draft.quantities[part]) for part in here)
            found = proposal(
                Kind.BUNDLE, missing[0], here, {missing[0]: units}, draft, rates, units
            )
            if 0 <= found.cost < found.alone:
                yield found


def missing_needs(
    draft: Draft,
    rates: RatesByGroup,
    requires: Mapping[str, Sequence[Sequence[str]]],
    units: Mapping[str, str],
    in_use: AbstractSet[str],
) -> Iterator[Proposal]:
    """What estimated features need and nobody estimated or holds, one proposal per alternative.

    `units` are those of the features that take allocations, by name; only where the needed one
    has the same does it come with the same number.
    """
    for key, quantity in draft.quantities.items():
        if total(quantity) <= 0:
            continue
        for alternatives in requires.get(key, ()):
            if not in_use.isdisjoint(alternatives):
                continue
            for needed in alternatives:
                if needed in units:
                    same = total(quantity) if units[needed] == units.get(key) else ZERO
                    yield proposal(Kind.NEED, needed, (key,), {needed: same}, draft, rates, same)


def proposal(
    kind: Kind,
    feature: str,
    others: Iterable[str],
    change: Change,
    draft: Draft,
    rates: RatesByGroup,
    units: Decimal,
) -> Proposal:
    """A change with the totals before and after it."""
    others = tuple(others)
    flat = replace(draft, quantities={feature: units}, plans={})
    return Proposal(
        kind=kind,
        feature=feature,
        others=others,
        change=change,
        before=level_of(draft, rates),
        after=level_of(after(draft, change, others[0]), rates),
        units=units,
        alone=needs_of(flat, rates).in_use,
    )


def overlaps(draft: Draft, rates: RatesByGroup) -> Iterator[OverlapCount]:
    """Groups in which several packages are estimated: their units and credits both ways."""
    for features in rates.values():
        keys = packages_in(draft, features) if len(features) > 1 else ()
        if len(keys) < 2:
            continue
        own = {key: draft.quantities[key] for key in keys}
        counts, credits = {}, {}
        for overlap in (False, True):
            need = next(iter(needs_of(Draft(own, overlap=overlap), {"": features}).groups.values()))
            counts[overlap] = {key: total(need.counted[key]) for key in keys}
            credits[overlap] = need.level
        yield OverlapCount(keys, counts[False], counts[True], credits[False], credits[True])


def packages_in(draft: Draft, features: Mapping[str, Rate]) -> tuple[str, ...]:
    """The packages of a group that are estimated at more than nothing, the dearest first."""
    found = [
        key
        for key, quantity in draft.quantities.items()
        if key in features and features[key].model == "package" and total(quantity) > 0
    ]
    return tuple(sorted(found, key=lambda key: features[key].credits, reverse=True))
