"""The scheduled side of the estimator: each task asks one job for the slots that are missing."""

from __future__ import annotations

from celery import shared_task

from credits.tasks import tick


@shared_task(name="estimator.tasks.forget_visitors")  # type: ignore[untyped-decorator]
def forget_visitors() -> int:
    """Remove the counts of hours that are over."""
    return tick("forget-visitors")
