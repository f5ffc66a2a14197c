"""Viewings: support that looks at a customer's pages as one of its members sees them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from credits.models.ledger import Operation
from credits.models.people import Customer, User


class Viewing(models.Model):
    """One person of support who sees what a member sees, reading only, for a short time.

    Its beginning is an operation of the customer's chain, with both names and a reason.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="viewings")
    viewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="viewings")
    seen_as = models.ForeignKey(User, on_delete=models.PROTECT, related_name="viewings_as")
    operation = models.OneToOneField(Operation, on_delete=models.PROTECT, related_name="viewing")
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="The first instant without.")
    ended_at = models.DateTimeField(null=True, help_text="When it was ended before.")

    class Meta:
        ordering = ("-started_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("started_at")),
                name="credits_viewing_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~Q(viewer=F("seen_as")), name="credits_viewing_of_another"
            ),
        )

    def __str__(self) -> str:
        return f"{self.viewer_id} as {self.seen_as_id}"
