"""Estimates: what it would take. Saving one is no act on the books and allocates nothing."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q

from billing.models import Purchase
from credits.models import Customer, Feature, Operation, User

MAX_NAME = 120
MAX_YEARS = 10


class EstimateQuerySet(models.QuerySet["Estimate"]):
    """Estimates as their customer's members see them."""

    def for_customer(self, customer: Customer) -> Self:
        return self.filter(customer=customer)


class Estimate(models.Model):
    """A saved calculation of what a customer would need; its other members see it as well."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # No index of its own: UNIQUE (customer, number) begins with the customer.
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="estimates", db_index=False
    )
    number = models.PositiveIntegerField(help_text="Per customer, for reading: E-57.")
    name = models.CharField(max_length=MAX_NAME)
    years = models.PositiveSmallIntegerField(default=1, help_text="Length of the term.")
    overlap = models.BooleanField(
        default=False,
        help_text="Packages of one group were stated for the same endpoints: the highest counts.",
    )
    reserve_credits = models.BigIntegerField(
        default=0, help_text="Credits kept free on top of the lines."
    )
    reserve_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        help_text="Or so many percent of what the lines hold.",
    )
    level = models.BigIntegerField(
        default=0,
        help_text="Credits to hold with the reserve, at the rates in force when it was saved.",
    )
    version = models.PositiveIntegerField(default=1, help_text="How often it was saved.")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    updated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    updated_at = models.DateTimeField()

    objects = EstimateQuerySet.as_manager()

    class Meta:
        ordering = ("customer", "-updated_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("customer", "number"), name="estimator_estimate_number_once"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="estimator_estimate_has_name"),
            models.CheckConstraint(
                condition=Q(years__gte=1, years__lte=MAX_YEARS),
                name="estimator_estimate_years_in_range",
                violation_error_message=f"The term is 1 to {MAX_YEARS} years.",
            ),
            models.CheckConstraint(
                condition=Q(level__gte=0), name="estimator_estimate_level_not_negative"
            ),
            models.CheckConstraint(
                condition=(Q(reserve_percent=0) & Q(reserve_credits__gte=0))
                | (Q(reserve_credits=0) & Q(reserve_percent__gt=0, reserve_percent__lte=100)),
                name="estimator_estimate_reserve_one_of_two",
                violation_error_message="A reserve is credits or up to 100 percent, not both.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.label} {self.name}"

    @property
    def label(self) -> str:
        """The estimate's number as people say it."""
        return f"E-{self.number}"


class EstimateLine(models.Model):
    """What one feature is estimated at, in the order of the page."""

    estimate = models.ForeignKey(
        Estimate, on_delete=models.CASCADE, related_name="lines", db_index=False
    )
    position = models.PositiveSmallIntegerField()
    feature = models.ForeignKey(Feature, on_delete=models.PROTECT, related_name="+", db_index=False)
    quantities = models.JSONField(
        help_text="Decimals as text by feature key, or by account within it."
    )
    growth = models.DecimalField(
        max_digits=6, decimal_places=2, default=Decimal(0), help_text="Percent a year."
    )
    starts_on = models.DateField(
        null=True, help_text="First day of the month from which it is needed; empty: at once."
    )
    ramp_months = models.PositiveSmallIntegerField(
        default=0, help_text="Over how many months the units arrive; 0: all at once."
    )

    class Meta:
        ordering = ("estimate", "position")
        constraints = (
            models.UniqueConstraint(
                fields=("estimate", "position"), name="estimator_line_position_once"
            ),
            models.UniqueConstraint(
                fields=("estimate", "feature"),
                name="estimator_line_feature_once",
                violation_error_message="An estimate has one line for each feature.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.estimate_id} line {self.position}"


class EstimateVersion(models.Model):
    """One save of an estimate: who, when, and exactly what, once per form key."""

    estimate = models.ForeignKey(
        Estimate, on_delete=models.CASCADE, related_name="versions", db_index=False
    )
    number = models.PositiveIntegerField()
    key = models.CharField(max_length=200, unique=True)
    content = models.JSONField(help_text="What was asked; the same key may not ask otherwise.")
    level = models.BigIntegerField()
    saved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(help_text="It was priced at the rates in force then.")
    known_at = models.DateTimeField(
        help_text="And as they were known at this instant, so that no later correction changes it."
    )

    class Meta:
        ordering = ("estimate", "-number")
        constraints = (
            models.UniqueConstraint(
                fields=("estimate", "number"), name="estimator_version_number_once"
            ),
            models.CheckConstraint(condition=~Q(key=""), name="estimator_version_has_key"),
        )

    def __str__(self) -> str:
        return f"{self.estimate_id} version {self.number}"


class EstimateLink(models.Model):
    """A way to one version of an estimate for people without an account, until it ends.

    The secret of its address is signed from `public_id` and kept nowhere, so that reading the
    database opens no link.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.ForeignKey(EstimateVersion, on_delete=models.CASCADE, related_name="links")
    operation = models.OneToOneField(
        Operation, on_delete=models.PROTECT, related_name="estimate_link"
    )
    shared_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    shared_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="The first instant at which it opens no more.")
    revoked = models.OneToOneField(
        Operation, on_delete=models.PROTECT, null=True, related_name="revoked_estimate_link"
    )

    class Meta:
        ordering = ("-shared_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("shared_at")),
                name="estimator_link_ends_after_start",
            ),
        )

    def __str__(self) -> str:
        return f"{self.version} until {self.expires_at:%Y-%m-%d}"


class HandOver(models.Model):
    """An estimate that a customer handed over to sales, and the purchase it became.

    It holds the figures that were handed over, so that what sales confirms is what the customer
    saw. A purchase that is cancelled leaves it waiting again.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    estimate = models.ForeignKey(Estimate, on_delete=models.PROTECT, related_name="hand_overs")
    version = models.PositiveIntegerField(help_text="The save that was handed over.")
    credits = models.BigIntegerField(help_text="What is to be bought.")
    first_day = models.DateField(help_text="The UTC day from which they are needed.")
    years = models.PositiveSmallIntegerField()
    operation = models.OneToOneField(Operation, on_delete=models.PROTECT, related_name="hand_over")
    handed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="hand_overs")
    handed_at = models.DateTimeField()
    taken_back = models.OneToOneField(
        Operation, on_delete=models.PROTECT, null=True, related_name="taken_back_hand_over"
    )
    purchase = models.OneToOneField(
        Purchase, on_delete=models.PROTECT, null=True, related_name="hand_over"
    )

    class Meta:
        ordering = ("-handed_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("estimate",),
                condition=Q(taken_back__isnull=True),
                name="estimator_hand_over_once",
            ),
            models.CheckConstraint(
                condition=Q(credits__gt=0), name="estimator_hand_over_credits_positive"
            ),
        )

    def __str__(self) -> str:
        return f"{self.estimate_id} version {self.version}"


class VisitorCount(models.Model):
    """How often somebody without an account asked within an hour, and within a minute of it.

    Nothing of what was asked is kept, and nobody is named: `place` is a keyed digest of hour and
    address, so that it says nothing of the next hour. Rows are removed once their hour is over.
    """

    place = models.CharField(primary_key=True, max_length=32)
    hour = models.DateTimeField(help_text="The hour in which it counts, by its start.")
    minute = models.PositiveSmallIntegerField(help_text="The minute of the newest request.")
    in_hour = models.PositiveIntegerField(default=1)
    in_minute = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("place",)

    def __str__(self) -> str:
        return f"{self.in_hour} within {self.hour:%Y-%m-%d %H}:00"
