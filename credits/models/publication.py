"""What was shown when: boundaries that were closed, and the record of what each made visible."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from credits.models.append_only import AppendOnly, AppendOnlyQuerySet


class Boundary(AppendOnly):
    """An hour through which Annual credits shows its figures; closed once, never moved."""

    at = models.DateTimeField(unique=True, help_text="A full hour, UTC.")
    closed_at = models.DateTimeField()

    objects = AppendOnlyQuerySet["Boundary"].as_manager()

    class Meta:
        ordering = ("at",)
        verbose_name_plural = "boundaries"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class Publication(AppendOnly):
    """The record of one closed boundary: a hash of what became visible, chained to the one before.

    `heads` are the chain heads that changed since the boundary before, by customer.
    """

    boundary = models.OneToOneField(Boundary, on_delete=models.PROTECT, related_name="publication")
    entries = models.PositiveBigIntegerField(help_text="Ledger rows that became visible.")
    heads = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()

    objects = AppendOnlyQuerySet["Publication"].as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(condition=~Q(hash=""), name="credits_publication_has_hash"),
        )

    def __str__(self) -> str:
        return f"publication {self.boundary_id}"
