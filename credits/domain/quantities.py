"""Quantities as people and systems state them: checked once, kept as exact text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from credits.domain.pricing import Quantities, Quantity
from credits.exceptions import InvalidCommand
from credits.models import Feature, FeatureRate

MAX_UNITS = 1_000_000_000
"""More units than this of one feature are a typing error."""

MEASURED = frozenset({"throughput_block"})
"""Models whose quantity is measured and may have decimals; all others count whole units."""

GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?|[0-9]+(\.[0-9]+)?", re.ASCII)
MAX_LENGTH = 20


def read_quantity(text: str, *, measured: bool, field: str) -> Decimal:
    """A typed quantity as an exact number of units, from 0 to MAX_UNITS.

    Grouping commas are read; signs, exponents, NaN, other digits than 0-9 and, unless the
    quantity is measured, fractions are refused. Raises InvalidCommand naming what was entered.
    """
    typed = text.strip()
    kind = "a number" if measured else "a whole number"
    shown = typed if len(typed) <= MAX_LENGTH else typed[:MAX_LENGTH] + "\N{HORIZONTAL ELLIPSIS}"
    refusal = InvalidCommand(
        f"Units must be {kind} from 0 to {MAX_UNITS:,}. You entered {shown or 'nothing'}.",
        field=field,
    )
    if len(typed) > MAX_LENGTH or not GROUPED.fullmatch(typed):
        raise refusal
    value = Decimal(typed.replace(",", ""))
    if value > MAX_UNITS or (not measured and value != value.to_integral_value()):
        raise refusal
    return value


def check_quantities(quantities: Quantities, known: Mapping[str, FeatureRate]) -> None:
    """Refuse quantities for features outside the group, or out of range.

    Raises InvalidCommand. Whole numbers only, unless the feature's quantity is measured.
    """
    measured = all(rate.model in MEASURED for rate in known.values())
    for key, quantity in quantities.items():
        if key != "units" and key not in known:
            raise InvalidCommand(f"There is no feature {key!r} in this group.")
        decimals = measured if key == "units" else known[key].model in MEASURED
        for value in quantity.values() if isinstance(quantity, Mapping) else [quantity]:
            check_value(value, decimals=decimals, field=key)


def check_value(value: Decimal, *, decimals: bool, field: str) -> None:
    """Refuse one number that cannot be a quantity."""
    if not value.is_finite() or not 0 <= value <= MAX_UNITS:
        raise InvalidCommand(
            f"Units must be from 0 to {MAX_UNITS:,}. You entered {value}.", field=field
        )
    if not decimals and value != value.to_integral_value():
        raise InvalidCommand(f"Units must be a whole number. You entered {value}.", field=field)


def stored(quantities: Quantities) -> dict[str, Any]:
    """Quantities as the JSON that is kept: decimals as text without trailing zeros."""

    def text(quantity: Quantity) -> Any:
        if isinstance(quantity, Mapping):
            return {account: text(units) for account, units in quantity.items()}
        return format(quantity.normalize(), "f")

    return {key: text(quantity) for key, quantity in quantities.items()}


def unit_name(feature: Feature, quantity: Decimal) -> str:
    """The feature's unit in the number the quantity asks for."""
    return feature.unit if quantity == 1 else feature.unit_plural
