"""What the clock did to licenses and customers, recorded after the fact.

Nothing reads these rows to decide whether something is valid or open: that is computed from the
terms on every read (credits.domain.access_state). They tell what was noticed and when, and carry
the mark without which nothing is erased (docs/rules.md#r13).
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from credits.models import Customer, License


class Recorded(models.TextChoices):
    """Where a customer's recorded life stands; it may lag behind the computed state."""

    NEW = "new", "New"
    TRIAL = "trial", "Trial"
    ACTIVE = "active", "Active"
    GRACE = "grace", "Grace"
    LOCKED = "locked", "Locked"
    MARKED = "marked", "Marked for purge"
    PURGED = "purged", "Purged"


class CustomerLife(models.Model):
    """The recorded stage of a customer's access, moved by `advance-lifecycle` alone."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="life"
    )
    stage = models.CharField(max_length=6, choices=Recorded, default=Recorded.NEW)
    since = models.DateTimeField(null=True, help_text="From when it is so, by the terms.")
    ends_at = models.DateTimeField(null=True, help_text="The first instant without access.")
    marked_at = models.DateTimeField(null=True, help_text="The slot that marked it for purge.")
    marked_on = models.DateTimeField(
        null=True, help_text="The same by the database's own clock, which the purge waits for."
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(stage__in=Recorded.values), name="billing_life_stage_known"
            ),
            models.CheckConstraint(
                condition=Q(marked_at__isnull=True, marked_on__isnull=True)
                | Q(marked_at__isnull=False, marked_on__isnull=False),
                name="billing_life_marked_by_both_clocks",
            ),
        )
        indexes = (
            # What a purge asks: whoever is marked.
            models.Index(
                fields=("marked_on",),
                name="billing_life_marked",
                condition=Q(stage=Recorded.MARKED),
            ),
        )

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.stage}"


class LifeEventKind(models.TextChoices):
    """What was recorded: of a license, or of the customer's access."""

    STARTED = "started", "License started"
    EXPIRED = "expired", "License ended"
    TRIAL = "trial", "On trial"
    ACTIVE = "active", "Active"
    GRACE = "grace", "Grace began"
    LOCKED = "locked", "Access ended"
    MARKED = "marked", "Marked for purge"
    RESTORED = "restored", "Access restored"
    PURGED = "purged", "Purged"


class LifeEvent(models.Model):
    """One start, end or change of access. `at` is the instant of the terms, not of the run."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="life_events")
    license = models.ForeignKey(
        License, on_delete=models.PROTECT, null=True, related_name="life_events"
    )
    kind = models.CharField(max_length=8, choices=LifeEventKind)
    at = models.DateTimeField(help_text="From when it is so, by the terms.")
    recorded_at = models.DateTimeField(help_text="The slot of the run that recorded it.")

    class Meta:
        ordering = ("customer", "at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("customer", "license", "kind", "at"),
                name="billing_life_event_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(kind__in=LifeEventKind.values), name="billing_life_event_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.kind} {self.at:%Y-%m-%d}"
