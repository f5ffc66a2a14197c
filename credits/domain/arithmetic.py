"""How a price comes about, line by line, so that a person can follow it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from credits.domain.booking import pricing_rate
from credits.domain.groups import FeatureSetting, GroupSettings
from credits.domain.pricing import (
    RESERVED,
    Quantities,
    Quantity,
    blocks,
    by_step,
    quantity_of,
    total,
)
from credits.models import Feature

BLOCKED = frozenset({"throughput_block", "volume_pack", "tiered"})


@dataclass(frozen=True)
class Line:
    """One product of a price: units, or the blocks that hold them, times a rate."""

    feature: Feature
    account: str
    """The account it is for, where accounts are priced apart."""
    units: Decimal
    blocks: int | None
    block: Decimal
    rate: Decimal
    credits: int
    is_capped: bool = False

    @property
    def unit(self) -> str:
        """The unit's name in the number the units ask for."""
        return self.feature.unit if self.units == 1 else self.feature.unit_plural


def lines(settings: GroupSettings, quantities: Quantities, levels: Mapping[int, int]) -> list[Line]:
    """The products that make the credits a group's features hold.

    `levels` are credits by feature id, as priced: what is off, or replaced by its bundle, holds
    none and has no line, unless its rate is zero.
    """
    found: list[Line] = []
    for setting in settings.all:
        credits = levels.get(setting.feature.pk, 0)
        key = setting.rate.parts[0] if setting.rate.parts else setting.feature.key
        quantity = quantity_of(key, quantities)
        is_free = not setting.rate.parts and setting.rate.credits == 0 and total(quantity) > 0
        if credits or is_free:
            found.extend(lines_of(setting, quantity, credits))
    return found


def lines_of(setting: FeatureSetting, quantity: Quantity, credits: int) -> Iterator[Line]:
    """The lines of one feature: one for each account where accounts are priced apart."""
    rate = setting.rate
    if rate.model == "tiered":
        accounts = quantity if isinstance(quantity, Mapping) else {"": quantity}
        for account, units in accounts.items():
            steps = blocks(units, rate.block)
            cost = by_step(pricing_rate(rate), units)
            capped = rate.cap is not None and steps * rate.credits > rate.cap
            yield Line(
                setting.feature, account, units, steps, rate.block, rate.credits, cost, capped
            )
        return
    units, each = total(quantity), rate.credits
    if setting.reserved is not None:
        # A period keeps its highest quantity and the rate of its start.
        units, each = max(units, setting.reserved.quantity), setting.reserved.rate.credits
    if rate.model == "fixed_per_asset" and isinstance(quantity, Mapping):
        units = Decimal(len(quantity))
    is_blocked = rate.model in BLOCKED or (rate.model == RESERVED and rate.block != 1)
    count = blocks(units, rate.block) if is_blocked else None
    yield Line(setting.feature, "", units, count, rate.block, each, credits)
