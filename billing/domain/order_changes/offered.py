"""Which corrections an order's page offers; what is asked all the same, the commands refuse."""

from __future__ import annotations

from datetime import datetime

from billing.domain.second_look import BY_PEOPLE
from billing.models import WITHDRAWN_STATES, Purchase


def is_offered(purchase: Purchase) -> bool:
    """Whether sales may amend, move or cancel it: a standing order that people entered."""
    return purchase.state not in WITHDRAWN_STATES and purchase.channel in BY_PEOPLE


def lines_offered(purchase: Purchase, now: datetime) -> frozenset[int]:
    """The licenses of an order that may be voided, by id; judged by the prefetched lines."""
    if not is_offered(purchase):
        return frozenset()
    licenses = [line.license for line in purchase.lines.all()]
    return frozenset(
        license.pk for license in licenses if license.voided_at is None and license.ends_at > now
    )
