"""Notices: what a customer's people are told without asking, in the portal and by mail."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from credits.models import Customer, License, User


class NoticeKind(models.TextChoices):
    """What is told (docs/rules.md#r23)."""

    LICENSE_90 = "license-90", "90 days before a license ends"
    LICENSE_30 = "license-30", "30 days before a license ends"
    LICENSE_7 = "license-7", "7 days before a license ends"
    TRIAL_15 = "trial-15", "15 days before a trial ends"
    LICENSE_ENDED = "license-ended", "A license has ended"
    LOCKED = "locked", "Access has ended"
    PURGE_AHEAD = "purge-ahead", "Everything will be erased"
    PURGED = "purged", "Everything was erased"
    SHORT_AHEAD = "short-ahead", "Credits will be short"
    SHORT_AHEAD_OVER = "short-ahead-over", "Credits will not be short any more"
    LOW_BALANCE = "low-balance", "The balance is low"
    LOW_BALANCE_OVER = "low-balance-over", "The balance is not low any more"
    NEGATIVE = "negative", "The balance is below zero"
    NEGATIVE_OVER = "negative-over", "The balance is not below zero any more"
    WEEKLY = "weekly", "What automatic usage changed in a week"


class Notice(models.Model):
    """One thing that was told to a customer's people, once.

    `facts` are the figures, days and names as they were when it was told; words are made of them
    when somebody reads, in the reader's zone. `key` is unique: the same cause is told once.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="notices", db_index=False
    )
    license = models.ForeignKey(
        License, on_delete=models.PROTECT, null=True, related_name="notices"
    )
    kind = models.CharField(max_length=20, choices=NoticeKind)
    key = models.CharField(max_length=120, unique=True)
    facts = models.JSONField(default=dict)
    at = models.DateTimeField(help_text="The slot at which it was due.")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(kind__in=NoticeKind.values), name="billing_notice_kind_known"
            ),
        )
        indexes = (
            # A customer's inbox, newest first, and how many of it are unread.
            models.Index(fields=("customer", "id"), name="billing_notice_inbox"),
        )

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.kind}"


class Watched(models.TextChoices):
    """States of a balance that are told when they begin and when they are over."""

    NEGATIVE = "negative", "Below zero"
    SHORT_AHEAD = "short-ahead", "Short ahead"
    LOW = "low", "Low"


class WatchedState(models.Model):
    """Whether a watched state of a customer's balance holds, as it was told last."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="watched_states", db_index=False
    )
    state = models.CharField(max_length=11, choices=Watched)
    level = models.PositiveSmallIntegerField(
        default=0, help_text="Of a low balance: the percentage of valid that is not left."
    )
    holds = models.BooleanField(default=False)
    since = models.DateTimeField(help_text="The slot at which it last changed.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("customer", "state", "level"), name="billing_watched_state_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.state} {self.level} {self.holds}"


def default_low_levels() -> list[int]:
    """The levels of a customer that chose none: told when less than a tenth of valid is left."""
    return [10]


class NoticeSettings(models.Model):
    """What a customer's admins want to be told of; without a row the defaults hold."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="notice_settings"
    )
    low_levels = ArrayField(
        models.PositiveSmallIntegerField(),
        default=default_low_levels,
        blank=True,
        help_text="Percentages of valid; told when less than one of them is left.",
    )
    days_ahead = models.PositiveSmallIntegerField(
        default=30, help_text="How far ahead a shortfall is told; 0: not at all."
    )
    weekly = models.BooleanField(default=True, help_text="The digest of automatic usage.")

    def __str__(self) -> str:
        return f"{self.customer_id}"


class InboxMark(models.Model):
    """How far a member has read a customer's notices."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="inbox_marks", db_index=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="inbox_marks")
    read_through = models.BigIntegerField(default=0, help_text="The newest notice that was read.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("customer", "user"), name="billing_inbox_mark_once"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} of {self.customer_id}: {self.read_through}"
