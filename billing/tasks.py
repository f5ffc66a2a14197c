"""The scheduled side of billing: each task asks one job for the slots that are missing."""

from __future__ import annotations

from celery import shared_task

from credits.domain.jobs import JobFailed
from credits.tasks import LONG, start, tick

RETRY_AFTER = 20
"""Seconds until a closing is tried again that a long-running writer kept waiting."""


@shared_task(  # type: ignore[untyped-decorator]
    name="billing.tasks.publish_hour",
    autoretry_for=(JobFailed,),
    default_retry_delay=RETRY_AFTER,
    max_retries=5,
)
def publish_hour() -> int:
    """Close and record the hours that are missing."""
    return tick("publish-hour")


@shared_task(name="billing.tasks.advance_lifecycle", time_limit=LONG, soft_time_limit=LONG - 60)  # type: ignore[untyped-decorator]
def advance_lifecycle() -> int:
    """Record what the hours began, ended, locked, and erase what is due."""
    return tick("advance-lifecycle")


@shared_task(name="billing.tasks.send_notices", time_limit=LONG, soft_time_limit=LONG - 60)  # type: ignore[untyped-decorator]
def send_notices() -> int:
    """Write the notices of the days that are missing."""
    return tick("send-notices")


@shared_task(name="billing.tasks.send_digests", time_limit=LONG, soft_time_limit=LONG - 60)  # type: ignore[untyped-decorator]
def send_digests() -> int:
    """Write the digests of the weeks that are missing."""
    return tick("send-digests")


@shared_task(name="billing.tasks.apply_messages", time_limit=LONG, soft_time_limit=LONG - 60)  # type: ignore[untyped-decorator]
def apply_messages() -> int:
    """Apply the messages of marketplaces that are due; any number of these may run at once."""
    return tick("apply-messages")


@shared_task(  # type: ignore[untyped-decorator]
    name="billing.tasks.reconcile_marketplaces", time_limit=LONG, soft_time_limit=LONG - 60
)
def reconcile_marketplaces() -> int:
    """List what marketplaces and our purchases say differently."""
    return tick("reconcile-marketplaces")


@shared_task(name="billing.tasks.import_purchases", time_limit=LONG, soft_time_limit=LONG - 60)  # type: ignore[untyped-decorator]
def import_purchases() -> int:
    """Enter the files of purchases that wait; two of these never work at one file."""
    return tick("import-purchases")


def start_imports() -> None:
    """Hurry a file along that was just confirmed."""
    start("import-purchases")
