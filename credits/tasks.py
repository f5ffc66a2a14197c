"""The scheduled side of the books; each task calls one domain function."""

from __future__ import annotations

import logging

from celery import shared_task

from credits.domain.post import bring_up_to_rates
from credits.domain.rates import customers_behind

logger = logging.getLogger(__name__)


@shared_task(name="credits.tasks.apply_pending_rates")  # type: ignore[untyped-decorator]
def apply_pending_rates() -> int:
    """Book the newest rates for every customer that does not know them; a rerun finds none."""
    behind = customers_behind()
    for customer in behind:
        bring_up_to_rates(customer)
    logger.info("rates_applied customers=%d", len(behind))
    return len(behind)
