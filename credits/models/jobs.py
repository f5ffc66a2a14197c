"""The windows of scheduled jobs: one row a job and slot, whoever runs it and however often."""

from __future__ import annotations

from django.db import models


class RunState(models.TextChoices):
    """Where a job stands with one slot."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class JobRun(models.Model):
    """One slot of one job: what it did, how long it took, and what went wrong.

    `slot` is the start of the window, from the schedule and never from the clock of the run. A
    row that is not done is run again by the next tick; that is safe, since every job may run any
    number of times, also at once.
    """

    job = models.CharField(max_length=40)
    slot = models.DateTimeField(help_text="The start of the window, UTC.")
    state = models.CharField(max_length=7, choices=RunState, default=RunState.RUNNING)
    attempts = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField(help_text="When the newest attempt began.")
    finished_at = models.DateTimeField(null=True)
    milliseconds = models.PositiveBigIntegerField(null=True, help_text="Of the newest attempt.")
    counts = models.JSONField(default=dict, help_text="How many of each thing it dealt with.")
    problem = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ("-slot", "job")
        constraints = (
            models.UniqueConstraint(fields=("job", "slot"), name="credits_job_slot_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=RunState.values), name="credits_job_state_known"
            ),
        )
        indexes = (
            # What a tick asks first: the slots that were begun and not finished.
            models.Index(
                fields=("job", "slot"),
                name="credits_job_unfinished",
                condition=~models.Q(state=RunState.DONE),
            ),
        )

    def __str__(self) -> str:
        return f"{self.job} {self.slot:%Y-%m-%d %H:%M}: {self.state}"
