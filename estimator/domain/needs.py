"""What one allocation group of an estimate needs: levels, and what they change.

Pure: numbers in, whole credits out. Prices come from credits.domain.pricing, so that an estimate
and the allocation made from it cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from credits.domain.pricing import (
    PRICERS,
    RESERVED,
    SHARED,
    Quantities,
    Quantity,
    Rate,
    blocks,
    price,
    total,
)

ZERO = Decimal(0)
BLOCK_MODELS = frozenset({"throughput_block", "volume_pack", "tiered"})
"""Models that round a quantity up to whole blocks."""


class Basis(StrEnum):
    """What an estimate is set against."""

    INSTEAD = "instead"
    """It takes the place of what the same features hold now."""
    ON_TOP = "on-top"
    """It comes on top of everything that is allocated."""


@dataclass(frozen=True)
class Term:
    """One product of a line's arithmetic: 2,200 resources are 5 blocks x 1,000 = 5,000."""

    units: Decimal
    """As stated."""
    counted: Decimal
    """What is priced of it; other than `units` where another line decides."""
    rate: Decimal
    """Credits per unit, or per block."""
    credits: int
    block: Decimal = Decimal(1)
    blocks: int | None = None
    """Whole blocks, where the model has them."""
    capped: bool = False


def terms_of(rate: Rate, stated: Quantity, counted: Quantity) -> tuple[Term, ...]:
    """The arithmetic of one feature: a term per account where each is priced apart, else one."""
    if rate.model == "tiered" and isinstance(stated, Mapping):
        return tuple(term_of(rate, units, units) for units in stated.values())
    if rate.model == "fixed_per_asset" and isinstance(counted, Mapping):
        return (term_of(rate, total(stated), Decimal(len(counted))),)
    return (term_of(rate, total(stated), total(counted)),)


def term_of(rate: Rate, units: Decimal, counted: Decimal) -> Term:
    """How one number is priced."""
    whole = blocks(counted, rate.block) if is_in_blocks(rate, counted) else None
    credits = PRICERS[rate.model](rate, counted)
    capped = rate.cap is not None and whole is not None and whole * rate.credits > rate.cap
    return Term(
        units=units,
        counted=counted,
        rate=rate.credits,
        credits=credits,
        block=rate.block,
        blocks=whole,
        capped=capped,
    )


def is_in_blocks(rate: Rate, counted: Decimal) -> bool:
    """Whether whole blocks are told. A reservation of whole units in blocks of one needs none."""
    if rate.model == RESERVED:
        return rate.block != 1 or counted != counted.to_integral_value()
    return rate.model in BLOCK_MODELS


@dataclass(frozen=True)
class GroupNeed:
    """The lines of one allocation group, with the rates of all its features at an instant."""

    rates: Mapping[str, Rate]
    lines: Mapping[str, Quantity]
    overlap: bool = False
    """Packages were stated for the same endpoints: each counts under the dearest only."""

    @cached_property
    def shared(self) -> bool:
        """Whether one number serves all features: a bundle and its parts."""
        return any(rate.parts for rate in self.rates.values())

    @cached_property
    def units(self) -> Decimal:
        """The one number of a shared group: the largest that was stated."""
        return max((total(quantity) for quantity in self.lines.values()), default=ZERO)

    @cached_property
    def counted(self) -> Mapping[str, Quantity]:
        """What is priced under each line."""
        if self.shared:
            return {
                key: self.units if total(quantity) else ZERO for key, quantity in self.lines.items()
            }
        if self.overlap:
            return won(self.lines, self.rates)
        return self.lines

    @cached_property
    def wanted(self) -> frozenset[str]:
        """The features estimated at more than nothing; a bundle stands for its parts."""
        stated = {key for key, quantity in self.lines.items() if total(quantity) > 0}
        return frozenset(self._unbundled(stated))

    @cached_property
    def levels(self) -> Mapping[str, int]:
        """Credits per feature, if only what is estimated were on."""
        return price(self.rates, self._quantities(self.units), self.wanted)

    @cached_property
    def level(self) -> int:
        return sum(self.levels.values())

    @cached_property
    def bundle(self) -> str | None:
        """The bundle that takes the place of its parts, if all of them are estimated."""
        for key, rate in self.rates.items():
            if rate.parts and self.wanted >= set(rate.parts):
                return key
        return None

    @property
    def apart(self) -> int:
        """What the bundle's parts would hold without it."""
        if self.bundle is None:
            return 0
        parts = (self.rates[key] for key in self.rates[self.bundle].parts)
        return sum(PRICERS[part.model](part, self.units) for part in parts)

    def kept(self, held: Mapping[str, int]) -> frozenset[str]:
        """Features of a shared group that are on now and not estimated: they stay on."""
        if not self.shared:
            return frozenset()
        on_now = self._unbundled(key for key in self.rates if held.get(key, 0) > 0)
        return frozenset(on_now - self.wanted - self._unbundled(self.lines))

    def changes(self, held: Mapping[str, int], basis: Basis) -> dict[str, int]:
        """Credits per feature that come to (or leave) what is allocated, by feature key.

        `held` is what each feature holds. In a shared group what is on stays on, at the
        estimate's number, so that adding the second part of a bundle costs only the rest.
        """
        if basis == Basis.ON_TOP:
            return dict(self.levels)
        if not self.shared:
            return {key: self.levels[key] - held.get(key, 0) for key in self.lines}
        units = self.units or self._units_held(held)
        after = price(self.rates, self._quantities(units), self.wanted | self.kept(held))
        return {key: after[key] - held.get(key, 0) for key in self.rates}

    def _quantities(self, units: Decimal) -> Quantities:
        return {SHARED: units} if self.shared else self.counted

    def _unbundled(self, keys: Iterable[str]) -> AbstractSet[str]:
        return {part for key in keys for part in (self.rates[key].parts or (key,))}

    def _units_held(self, held: Mapping[str, int]) -> Decimal:
        """The number of a shared group that what it holds stands for."""
        numbers = (
            (Decimal(held.get(key, 0)) / rate.credits).to_integral_value()
            for key, rate in self.rates.items()
            if rate.credits
        )
        return max(numbers, default=ZERO)


def won(lines: Mapping[str, Quantity], rates: Mapping[str, Rate]) -> dict[str, Quantity]:
    """Overlapping counts of packages: each endpoint under the dearest package it has.

    310 endpoints of which 10 are Pro are stated as 310 and 10, and counted as 300 and 10.
    """
    counted: dict[str, Quantity] = dict(lines)
    covered = ZERO
    packages = [key for key in lines if rates[key].model == "package"]
    for key in sorted(packages, key=lambda key: rates[key].credits, reverse=True):
        units = total(lines[key])
        counted[key] = max(ZERO, units - covered)
        covered = max(covered, units)
    return counted
