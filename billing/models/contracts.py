"""Pay-as-you-go contracts: until when a customer's features may be paid another way."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from credits.models import Customer, Operation


class ContractChannel(models.TextChoices):
    """Where a contract was made; agreement numbers are unique within a channel."""

    AWS = "aws", "AWS Marketplace"
    AZURE = "azure", "Azure Marketplace"
    OTHER = "other", "Other"


class PaygContract(models.Model):
    """A pay-as-you-go agreement over [starts_at, ends_at), both 00:00 UTC.

    A customer's contracts never overlap: the command that enters them sees to it under the
    customer's lock.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="contracts")
    operation = models.OneToOneField(Operation, on_delete=models.PROTECT, related_name="contract")
    channel = models.CharField(max_length=10, choices=ContractChannel, default=ContractChannel.AWS)
    agreement = models.CharField(max_length=60)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="The first instant without.")

    class Meta:
        verbose_name = "pay-as-you-go contract"
        ordering = ("-starts_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                "channel",
                Lower("agreement"),
                name="billing_contract_agreement_once",
                violation_error_message="This agreement was entered in this channel.",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=ContractChannel.values),
                name="billing_contract_channel_known",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="billing_contract_ends_after_start",
                violation_error_message="The last day must not be before the first day.",
            ),
        )

    def __str__(self) -> str:
        return self.agreement
