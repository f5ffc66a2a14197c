"""Seat licenses, which convert into credits, and the codes by which they are activated."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from billing.models.purchases import Purchase
from credits.models import Customer, License, Operation, User


class ConversionRate(models.Model):
    """How many credits one unit of a seat license is worth from a day on. Never edited."""

    product = models.CharField(max_length=60, help_text="The key of what was licensed by seats.")
    name = models.CharField(max_length=120)
    unit = models.CharField(max_length=60)
    unit_plural = models.CharField(max_length=60)
    credits = models.DecimalField(max_digits=14, decimal_places=4)
    valid_from = models.DateField(help_text="The first day, UTC.")
    valid_to = models.DateField(null=True, help_text="The last day; open where there is none.")
    is_assumed = models.BooleanField(default=False)
    source = models.CharField(max_length=200)
    note = models.CharField(max_length=400, blank=True)
    operation = models.ForeignKey(
        Operation, on_delete=models.PROTECT, related_name="conversion_rates"
    )

    class Meta:
        ordering = ("product", "valid_from")
        constraints = (
            models.UniqueConstraint(
                fields=("product", "valid_from"), name="billing_conversion_rate_once"
            ),
            models.CheckConstraint(
                condition=Q(credits__gt=0), name="billing_conversion_rate_positive"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="billing_conversion_rate_ends_after_start",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} from {self.valid_from:%Y-%m-%d}"


class SeatKind(models.TextChoices):
    """The type of a seat license."""

    FULL = "full", "Full"
    TRIAL = "trial", "Trial"


class Entitlement(models.Model):
    """A seat license of a customer: so many units of a product, term by term.

    Each of its terms converts once, at the rate of its first day (docs/rules.md#conversion).
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="entitlements")
    number = models.PositiveIntegerField(unique=True, help_text="For reading: EN-1001.")
    product = models.CharField(max_length=60)
    kind = models.CharField(max_length=5, choices=SeatKind, default=SeatKind.FULL)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("customer", "number")
        constraints = (
            models.CheckConstraint(
                condition=Q(kind__in=SeatKind.values), name="billing_entitlement_kind_known"
            ),
        )

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The seat license's number as people say it."""
        return f"EN-{self.number}"


class EntitlementTerm(models.Model):
    """One term of a seat license, [starts_at, ends_at), and the credits it was converted to."""

    entitlement = models.ForeignKey(Entitlement, on_delete=models.PROTECT, related_name="terms")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    units = models.BigIntegerField()
    rate = models.ForeignKey(ConversionRate, on_delete=models.PROTECT, related_name="terms")
    license = models.OneToOneField(
        License, on_delete=models.PROTECT, related_name="entitlement_term"
    )
    purchase = models.OneToOneField(
        Purchase, on_delete=models.PROTECT, related_name="entitlement_term"
    )

    class Meta:
        ordering = ("entitlement", "starts_at")
        constraints = (
            models.UniqueConstraint(
                fields=("entitlement", "starts_at"), name="billing_entitlement_term_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="billing_entitlement_term_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(units__gt=0), name="billing_entitlement_units_positive"
            ),
        )

    def __str__(self) -> str:
        return f"{self.entitlement_id} from {self.starts_at:%Y-%m-%d}"


class ActivationCode(models.Model):
    """A code that stands for a seat license, or for its renewal, until it is used once.

    Issued or imported by support. Where it names a customer, it works for that one alone.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField(max_length=40, unique=True, help_text="In capitals, with hyphens.")
    product = models.CharField(max_length=60)
    kind = models.CharField(max_length=5, choices=SeatKind, default=SeatKind.FULL)
    units = models.BigIntegerField()
    months = models.PositiveSmallIntegerField(
        null=True, help_text="The term, counted from the day of activation."
    )
    first_day = models.DateField(null=True, help_text="Or its first and last day, UTC.")
    last_day = models.DateField(null=True)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="activation_codes"
    )
    renews = models.ForeignKey(
        Entitlement, on_delete=models.PROTECT, null=True, related_name="renewal_codes"
    )
    use_by = models.DateField(null=True, help_text="The last day on which it may be entered, UTC.")
    issued_at = models.DateTimeField()
    issuing = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="issued_codes")
    term = models.OneToOneField(
        EntitlementTerm, on_delete=models.PROTECT, null=True, related_name="code"
    )
    used_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="used_codes"
    )
    used_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-issued_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(kind__in=SeatKind.values), name="billing_code_kind_known"
            ),
            models.CheckConstraint(condition=Q(units__gt=0), name="billing_code_units_positive"),
            models.CheckConstraint(
                condition=Q(months__isnull=False, months__gt=0, last_day__isnull=True)
                | Q(months__isnull=True, last_day__isnull=False),
                name="billing_code_has_term",
            ),
            models.CheckConstraint(
                condition=Q(term__isnull=True, used_at__isnull=True)
                | Q(term__isnull=False, used_at__isnull=False),
                name="billing_code_used_has_term",
            ),
        )

    def __str__(self) -> str:
        return self.code
