"""The scheduled jobs of the estimator (settings.JOBS)."""

from __future__ import annotations

from credits.domain.jobs import DAY, HOUR, Job
from estimator.domain.visiting import forget_visits

JOBS = (
    Job(
        name="forget-visitors",
        words="Removes how often people without an account asked in hours that are over.",
        every=HOUR,
        work=forget_visits,
        catches_up=False,
        kept=DAY,
    ),
)
