"""The scheduled side of billing; each task calls one domain function."""

from __future__ import annotations

import logging

from celery import shared_task

from billing.domain import publication
from credits import clock

logger = logging.getLogger(__name__)

RETRY_AFTER = 20
"""Seconds until a closing is tried again that a long-running writer kept waiting."""


@shared_task(  # type: ignore[untyped-decorator]
    name="billing.tasks.publish_hours",
    autoretry_for=(publication.GateBusy,),
    default_retry_delay=RETRY_AFTER,
    max_retries=5,
)
def publish_hours() -> int:
    """Close and record the hours that are missing; a rerun finds none."""
    try:
        recorded = publication.publish_hours(clock.now())
    except publication.ClockJumped as jump:
        logger.error("publication_refused reason=%s", jump.message)
        return 0
    logger.info("hours_published count=%d", len(recorded))
    return len(recorded)
