"""A grant stated again: licenses that were entered wrongly, as they should have been.

The grant is withdrawn and the same licenses are granted anew in one operation, so that they keep
their numbers and their addresses, and no instant lies between (docs/rules.md#correcting-orders).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.utils.translation import gettext as _

from credits.domain.books import Books
from credits.domain.commands import Command, Decision
from credits.domain.licenses import GRANTING, RESTATE, check_credits, check_days
from credits.exceptions import CreditsError, InvalidCommand, NotAllowed, UnknownObject
from credits.models import License, LicenseTerm, Operation


class GrantChanged(CreditsError):
    """The grant was withdrawn or stated again since it was looked at."""

    code = "changed"

    def __init__(self) -> None:
        super().__init__(
            _("The order was changed meanwhile, so nothing was done. Open its page again.")
        )


@dataclass(frozen=True, kw_only=True)
class Restated:
    """What a license should have been from the beginning: credits over [starts_at, ends_at)."""

    license: License
    credits: int
    starts_at: datetime
    ends_at: datetime

    def content(self) -> Mapping[str, Any]:
        return {
            "license": self.license.public_id,
            "credits": self.credits,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
        }


@dataclass(frozen=True, kw_only=True)
class RestateGrant(Command):
    """Withdraw a grant and grant some or all of its licenses anew, with other credits or terms.

    What is left out was never granted. Raises InvalidCommand at `lines.N.credits` or
    `lines.N.ends`, N by the grant's order, UnknownObject for another customer's operation or
    license, GrantChanged for a grant that stands no more, and NotAllowed where one of its licenses
    was corrected since, or one that is left out was renewed.
    """

    kind: ClassVar[str] = RESTATE

    operation: UUID
    lots: Sequence[Restated]
    subject: str = ""

    def content(self) -> Mapping[str, Any]:
        lots = [lot.content() for lot in self.lots]
        return {"operation": self.operation, "lots": lots, "subject": self.subject}

    def decide(self, books: Books) -> Decision:
        granted = standing_grant(books, self.operation)
        return restate(granted, self.lots, self.subject)


def standing_grant(books: Books, public_id: UUID) -> Operation:
    """The customer's grant of an id, or the operation that stated it again; not withdrawn."""
    own = Operation.objects.filter(customer=books.customer, kind__in=GRANTING)
    found = own.filter(public_id=public_id).first()
    if found is None:
        raise UnknownObject(_("There is nothing like that to correct."))
    if Operation.objects.filter(reverses=found).exists():
        raise GrantChanged
    return found


def restate(granted: Operation, lots: Sequence[Restated], subject: str) -> Decision:
    """The decision that a grant was of these licenses, with these terms, from the beginning."""
    terms = granted_terms(granted)
    refuse_corrected(granted)
    kept = check_lots(terms, lots)
    gone = [term.license for pk, term in terms.items() if pk not in kept]
    refuse_renewed(gone)
    facts = [
        LicenseTerm(license=lot.license, at=lot.starts_at, credits=lot.credits, until=lot.ends_at)
        for lot in lots
    ]

    def save_rows() -> None:
        for lot in lots:
            row = kept[lot.license.pk].license
            row.credits, row.starts_at, row.ends_at = lot.credits, lot.starts_at, lot.ends_at
            row.save(update_fields=["credits", "starts_at", "ends_at"])
        withdraw_rows(gone)

    return Decision(
        facts=list(facts),
        withdraws=granted,
        save_rows=save_rows,
        answer={
            "licenses": [str(lot.license.public_id) for lot in lots],
            "withdrawn": [str(license.public_id) for license in gone],
            "lots": [told(lot) for lot in lots],
            "gone": [license.label for license in gone],
        },
        subject=subject,
    )


def granted_terms(granted: Operation) -> dict[int, LicenseTerm]:
    """What a grant gave each of its licenses, by license, in its order."""
    terms = granted.terms.select_related("license").order_by("license__number")
    return {term.license_id: term for term in terms}


def check_lots(
    terms: Mapping[int, LicenseTerm], lots: Sequence[Restated]
) -> dict[int, LicenseTerm]:
    """The terms that are stated anew, each license once; refuses what no license can hold."""
    if not lots:
        raise InvalidCommand(_("At least one license must stay. Cancel the order instead."))
    numbers = {pk: number for number, pk in enumerate(terms, start=1)}
    kept: dict[int, LicenseTerm] = {}
    for lot in lots:
        pk = lot.license.pk
        if pk not in terms or pk in kept:
            raise UnknownObject(_("There is no such license in this order."))
        try:
            check_credits(lot.credits)
            check_days(lot.starts_at, lot.ends_at)
            if lot.ends_at <= lot.starts_at:
                message = "The last day must not be before the first day."
                raise InvalidCommand(message, field="ends")
        except InvalidCommand as refusal:
            refusal.field = f"lines.{numbers[pk]}.{refusal.field}"
            raise
        kept[pk] = terms[pk]
    return kept


def refuse_corrected(granted: Operation, *, voids: bool = True) -> None:
    """Refuse a grant of which a license was extended, reduced or voided since.

    Without `voids` a license that was voided stands against nothing.
    """
    later = LicenseTerm.objects.standing().filter(license__terms__operation=granted)
    later = later.exclude(operation=granted).order_by("pk")
    if not voids:
        later = later.filter(credits__gt=0)
    term = later.select_related("license", "operation").first()
    if term is not None:
        raise NotAllowed(
            _(
                "%(license)s was corrected after it was granted (%(kind)s on %(day)s). "
                "Undo that first."
            )
            % {
                "license": term.license.label,
                "kind": term.operation.kind,
                "day": f"{term.operation.recorded_at:%Y-%m-%d}",
            }
        )


def refuse_renewed(licenses: Sequence[License]) -> None:
    """Refuse to say that a license never was, which another one renews."""
    renewal = License.objects.filter(renews__in=licenses).select_related("renews").first()
    if renewal is not None and renewal.renews is not None:
        raise NotAllowed(
            _("%(renewal)s renews %(license)s. Correct that license's order first.")
            % {"renewal": renewal.label, "license": renewal.renews.label}
        )


def withdraw_rows(licenses: Sequence[License]) -> None:
    """Bring the rows of licenses in line that never were: void from their start.

    What they renewed can be renewed again.
    """
    for license in licenses:
        license.voided_at, license.renews = license.starts_at, None
        license.save(update_fields=["voided_at", "renews"])


def free_renewed(granted: Operation) -> None:
    """Let be renewed again what the licenses of a withdrawn grant renewed."""
    for license in License.objects.filter(terms__operation=granted, renews__isnull=False):
        license.renews = None
        license.save(update_fields=["renews"])


def told(lot: Restated) -> dict[str, Any]:
    """What an operation says for ever after of a license that it stated anew."""
    return {
        "license": lot.license.label,
        "credits": lot.credits,
        "starts_at": lot.starts_at.isoformat(),
        "ends_at": lot.ends_at.isoformat(),
    }
