"""Licenses as their pages show them: how each stands today, and its story."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, CharField, F, Q, QuerySet, Sum, TextChoices, Value, When
from django.db.models.functions import Coalesce

from credits.domain.licenses import RESTATE
from credits.models import Customer, License, LicenseTerm, Operation


class LicenseState(TextChoices):
    """How a license stands at an instant."""

    VALID = "valid", "Valid"
    UPCOMING = "upcoming", "Not started"
    ENDED = "ended", "Ended"
    VOIDED = "voided", "Voided"


CURRENT = (LicenseState.VALID, LicenseState.UPCOMING)
OVER = (LicenseState.ENDED, LicenseState.VOIDED)


def licenses_of(customer: Customer, now: datetime) -> QuerySet[License]:
    """Every license of a customer with its order, annotated with `state` and `stops_at`.

    Those that end first lead; `stops_at` is the first instant without credits, a void included.
    """
    return (
        License.objects.filter(customer=customer)
        .select_related("customer", "purchase_line__purchase", "renews", "renewal")
        .annotate(
            state=Case(
                When(voided_at__isnull=False, then=Value(LicenseState.VOIDED.value)),
                When(starts_at__gt=now, then=Value(LicenseState.UPCOMING.value)),
                When(ends_at__lte=now, then=Value(LicenseState.ENDED.value)),
                default=Value(LicenseState.VALID.value),
                output_field=CharField(),
            ),
            stops_at=Coalesce(F("voided_at"), F("ends_at")),
        )
        .order_by("ends_at", "pk")
    )


def state_of(license: License, now: datetime) -> LicenseState:
    """How one license stands; `licenses_of` says the same in the database."""
    if license.voided_at is not None:
        return LicenseState.VOIDED
    if license.starts_at > now:
        return LicenseState.UPCOMING
    return LicenseState.ENDED if license.ends_at <= now else LicenseState.VALID


def matching(licenses: QuerySet[License], words: str) -> QuerySet[License]:
    """Those whose number (L-204 or 204) or order number is what was searched for."""
    if not words:
        return licenses
    found = Q(purchase_line__purchase__order_number__icontains=words)
    number = words.lower().removeprefix("l-")
    if number.isascii() and number.isdigit() and len(number) < 10:
        found |= Q(number=int(number))
    return licenses.filter(found)


def in_states(licenses: QuerySet[License], states: Iterable[str]) -> QuerySet[License]:
    """Those that stand in one of these ways."""
    return licenses.filter(Q(state__in=list(states)))


def credits_in(licenses: QuerySet[License]) -> int:
    """The sum of the licenses' credits, each as it was given last."""
    total: int = licenses.aggregate(total=Sum("credits", default=0))["total"]
    return total


@dataclass(frozen=True)
class Chapter:
    """One operation that changed a license, with its terms before and after."""

    operation: Operation
    before: LicenseTerm | None
    after: LicenseTerm | None
    """The term that holds from then on; None if it was voided or its grant withdrawn."""

    @property
    def kind(self) -> str:
        """What was done, in one word of the template."""
        if self.operation.reverses_id is not None and not self.is_amended:
            return "withdrawn"
        return self.operation.kind

    @property
    def is_amended(self) -> bool:
        """Whether the license's order was amended: its grant was withdrawn and stated again."""
        return self.operation.kind == RESTATE and self.after is not None

    @property
    def change(self) -> int:
        """By how much the credits changed."""
        return (self.after.credits if self.after else 0) - (
            self.before.credits if self.before else 0
        )

    @property
    def reason(self) -> str:
        """Why, in the words of whoever did it; erased by a purge."""
        note = getattr(self.operation, "note", None)
        return note.text if note is not None else ""


def story_of(license: License) -> list[Chapter]:
    """What happened to a license, in the order it was recorded."""
    terms = list(
        LicenseTerm.objects.filter(license=license)
        .select_related(
            "operation__actor",
            "operation__note",
            "operation__reversal__actor",
            "operation__reversal__note",
        )
        .order_by("operation_id", "pk")
    )
    brought = {term.operation_id: term for term in terms}
    operations = {term.operation_id: term.operation for term in terms}
    for term in terms:
        reversal = getattr(term.operation, "reversal", None)
        if reversal is not None:
            operations[reversal.pk] = reversal
    standing: dict[int, LicenseTerm] = {}
    chapters = []
    for pk in sorted(operations):
        operation = operations[pk]
        before = newest(standing)
        if operation.reverses_id is not None:
            standing.pop(operation.reverses_id, None)
        if pk in brought:
            standing[pk] = brought[pk]
        chapters.append(Chapter(operation, before, newest(standing)))
    return chapters


def newest(standing: dict[int, LicenseTerm]) -> LicenseTerm | None:
    """The term of the latest operation, unless that one voided the license."""
    if not standing:
        return None
    term = standing[max(standing)]
    return term if term.credits else None
