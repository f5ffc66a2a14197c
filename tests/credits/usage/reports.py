"""Short ways to set who reports, and to report, for the tests of usage."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from credits.domain.commands import Answer
from credits.domain.post import post
from credits.domain.sources import SetUsageSource
from credits.domain.usage import ReportUsage
from credits.models import Customer
from tests.factories import credits as make

INVENTORY = "Endpoint inventory"
SANDBOX = "endpoint-sandbox-submission"
"""7 credits per endpoint."""


def set_source(
    customer: Customer, group: str = SANDBOX, name: str | None = INVENTORY, hours: int = 48
) -> Answer:
    """Let a system report a group's units, or with no name people type them again."""
    return post(
        SetUsageSource(
            customer=customer,
            asked=make.asked(),
            group=group,
            name=name,
            stale_after_hours=hours,
        )
    )


def exact(units: Any) -> Any:
    if isinstance(units, dict):
        return {key: exact(value) for key, value in units.items()}
    return units if isinstance(units, Decimal) else Decimal(units)


def report(
    customer: Customer,
    units: Any,
    at: datetime,
    *,
    group: str = SANDBOX,
    revision: int = 0,
    by_hand: bool = False,
    **asked: Any,
) -> Answer:
    """Units of the group's one feature, or quantities by key, from an instant on."""
    return post(
        ReportUsage(
            customer=customer,
            asked=make.asked(**asked),
            group=group,
            quantities=exact(units if isinstance(units, dict) else {group: units}),
            at=at,
            revision=revision,
            by_hand=by_hand,
        )
    )
