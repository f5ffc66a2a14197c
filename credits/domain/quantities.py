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

MEASURED = frozenset({"throughput_block", "usage_reservation"})
"""Models whose quantity is measured and may have decimals; all others count whole units."""

GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?|[0-9]+(\.[0-9]+)?", re.ASCII)
FOREIGN_GROUPS = re.compile(r"[0-9]{1,3}(\.[0-9]{3})+", re.ASCII)
"""A thousand as it is grouped in many countries: 1.000 of what is counted whole is never one."""
MAX_LENGTH = 20
MAX_NAME = 200


def read_quantity(text: str, *, measured: bool, field: str) -> Decimal:
    """A typed quantity as an exact number of units, from 0 to MAX_UNITS.

    Grouping commas are read; signs, exponents, NaN, other digits than 0-9 and, unless the
    quantity is measured, fractions and points that group thousands are refused. Raises
    InvalidCommand naming what was entered.
    """
    typed = text.strip()
    if len(typed) > MAX_LENGTH or not GROUPED.fullmatch(typed):
        raise refusal(typed, measured=measured, field=field)
    if not measured and FOREIGN_GROUPS.fullmatch(typed):
        raise refusal(typed, measured=measured, field=field)
    value = Decimal(typed.replace(",", ""))
    if value > MAX_UNITS or (not measured and value != value.to_integral_value()):
        raise refusal(typed, measured=measured, field=field)
    return value


def refusal(typed: str, *, measured: bool, field: str) -> InvalidCommand:
    """What is wrong with a number, in words that name what was entered."""
    kind = "a number" if measured else "a whole number"
    shown = typed if len(typed) <= MAX_LENGTH else typed[:MAX_LENGTH] + "\N{HORIZONTAL ELLIPSIS}"
    return InvalidCommand(
        f"Units must be {kind} from 0 to {MAX_UNITS:,}. You entered {shown or 'nothing'}.",
        field=field,
    )


def check_quantities(quantities: Quantities, known: Mapping[str, FeatureRate]) -> None:
    """Refuse quantities for features outside the group, or out of range.

    Raises InvalidCommand. Whole numbers only, unless the feature's quantity is measured.
    """
    measured = all(rate.model in MEASURED for rate in known.values())
    for key, quantity in quantities.items():
        if key != "units" and key not in known:
            raise InvalidCommand(f"There is no feature {key!r} in this group.")
        decimals = measured if key == "units" else known[key].model in MEASURED
        if isinstance(quantity, Mapping):
            check_accounts(quantity, field=key)
        for value in quantity.values() if isinstance(quantity, Mapping) else [quantity]:
            check_value(value, decimals=decimals, field=key)


def check_accounts(accounts: Mapping[str, Decimal], *, field: str) -> None:
    """Refuse account names that are empty, too long or not printable on one line."""
    for name in accounts:
        if not 1 <= len(name.strip()) <= MAX_NAME or not name.isprintable():
            raise InvalidCommand(
                f"An account needs a printable name of 1 to {MAX_NAME} characters.", field=field
            )


def check_value(value: Decimal, *, decimals: bool, field: str) -> None:
    """Refuse one number that cannot be a quantity."""
    in_range = value.is_finite() and 0 <= value <= MAX_UNITS
    if not in_range or (not decimals and value != value.to_integral_value()):
        raise refusal(plain_units(value), measured=decimals, field=field)


def stored(quantities: Quantities) -> dict[str, Any]:
    """Quantities as the JSON that is kept: decimals as text without trailing zeros."""

    def text(quantity: Quantity) -> Any:
        if isinstance(quantity, Mapping):
            return {account: text(units) for account, units in quantity.items()}
        return format(quantity.normalize(), "f")

    return {key: text(quantity) for key, quantity in quantities.items()}


def plain_units(value: Decimal, *, grouped: bool = False) -> str:
    """A quantity as text without trailing zeros or exponent: 300, 12.5, 1,200."""
    text = format(value, ",f" if grouped else "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def unit_name(feature: Feature, quantity: Decimal) -> str:
    """The feature's unit in the number the quantity asks for."""
    return feature.unit if quantity == 1 else feature.unit_plural
