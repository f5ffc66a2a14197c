"""Credit requests: what a customer asks sales for, and what became of it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from billing.models.purchases import Purchase
from credits.models import Customer, License, Operation, User


class RequestState(models.TextChoices):
    """What became of a request."""

    OPEN = "open", "Open"
    ANSWERED = "answered", "Answered"
    PURCHASED = "purchased", "Purchased"
    WITHDRAWN = "withdrawn", "Withdrawn"


class RequestCause(models.TextChoices):
    """Why credits are asked for."""

    SHORTAGE = "shortage", "Credits are or will be short"
    MORE = "more", "More is to be allocated"
    OTHER = "other", "Another reason"


class CreditRequest(models.Model):
    """Credits that a customer asks sales for, by a day, with the cause (docs/rules.md#r22).

    It holds no free text: what was said in own words is the note of its operation, and what was
    answered the note of the answer's, where a purge erases them.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # No index of its own: UNIQUE (customer, number) begins with the customer.
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="credit_requests", db_index=False
    )
    number = models.PositiveIntegerField(help_text="Counts per customer, for reading: R-3.")
    operation = models.OneToOneField(
        Operation, on_delete=models.PROTECT, related_name="credit_request"
    )
    credits = models.BigIntegerField()
    needed_on = models.DateField(help_text="The UTC day from which the credits are needed.")
    cause = models.CharField(max_length=10, choices=RequestCause)
    short_at = models.DateTimeField(
        null=True, help_text="From when the portal found credits short, as known when asked."
    )
    shortfall = models.BigIntegerField(null=True, help_text="By how many credits.")
    license = models.ForeignKey(
        License,
        on_delete=models.PROTECT,
        null=True,
        related_name="credit_requests",
        help_text="The license whose end makes the shortage.",
    )
    state = models.CharField(max_length=10, choices=RequestState, default=RequestState.OPEN)
    asked_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="credit_requests"
    )
    asked_at = models.DateTimeField()
    answer = models.OneToOneField(
        Operation, on_delete=models.PROTECT, null=True, related_name="answered_request"
    )
    withdrawal = models.OneToOneField(
        Operation, on_delete=models.PROTECT, null=True, related_name="withdrawn_request"
    )
    purchase = models.OneToOneField(
        Purchase, on_delete=models.PROTECT, null=True, related_name="credit_request"
    )

    class Meta:
        ordering = ("-asked_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("customer", "number"),
                name="billing_request_number_once",
                violation_error_message="The customer has a request of this number.",
            ),
            models.CheckConstraint(
                condition=Q(credits__gt=0),
                name="billing_request_credits_positive",
                violation_error_message="A request asks for at least 1 credit.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RequestState.values),
                name="billing_request_state_known",
                violation_error_message="There is no such state of a request.",
            ),
            models.CheckConstraint(
                condition=Q(cause__in=RequestCause.values),
                name="billing_request_cause_known",
                violation_error_message="There is no such cause of a request.",
            ),
            models.CheckConstraint(
                condition=Q(cause="shortage", short_at__isnull=False)
                & Q(shortfall__isnull=False, shortfall__gt=0)
                | ~Q(cause="shortage")
                & Q(short_at__isnull=True, shortfall__isnull=True, license__isnull=True),
                name="billing_request_shortage_told",
                violation_error_message="A shortage has a date and an amount; nothing else has.",
            ),
            models.CheckConstraint(
                condition=~Q(state="answered") | Q(answer__isnull=False),
                name="billing_request_answered",
                violation_error_message="An answered request has its answer.",
            ),
            models.CheckConstraint(
                condition=~Q(state="purchased") | Q(purchase__isnull=False),
                name="billing_request_purchased",
                violation_error_message="A purchased request has its purchase.",
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn", withdrawal__isnull=False)
                | ~Q(state="withdrawn") & Q(withdrawal__isnull=True),
                name="billing_request_withdrawn",
                violation_error_message="A withdrawn request has its withdrawal, no other has.",
            ),
        )
        indexes = (
            # What customers wait for: the sales desk's list, its marks and its count.
            models.Index(
                fields=("customer", "needed_on"),
                name="billing_request_open",
                condition=Q(state="open"),
            ),
        )

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The request's number as people say it."""
        return f"R-{self.number}"
