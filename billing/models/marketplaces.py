"""Marketplaces: what is sold there, what they send, and what each agreement has come to."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from billing.models.contracts import PaygContract
from billing.models.purchases import Purchase
from credits.models import Customer, Operation, User


class Marketplace(models.TextChoices):
    """Who sells."""

    AWS = "aws", "AWS Marketplace"
    AZURE = "azure", "Azure Marketplace"


class OfferKind(models.TextChoices):
    """What a marketplace's plan is for the portal."""

    CREDITS = "credits", "Credits"
    PAYG = "payg", "Pay-as-you-go"


class MarketplaceOffer(models.Model):
    """What one unit of a plan (AWS: a dimension of a product) is worth. Without it: unknown."""

    marketplace = models.CharField(max_length=5, choices=Marketplace)
    product = models.CharField(max_length=200, help_text="AWS: product code. Azure: offer id.")
    plan = models.CharField(max_length=200, help_text="AWS: dimension. Azure: plan id.")
    kind = models.CharField(max_length=7, choices=OfferKind, default=OfferKind.CREDITS)
    credits = models.BigIntegerField(default=0, help_text="Credits per unit; of credits only.")
    operation = models.ForeignKey(
        Operation, on_delete=models.PROTECT, related_name="marketplace_offers"
    )

    class Meta:
        ordering = ("marketplace", "product", "plan")
        constraints = (
            models.UniqueConstraint(
                fields=("marketplace", "product", "plan"), name="billing_offer_once"
            ),
            models.CheckConstraint(
                condition=Q(marketplace__in=Marketplace.values),
                name="billing_offer_marketplace_known",
            ),
            models.CheckConstraint(
                condition=Q(kind="credits", credits__gt=0) | Q(kind="payg", credits=0),
                name="billing_offer_worth",
            ),
        )

    def __str__(self) -> str:
        return f"{self.marketplace} {self.product} {self.plan}"


class AgreementState(models.TextChoices):
    """How an agreement stands, as the marketplace said last."""

    PENDING = "pending", "Not active yet"
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    ENDED = "ended", "Ended"


class MarketplaceAgreement(models.Model):
    """One agreement of a buyer: AWS by its LicenseArn, Azure by its subscription id.

    `fetched` numbers every look at the marketplace, `applied` is the look whose truth was applied
    last: an older look never overwrites a newer one.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    marketplace = models.CharField(max_length=5, choices=Marketplace)
    reference = models.CharField(max_length=300)
    account = models.CharField(
        max_length=100, blank=True, help_text="The buyer: AWS account, Azure tenant."
    )
    product = models.CharField(max_length=200, blank=True)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="agreements"
    )
    linking = models.OneToOneField(
        Operation, on_delete=models.PROTECT, null=True, related_name="linked_agreement"
    )
    state = models.CharField(max_length=9, choices=AgreementState, default=AgreementState.PENDING)
    items = models.JSONField(default=list, help_text="Plan and units of each, as said last.")
    starts_at = models.DateTimeField(null=True, help_text="As said last; not cut to days.")
    ends_at = models.DateTimeField(null=True)
    suspended_at = models.DateTimeField(null=True)
    must_activate = models.BooleanField(
        default=False, help_text="The marketplace waits to be told that the buyer was let in."
    )
    contract = models.OneToOneField(
        PaygContract, on_delete=models.PROTECT, null=True, related_name="marketplace_agreement"
    )
    purchases = models.ManyToManyField(
        Purchase, through="AgreementPurchase", related_name="agreements"
    )
    fetched = models.PositiveBigIntegerField(default=0)
    applied = models.PositiveBigIntegerField(default=0)
    applied_at = models.DateTimeField(null=True)
    problem = models.CharField(
        max_length=60, blank=True, help_text="Why it has not come to credits: a word for people."
    )
    found_at = models.DateTimeField()

    class Meta:
        ordering = ("-found_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("marketplace", "reference"), name="billing_agreement_reference_once"
            ),
            models.CheckConstraint(
                condition=Q(marketplace__in=Marketplace.values),
                name="billing_agreement_marketplace_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=AgreementState.values),
                name="billing_agreement_state_known",
            ),
        )
        indexes = (
            # What blocks a customer's access.
            models.Index(
                fields=("customer",),
                name="billing_agreement_suspended",
                condition=Q(suspended_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.reference


class AgreementPurchase(models.Model):
    """An order that an agreement has come to: its first term, a renewal, more credits."""

    agreement = models.ForeignKey(
        MarketplaceAgreement, on_delete=models.PROTECT, related_name="orders"
    )
    purchase = models.OneToOneField(
        Purchase, on_delete=models.PROTECT, related_name="agreement_order"
    )
    number = models.PositiveIntegerField(help_text="Counts per agreement.")

    class Meta:
        ordering = ("agreement", "number")
        constraints = (
            models.UniqueConstraint(
                fields=("agreement", "number"), name="billing_agreement_order_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.agreement_id} order {self.number}"


class MessageState(models.TextChoices):
    """What became of a message."""

    STORED = "stored", "Stored"
    APPLIED = "applied", "Applied"
    PARKED = "parked", "Parked"


class MarketplaceMessage(models.Model):
    """One message as it came in, once per (marketplace, message id), applied later.

    `body` is the raw text; a purge blanks it. A message says only where to look: what is applied
    is what the marketplace says when asked (docs/rules.md#marketplaces).
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    marketplace = models.CharField(max_length=5, choices=Marketplace)
    message_id = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, help_text="Of the body.")
    body = models.TextField()
    action = models.CharField(max_length=100)
    reference = models.CharField(max_length=300, help_text="The agreement it speaks of.")
    account = models.CharField(max_length=100, blank=True)
    product = models.CharField(max_length=200, blank=True)
    said_at = models.DateTimeField(null=True, help_text="When it happened, as the message says.")
    received_at = models.DateTimeField()
    deliveries = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=8, choices=MessageState, default=MessageState.STORED)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(help_text="From when it is tried, or tried again.")
    problem = models.CharField(max_length=400, blank=True)
    settled_at = models.DateTimeField(null=True)
    agreement = models.ForeignKey(
        MarketplaceAgreement, on_delete=models.PROTECT, null=True, related_name="messages"
    )

    class Meta:
        ordering = ("-received_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("marketplace", "message_id"), name="billing_message_once"
            ),
            models.CheckConstraint(
                condition=Q(marketplace__in=Marketplace.values),
                name="billing_message_marketplace_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=MessageState.values), name="billing_message_state_known"
            ),
        )
        indexes = (
            # What is to be applied next.
            models.Index(
                fields=("due_at",),
                name="billing_message_due",
                condition=Q(state="stored"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.marketplace} {self.message_id}"


class LinkClaim(models.Model):
    """A buyer's right to link one agreement, from the landing page on, for a short time.

    The address carries a secret of which only a digest is kept.
    """

    digest = models.CharField(max_length=64, unique=True)
    agreement = models.ForeignKey(
        MarketplaceAgreement, on_delete=models.PROTECT, related_name="claims"
    )
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="link_claims"
    )
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-made_at", "-pk")

    def __str__(self) -> str:
        return f"claim of {self.agreement_id}"


class DifferenceState(models.TextChoices):
    """What became of a difference that a reconciliation found."""

    OPEN = "open", "Open"
    REPAIRED = "repaired", "Repaired"
    GONE = "gone", "Gone by itself"


class MarketplaceDifference(models.Model):
    """One thing that our purchases and the marketplace say differently of an agreement."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    marketplace = models.CharField(max_length=5, choices=Marketplace)
    reference = models.CharField(max_length=300)
    agreement = models.ForeignKey(
        MarketplaceAgreement, on_delete=models.PROTECT, null=True, related_name="differences"
    )
    kind = models.CharField(max_length=40, help_text="What differs: units, end, state, unknown.")
    ours = models.CharField(max_length=200, blank=True)
    theirs = models.CharField(max_length=200, blank=True)
    found_at = models.DateTimeField(help_text="The slot that found it first.")
    seen_at = models.DateTimeField(help_text="The slot that found it last.")
    state = models.CharField(max_length=8, choices=DifferenceState, default=DifferenceState.OPEN)
    closed_at = models.DateTimeField(null=True)
    repair = models.ForeignKey(
        Operation, on_delete=models.PROTECT, null=True, related_name="repaired_differences"
    )

    class Meta:
        ordering = ("-found_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("marketplace", "reference", "kind"),
                condition=Q(state="open"),
                name="billing_difference_open_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=DifferenceState.values),
                name="billing_difference_state_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference}: {self.kind}"


class MarketplaceKeys(models.Model):
    """The public keys by which a marketplace signs its messages, as published last.

    A job fetches them ahead, so that looking at a message asks nobody, a forged one included.
    """

    marketplace = models.CharField(max_length=5, choices=Marketplace, unique=True)
    keys = models.JSONField(default=list, help_text="JSON Web Keys, of those that may sign.")
    fetched_at = models.DateTimeField()

    class Meta:
        ordering = ("marketplace",)
        constraints = (
            models.CheckConstraint(
                condition=Q(marketplace__in=Marketplace.values),
                name="billing_keys_marketplace_known",
            ),
        )

    def __str__(self) -> str:
        return f"keys of {self.marketplace}"
