"""Orders that are not in the books yet: saved to go on later, or waiting for a second look."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from billing.models.purchases import Purchase
from credits.models import Customer, Operation, User


class DraftState(models.TextChoices):
    """What an order that is not recorded waits for, or what became of it."""

    DRAFT = "draft", "Draft"
    WAITING = "waiting", "Waits for a second look"
    REFUSED = "refused", "Refused"
    RECORDED = "recorded", "Recorded"
    DISCARDED = "discarded", "Discarded"


class PurchaseDraft(models.Model):
    """An order as it was typed. It grants nothing and takes no order number (docs/rules.md#r18).

    `typed` is what the form held, so that a half-filled one can be gone on with. One that waits
    for a second look is complete, and its confirmation records just what was seen: `version`
    counts every save.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="purchase_drafts")
    state = models.CharField(max_length=10, choices=DraftState, default=DraftState.DRAFT)
    version = models.PositiveIntegerField(default=1)
    form_key = models.CharField(
        max_length=200, unique=True, help_text="The form it was saved from first: saved once."
    )
    typed = models.JSONField(default=dict, help_text="The form's fields; erased by a purge.")
    order_number = models.CharField(max_length=60, blank=True)
    credits = models.BigIntegerField(null=True, help_text="In sum, once every license says.")
    saved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="purchase_drafts")
    saved_at = models.DateTimeField()
    submission = models.OneToOneField(
        Operation,
        on_delete=models.PROTECT,
        null=True,
        related_name="submitted_order",
        help_text="By which a second look was asked for.",
    )
    refusal = models.OneToOneField(
        Operation, on_delete=models.PROTECT, null=True, related_name="refused_order"
    )
    purchase = models.OneToOneField(
        Purchase, on_delete=models.PROTECT, null=True, related_name="draft"
    )

    class Meta:
        ordering = ("-saved_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=DraftState.values), name="billing_draft_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting") | Q(submission__isnull=False),
                name="billing_draft_waiting_was_submitted",
            ),
            models.CheckConstraint(
                condition=Q(state="recorded", purchase__isnull=False)
                | ~Q(state="recorded") & Q(purchase__isnull=True),
                name="billing_draft_recorded_has_purchase",
            ),
        )
        indexes = (
            # What is open at the sales desk: drafts and what waits.
            models.Index(
                fields=("customer", "saved_at"),
                name="billing_draft_open",
                condition=Q(state__in=("draft", "waiting")),
            ),
        )

    def __str__(self) -> str:
        return self.order_number or str(self.public_id)


class ImportState(models.TextChoices):
    """How far a file of purchases has come."""

    CHECKED = "checked", "Checked"
    WAITING = "waiting", "Waits for a worker"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    DISCARDED = "discarded", "Discarded"


class PurchaseImport(models.Model):
    """A file of purchases: checked line by line, then entered whole or not at all."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.CHECKED)
    name = models.CharField(max_length=120, help_text="The file's own name.")
    sha256 = models.CharField(max_length=64, help_text="Of the file's bytes.")
    content = models.TextField(help_text="The file; blanked once it is done or discarded.")
    separator = models.CharField(max_length=1, default=",")
    lines = models.PositiveIntegerField(default=0)
    orders = models.PositiveIntegerField(default=0)
    credits = models.BigIntegerField(default=0)
    done = models.PositiveIntegerField(default=0, help_text="Orders entered so far; progress.")
    already = models.PositiveIntegerField(
        default=0, help_text="Orders that were recorded before, just as they stand in the file."
    )
    problems = models.JSONField(default=list, help_text="Line, column and sentence of each.")
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="purchase_imports")
    uploaded_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-uploaded_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=ImportState.values), name="billing_import_state_known"
            ),
        )
        indexes = (
            # What a worker looks for.
            models.Index(
                fields=("uploaded_at",),
                name="billing_import_waiting",
                condition=Q(state__in=("waiting", "running")),
            ),
        )

    def __str__(self) -> str:
        return self.name
