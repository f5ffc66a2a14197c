"""Licenses: lots of credits with a term."""

from __future__ import annotations

import uuid

from django.db import models

from credits.models.people import Customer


class LicenseKind(models.TextChoices):
    """How the credits came to be valid; each counts the same (docs/rules.md, valid)."""

    BOUGHT = "bought", "Bought"
    CONVERTED = "converted", "Converted seats"
    TRIAL = "trial", "Trial"


class License(models.Model):
    """A lot of credits with a term. Its credits and dates are a projection of its terms."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="licenses")
    number = models.PositiveIntegerField(help_text="Counts per customer, for reading: L-204.")
    kind = models.CharField(max_length=10, choices=LicenseKind, default=LicenseKind.BOUGHT)
    renews = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="renewal"
    )
    credits = models.BigIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("customer", "number")
        constraints = (
            models.UniqueConstraint(
                fields=("customer", "number"), name="credits_license_number_once"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="credits_license_ends_after_start",
                violation_error_message="The last day must not be before the first day.",
            ),
            models.CheckConstraint(
                condition=models.Q(credits__gte=0),
                name="credits_license_credits_not_negative",
            ),
        )

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The license's number as people say it."""
        return f"L-{self.number}"
