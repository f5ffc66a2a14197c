"""Mail on its way out: rows written with their cause, sent by the relay."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from credits.models.ledger import Operation
from credits.models.people import Customer, User


class OutgoingMail(models.Model):
    """One mail, written in the transaction of its cause and sent afterwards, at least once.

    `key` is unique, so that one cause never makes two mails; the Message-ID is made from the
    public id, so that a repeat after a crash can be told by whoever receives it. A link that sets
    a password is put in while sending: no row holds a secret.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=40)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="mails"
    )
    operation = models.ForeignKey(
        Operation, on_delete=models.PROTECT, null=True, related_name="mails"
    )
    recipient = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="mails")
    to = models.EmailField(max_length=254)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    calendar = models.TextField(blank=True, help_text="The calendar file that goes with it.")
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Not tried before; moved on after each failure.")
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=200, blank=True, help_text="Why the last try failed.")

    class Meta:
        ordering = ("pk",)
        indexes = (
            # What the relay asks each minute.
            models.Index(
                fields=("due_at", "id"),
                name="credits_mail_unsent",
                condition=Q(sent_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} to {self.to}"
