"""Facts: "from this instant on it is so". Append-only; withdrawn only by a reversal."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from credits.models.append_only import AppendOnly, AppendOnlyQuerySet
from credits.models.catalogue import AllocationGroup, Feature
from credits.models.ledger import Operation
from credits.models.licenses import License
from credits.models.people import Customer

FactT = TypeVar("FactT", bound="Fact")


class FactQuerySet(AppendOnlyQuerySet[FactT]):
    """Facts that stand, and those among them that matter from an instant on."""

    subject: ClassVar[str]
    precedence: ClassVar[tuple[str, ...]]

    def standing(self, known: datetime | None = None) -> Self:
        """Facts whose operation has not been reversed, today or as known at an instant."""
        reversal = Operation.objects.filter(reverses=OuterRef("operation"))
        if known is None:
            return self.filter(~Exists(reversal))
        return self.filter(
            ~Exists(reversal.filter(recorded_at__lte=known)), operation__recorded_at__lte=known
        )

    def first_in_force(self, at: datetime, known: datetime | None = None) -> Self:
        """Per subject the standing fact in force at an instant."""
        return (
            self.standing(known)
            .filter(at__lte=at)
            .order_by(self.subject, *self.precedence)
            .distinct(self.subject)
        )


class Fact(AppendOnly):
    """A statement that holds from `at` on, brought by one operation."""

    at = models.DateTimeField()

    class Meta:
        abstract = True


class LicenseTermQuerySet(FactQuerySet["LicenseTerm"]):
    """Of the terms begun, the one of the latest operation is in force: a void voids plans."""

    subject = "license_id"
    precedence = ("-operation_id", "-pk")


class LicenseTerm(Fact):
    """From `at` the license holds `credits` until `until` (the first instant without)."""

    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="terms")
    license = models.ForeignKey(License, on_delete=models.PROTECT, related_name="terms")
    credits = models.BigIntegerField()
    until = models.DateTimeField(null=True)

    objects = LicenseTermQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(credits=0) | Q(credits__gt=0, until__gt=F("at")),
                name="credits_term_ends_after_start",
                violation_error_message="The last day must not be before the first day.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.license_id}: {self.credits} from {self.at:%Y-%m-%d}"


class UsageReportQuerySet(FactQuerySet["UsageReport"]):
    """The newest instant is in force; there the higher revision, then the later operation."""

    subject = "group_id"
    precedence = ("-at", "-revision", "-operation_id", "-pk")


class UsageReport(Fact):
    """From `at` a customer's group has these quantities, as stated by a person or a system."""

    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="reports")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="reports", db_index=False
    )
    group = models.ForeignKey(AllocationGroup, on_delete=models.PROTECT, related_name="reports")
    quantities = models.JSONField(help_text="Decimals as text, by feature key or 'units'.")
    revision = models.PositiveBigIntegerField(default=0)
    by_hand = models.BooleanField(default=True, help_text="Typed by a person; else by a system.")

    objects = UsageReportQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        indexes = (
            # The report in force for a customer's group at an instant.
            models.Index(fields=("customer", "group", "at"), name="credits_report_in_force"),
        )

    def __str__(self) -> str:
        return f"{self.customer_id}/{self.group_id}: {self.quantities}"


class BillingModel(models.TextChoices):
    """What a feature is paid with; never both."""

    CREDITS = "credits", "Credits"
    PAYG = "payg", "Pay-as-you-go"


class FeatureChoiceQuerySet(FactQuerySet["FeatureChoice"]):
    """Of the choices begun, the one of the latest operation is in force."""

    subject = "feature_id"
    precedence = ("-operation_id", "-pk")


class FeatureChoice(Fact):
    """From `at` a customer's feature is on or off, and on credits or pay-as-you-go."""

    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="choices")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="choices", db_index=False
    )
    feature = models.ForeignKey(Feature, on_delete=models.PROTECT, related_name="choices")
    is_on = models.BooleanField()
    billing_model = models.CharField(
        max_length=7, choices=BillingModel, default=BillingModel.CREDITS
    )
    until = models.DateTimeField(null=True)

    objects = FeatureChoiceQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        indexes = (
            # The choice in force for a customer's feature.
            models.Index(
                fields=("customer", "feature", "operation"), name="credits_choice_in_force"
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(billing_model__in=BillingModel.values),
                name="credits_choice_billing_model_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.customer_id}/{self.feature_id}: {'on' if self.is_on else 'off'}"


class AllocationModel(models.TextChoices):
    """How a quantity becomes credits (docs/rules.md, allocation models)."""

    MANUAL = "manual", "Manual"
    PER_UNIT = "per_unit", "Per unit"
    PER_USER = "per_user", "Per user"
    DAILY_RESERVE = "daily_reserve", "Daily reserve"
    THROUGHPUT_BLOCK = "throughput_block", "Throughput block"
    VOLUME_PACK = "volume_pack", "Volume pack"
    FIXED_PER_ASSET = "fixed_per_asset", "Fixed per asset"
    FREE = "free", "Free"
    TIERED = "tiered", "Tiers per account"
    PACKAGE = "package", "Highest in use"
    BUNDLE = "bundle", "Bundle"
    USAGE_RESERVATION = "usage_reservation", "Usage reservation"


class FeatureRateQuerySet(FactQuerySet["FeatureRate"]):
    """The newest instant is in force; there the later operation (a correction)."""

    subject = "feature_id"
    precedence = ("-at", "-operation_id", "-pk")


class FeatureRate(Fact):
    """From `at` a feature costs this. Never edited; holds everything that pricing reads."""

    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="rates")
    feature = models.ForeignKey(Feature, on_delete=models.PROTECT, related_name="rates")
    model = models.CharField(max_length=20, choices=AllocationModel)
    credits = models.DecimalField(max_digits=14, decimal_places=4, help_text="Per block.")
    block = models.DecimalField(max_digits=14, decimal_places=4, default=1, help_text="Units.")
    cap = models.BigIntegerField(null=True, help_text="Credits per account, tiers only.")
    parts = models.JSONField(default=list, help_text="Feature keys a bundle stands in for.")
    closes_at = models.DateTimeField(null=True, help_text="No new allocations from here on.")
    assumed = models.BooleanField(default=False)
    source = models.CharField(max_length=200, blank=True)
    remark = models.CharField(max_length=400, blank=True)

    objects = FeatureRateQuerySet.as_manager()

    class Meta:
        ordering = ("feature", "at", "pk")
        constraints = (
            models.CheckConstraint(condition=Q(credits__gte=0), name="credits_rate_not_negative"),
            models.CheckConstraint(condition=Q(block__gt=0), name="credits_rate_block_positive"),
            models.CheckConstraint(
                condition=Q(model__in=AllocationModel.values),
                name="credits_rate_model_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.feature_id}: {self.credits} from {self.at:%Y-%m-%d}"
