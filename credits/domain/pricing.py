"""What quantities cost: pure functions, one per allocation model, and the one rounding function.

Numbers in, whole credits out; no database, no clock. The models and their sources are in
docs/rules.md (allocation models); a new feature of a known model is a row of data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

Quantity = Decimal | Mapping[str, Decimal]
"""One number, or one number per account for models that price each account apart."""

Quantities = Mapping[str, Quantity]
"""What a report states for a group: by feature key, or under SHARED for all its features."""

SHARED = "units"

RESERVED = "usage_reservation"
"""The model whose level depends on the past as well (credits/domain/reservation.py)."""


@dataclass(frozen=True)
class Rate:
    """Everything that pricing reads of a feature's rate in force."""

    model: str
    credits: Decimal
    block: Decimal = Decimal(1)
    cap: int | None = None
    parts: tuple[str, ...] = ()


def whole_credits(value: Decimal) -> int:
    """Round to whole credits, half up. The one rounding, done last (docs/rules.md, rounding)."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def blocks(quantity: Decimal, block: Decimal) -> int:
    """How many whole blocks hold a quantity: 501 Mbps in blocks of 500 are 2, zero is 0."""
    return int((quantity / block).to_integral_value(rounding=ROUND_CEILING))


def total(quantity: Quantity) -> Decimal:
    """All units of a quantity, over its accounts where it is stated per account."""
    if isinstance(quantity, Decimal):
        return quantity
    return sum(quantity.values(), Decimal(0))


def each(rate: Rate, quantity: Quantity) -> int:
    """Units x rate: endpoints, users, reserved submissions a day, typed values."""
    return whole_credits(total(quantity) * rate.credits)


def by_asset(rate: Rate, quantity: Quantity) -> int:
    """Assets x rate, whatever they hold: an account stated with its resources is one asset."""
    assets = Decimal(len(quantity)) if isinstance(quantity, Mapping) else quantity
    return whole_credits(assets * rate.credits)


def by_block(rate: Rate, quantity: Quantity) -> int:
    """Blocks rounded up x rate: throughput, packs of scans, volume reserved."""
    return whole_credits(blocks(total(quantity), rate.block) * rate.credits)


def by_step(rate: Rate, quantity: Quantity) -> int:
    """Each account's blocks rounded up x rate, at most the cap an account."""
    accounts = quantity.values() if isinstance(quantity, Mapping) else [quantity]
    costs = (whole_credits(blocks(units, rate.block) * rate.credits) for units in accounts)
    return sum(cost if rate.cap is None else min(cost, rate.cap) for cost in costs)


PRICERS: dict[str, Callable[[Rate, Quantity], int]] = {
    "manual": each,
    "per_unit": each,
    "per_user": each,
    "daily_reserve": each,
    "fixed_per_asset": by_asset,
    "free": each,
    "package": each,
    "bundle": each,
    "throughput_block": by_block,
    "volume_pack": by_block,
    "tiered": by_step,
    RESERVED: by_block,
}


def quantity_of(feature: str, quantities: Quantities) -> Quantity:
    """A feature's own quantity, else the one shared by its group, else none."""
    return quantities.get(feature, quantities.get(SHARED, Decimal(0)))


def price(
    rates: Mapping[str, Rate], quantities: Quantities, holding: AbstractSet[str]
) -> dict[str, int]:
    """Credits per feature of one allocation group.

    `holding` are the features that are on and on credits; any other holds nothing. A bundle
    holds in place of its parts, and only if all of them are holding (docs/rules.md, bundles).
    """
    levels = {
        feature: PRICERS[rate.model](rate, quantity_of(feature, quantities))
        if feature in holding and not rate.parts
        else 0
        for feature, rate in rates.items()
    }
    for feature, rate in rates.items():
        if rate.parts and holding >= set(rate.parts):
            levels.update(dict.fromkeys(rate.parts, 0))
            levels[feature] = PRICERS[rate.model](rate, quantity_of(rate.parts[0], quantities))
    return levels
