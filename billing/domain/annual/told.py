"""What changes a feature's level at an instant ahead, in words: the same wherever it is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from billing.domain.annual.words import contract_ends, rate_goes, reservation_ends
from credits.domain.in_force import InForce
from credits.models import AllocationModel, FeatureRate

MICROSECOND = timedelta(microseconds=1)


def feature_change(
    name: str, rates: InForce[FeatureRate], at: datetime, *, is_contract_end: Callable[[], bool]
) -> str:
    """A rate that changes, a pay-as-you-go contract or a reservation's period that ends.

    Empty where it is none of these. `rates` are the feature's own, from before `at` on;
    whether a contract ends is asked only where no rate changes.
    """
    old, new = rates.at(at - MICROSECOND), rates.at(at)
    if old and new and old != new:
        return rate_goes(old, new)
    if is_contract_end():
        return contract_ends(name)
    is_reserved = new is not None and new.model == AllocationModel.USAGE_RESERVATION
    return reservation_ends(name) if is_reserved else ""
