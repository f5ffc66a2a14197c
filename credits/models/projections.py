"""Projections: sums kept for speed, written only by the writer, restorable from the ledger."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from credits.models.catalogue import Feature
from credits.models.ledger import Side
from credits.models.licenses import License
from credits.models.people import Customer

GENESIS = "0" * 64
"""The hash before a chain's first operation."""


class Journal(models.Model):
    """The head of one chain of operations; its row is the lock of every writer to it."""

    position = models.PositiveBigIntegerField(default=0)
    chain_head = models.CharField(max_length=64, default=GENESIS)
    last_recorded_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class OfficeJournal(Journal):
    """The one chain of catalogue and staff changes, which belong to no customer."""

    def __str__(self) -> str:
        return f"office at {self.position}"


class Balance(Journal):
    """A customer's valid and allocated credits as of `folded_until`, and the lock.

    Whether the books are shut stands here as well, since the writer must read it under the lock.
    """

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="standing"
    )
    seq = models.PositiveBigIntegerField(default=0)
    valid = models.BigIntegerField(default=0)
    allocated = models.BigIntegerField(default=0)
    folded_until = models.DateTimeField()
    rates_through = models.BigIntegerField(default=0, help_text="Newest rate operation booked.")
    parked_at = models.DateTimeField(
        null=True, help_text="Since when people may not write: an invariant is broken."
    )
    purged_at = models.DateTimeField(
        null=True, help_text="When everything personal was erased; nothing is written any more."
    )

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.valid} - {self.allocated}"


class Level(models.Model):
    """Credits a license gives or a feature holds, as of the balance's `folded_until`."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="levels", db_index=False
    )
    side = models.CharField(max_length=9, choices=Side)
    license = models.OneToOneField(
        License, on_delete=models.PROTECT, null=True, related_name="level"
    )
    feature = models.ForeignKey(Feature, on_delete=models.PROTECT, null=True, related_name="levels")
    credits = models.BigIntegerField(default=0)
    held_since = models.DateTimeField(null=True, help_text="Since when it has been above zero.")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("customer", "side", "license", "feature"),
                name="credits_level_subject_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=(
                    Q(side=Side.VALID, license__isnull=False, feature__isnull=True)
                    | Q(side=Side.ALLOCATED, license__isnull=True, feature__isnull=False)
                ),
                name="credits_level_one_subject",
            ),
        )

    def __str__(self) -> str:
        return f"{self.customer_id} {self.side}: {self.credits}"


class DailyChange(models.Model):
    """What one UTC day changed on one side; a back-dated entry touches only its own day."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="daily_changes", db_index=False
    )
    side = models.CharField(max_length=9, choices=Side)
    day = models.DateField()
    credits = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("customer", "side", "day")
        constraints = (
            models.UniqueConstraint(
                fields=("customer", "side", "day"), name="credits_daily_change_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.customer_id} {self.side} {self.day}: {self.credits:+d}"
