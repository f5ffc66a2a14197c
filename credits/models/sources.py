"""Who states the units of a customer's group: people by hand, or a connected system."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from credits.models.catalogue import AllocationGroup
from credits.models.people import Customer


class UsageSource(models.Model):
    """A system that reports the units of a customer's group; without one they come by hand.

    A setting, changed only by operations. Its name is what people read ("Endpoint inventory").
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="usage_sources", db_index=False
    )
    group = models.ForeignKey(
        AllocationGroup, on_delete=models.PROTECT, related_name="usage_sources"
    )
    name = models.CharField(max_length=80)
    stale_after_hours = models.PositiveIntegerField(
        default=48, help_text="Silent for longer, its figures are shown as stale."
    )
    since = models.DateTimeField(help_text="Since when the system reports.")

    class Meta:
        ordering = ("customer", "group")
        constraints = (
            models.UniqueConstraint(fields=("customer", "group"), name="credits_usage_source_once"),
            models.CheckConstraint(
                condition=Q(stale_after_hours__gt=0), name="credits_usage_source_stale_later"
            ),
        )

    def __str__(self) -> str:
        return self.name
