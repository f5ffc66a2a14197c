"""Purchases: how credits came in, each order with the licenses it granted."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from credits.models import Customer, License, Operation, User


class Channel(models.TextChoices):
    """Through whom an order came; order numbers are unique within a channel."""

    SALES = "sales", "Sales representative"
    SUPPORT = "support", "Support"
    AWS = "aws", "AWS Marketplace"
    AZURE = "azure", "Azure Marketplace"
    CONVERSION = "conversion", "Converted seats"


class PurchaseState(models.TextChoices):
    """What became of an order."""

    CONFIRMED = "confirmed", "Confirmed"
    CANCELLED = "cancelled", "Cancelled"
    MOVED = "moved", "Moved to another customer"


WITHDRAWN_STATES = (PurchaseState.CANCELLED, PurchaseState.MOVED)
"""An order that stands no more: its number may be used again."""


class Purchase(models.Model):
    """One order that granted one or more licenses in one operation."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="purchases")
    operation = models.OneToOneField(Operation, on_delete=models.PROTECT, related_name="purchase")
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.SALES)
    order_number = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=PurchaseState, default=PurchaseState.CONFIRMED)
    price = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    note = models.TextField(blank=True, help_text="Erased by a purge.")
    entered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="purchases"
    )
    confirmed_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name="confirmed_purchases",
        help_text="The second pair of eyes, where the order needed one.",
    )
    recorded_at = models.DateTimeField()
    moved_from = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="moved_to",
        help_text="The order of the wrong customer that this one stands for.",
    )

    class Meta:
        ordering = ("-recorded_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                "channel",
                Lower("order_number"),
                condition=~Q(state__in=("cancelled", "moved")),
                name="billing_purchase_order_once",
                violation_error_message="This order number is used in this channel.",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values), name="billing_purchase_channel_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=PurchaseState.values), name="billing_purchase_state_known"
            ),
            models.CheckConstraint(
                condition=Q(price__isnull=True, currency="")
                | Q(price__gte=0, currency__regex=r"^[A-Z]{3}$"),
                name="billing_purchase_price_has_currency",
                violation_error_message="A price needs a currency of three letters.",
            ),
        )

    def __str__(self) -> str:
        return self.order_number


class PurchaseLine(models.Model):
    """One license of an order, in the order they were entered."""

    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    license = models.OneToOneField(License, on_delete=models.PROTECT, related_name="purchase_line")

    class Meta:
        ordering = ("purchase", "position")
        constraints = (
            models.UniqueConstraint(
                fields=("purchase", "position"), name="billing_line_position_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.purchase} line {self.position}"


class PurchaseEventKind(models.TextChoices):
    """What was done to an order after it was recorded."""

    AMENDED = "amended", "Amended"
    LINE_VOIDED = "line-voided", "A license was voided"
    CANCELLED = "cancelled", "Cancelled"
    MOVED = "moved", "Moved to another customer"
    ATTACHED = "attached", "A file was attached"
    DETACHED = "detached", "A file was removed"


class PurchaseEvent(models.Model):
    """One later act on an order, with what changed; its reason is the operation's note."""

    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="events")
    operation = models.ForeignKey(
        Operation, on_delete=models.PROTECT, related_name="purchase_events"
    )
    kind = models.CharField(max_length=12, choices=PurchaseEventKind)
    changes = models.JSONField(
        default=list, help_text="Of each thing that changed: its name, before and after."
    )

    class Meta:
        ordering = ("purchase", "operation_id", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("purchase", "operation"), name="billing_purchase_event_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=PurchaseEventKind.values),
                name="billing_purchase_event_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.purchase_id}: {self.kind}"


class PurchaseFile(models.Model):
    """A file that belongs to an order: the signed form, the mail. Erased by a purge.

    What was sent with a form that was refused is kept under the form's key until the form is sent
    again, so that nobody has to choose the file anew.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="purchase_files"
    )
    purchase = models.ForeignKey(
        Purchase, on_delete=models.PROTECT, null=True, related_name="files"
    )
    form_key = models.CharField(max_length=200, blank=True, help_text="Until the order is there.")
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    uploaded_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="purchase_files"
    )
    uploaded_at = models.DateTimeField()

    class Meta:
        ordering = ("purchase", "pk")
        indexes = (
            # What waits for a form to be sent again.
            models.Index(
                fields=("form_key",),
                name="billing_file_waiting",
                condition=Q(purchase__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return self.name
