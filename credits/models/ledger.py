"""The books: operations (who asked what), and the signed differences they made."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Self

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from credits.models.append_only import AppendOnly, AppendOnlyQuerySet
from credits.models.catalogue import Feature
from credits.models.licenses import License
from credits.models.people import Customer, User


class Operation(AppendOnly):
    """The audit row of one state-changing command, with its key, its answer and its hash."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # No index of its own: UNIQUE (customer, position) begins with the customer.
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        related_name="operations",
        db_index=False,
    )
    position = models.PositiveBigIntegerField(help_text="Place in its chain: 1, 2, 3, ...")
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=200, blank=True)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="operations")
    on_behalf_of = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    source = models.CharField(max_length=40, help_text="portal, admin, command, demonstration.")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    answer = models.JSONField(default=dict)
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="reversal"
    )
    request_id = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField()
    note_digest = models.CharField(max_length=64, blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = AppendOnlyQuerySet["Operation"].as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("source", "key"), name="credits_operation_key_once"),
            models.UniqueConstraint(
                fields=("customer", "position"),
                name="credits_operation_position_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=~Q(key=""), name="credits_operation_has_key"),
        )
        indexes = (
            # What was recorded since a boundary: the chain heads that go out with the next one.
            BrinIndex(
                fields=("recorded_at",), name="credits_operation_recorded", autosummarize=True
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class OperationNote(models.Model):
    """The free text of an operation, beside it so that a purge can erase it."""

    operation = models.OneToOneField(
        Operation, on_delete=models.PROTECT, primary_key=True, related_name="note"
    )
    text = models.TextField()
    salt = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.text


class Side(models.TextChoices):
    """The two sides of a balance: balance = valid - allocated."""

    VALID = "valid", "Valid"
    ALLOCATED = "allocated", "Allocated"


class LedgerQuerySet(AppendOnlyQuerySet["LedgerEntry"]):
    """The questions that are asked of the ledger."""

    def for_customer(self, customer: Customer | int) -> Self:
        return self.filter(customer=customer)

    def counted(self, *, at: datetime, known: datetime) -> Self:
        """The rows of the figure at an instant, as known at an instant."""
        return self.filter(effective_at__lte=at, recorded_at__lte=known)

    def beyond(self, customer: Customer | int, at: datetime) -> Self:
        """The rows not yet visible at an instant: effective or recorded after it.

        Read backwards from the newest seq (recorded_at only rises with it) and, for what was
        booked ahead, from the partial index; never by walking the whole ledger.
        """
        last_seen = (
            LedgerEntry.objects.filter(customer=customer, recorded_at__lte=at)
            .order_by("-seq")
            .values("seq")[:1]
        )
        return self.filter(customer=customer).filter(
            Q(seq__gt=models.functions.Coalesce(models.Subquery(last_seen), 0))
            | Q(effective_at__gt=F("recorded_at")) & Q(effective_at__gt=at)
        )


class LedgerEntry(AppendOnly):
    """One signed difference of whole credits, from an instant on, for ever."""

    # No index of its own: UNIQUE (customer, seq) begins with the customer.
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="entries", db_index=False
    )
    seq = models.PositiveBigIntegerField(help_text="1, 2, 3, ... per customer, without gaps.")
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="entries")
    side = models.CharField(max_length=9, choices=Side)
    license = models.ForeignKey(
        License,
        on_delete=models.PROTECT,
        null=True,
        related_name="entries",
        db_index=False,
    )
    feature = models.ForeignKey(
        Feature,
        on_delete=models.PROTECT,
        null=True,
        related_name="entries",
        db_index=False,
    )
    credits = models.BigIntegerField()
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    objects = LedgerQuerySet.as_manager()

    class Meta:
        ordering = ("customer", "seq")
        verbose_name_plural = "ledger entries"
        constraints = (
            # Pages of a customer's ledger, the tail that is not published yet, seq without gaps.
            models.UniqueConstraint(fields=("customer", "seq"), name="credits_entry_seq_once"),
            models.CheckConstraint(condition=~Q(credits=0), name="credits_entry_not_zero"),
            models.CheckConstraint(
                condition=(
                    Q(side=Side.VALID, license__isnull=False, feature__isnull=True)
                    | Q(side=Side.ALLOCATED, license__isnull=True, feature__isnull=False)
                ),
                name="credits_entry_one_subject",
            ),
        )
        indexes = (
            # What was booked ahead, per customer: folding, late reports, the forecast.
            models.Index(
                fields=("customer", "effective_at"),
                name="credits_entry_ahead",
                condition=Q(effective_at__gt=F("recorded_at")),
            ),
            # What becomes visible at a boundary: recorded since, or booked ahead and due since.
            BrinIndex(fields=("recorded_at",), name="credits_entry_recorded", autosummarize=True),
            models.Index(
                fields=("effective_at",),
                name="credits_entry_due",
                condition=Q(effective_at__gt=F("recorded_at")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.customer_id}/{self.seq}: {self.credits:+d}"

    @property
    def visible_at(self) -> datetime:
        """The instant from which both clocks let the entry count."""
        return max(self.effective_at, self.recorded_at)


def subject_of(row: Any) -> tuple[str, int]:
    """What an entry or a level is about: ("valid", license id) or ("allocated", feature id)."""
    return (row.side, row.license_id if row.side == Side.VALID else row.feature_id)
