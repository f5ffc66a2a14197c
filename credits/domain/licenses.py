"""Licenses in the books: grant, extend, reduce, void (docs/rules.md, license term)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar

from django.db.models import Max

from credits import clock
from credits.domain.books import Books
from credits.domain.commands import Command, Decision
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import License, LicenseKind, LicenseTerm

RESTATE = "restate-grant"
"""The kind of an operation that withdraws a grant and states its licenses again."""

GRANTING = frozenset({"grant", RESTATE})
"""The kinds of operations whose terms say when a license starts; the newest one counts."""

MAX_CREDITS = 1_000_000_000_000
"""More credits than this in one license are a typing error."""


@dataclass(frozen=True, kw_only=True)
class Lot:
    """One license to be granted: whole credits over [starts_at, ends_at), UTC instants."""

    credits: int
    starts_at: datetime
    ends_at: datetime
    kind: str = LicenseKind.BOUGHT
    renews: License | None = None

    def content(self) -> Mapping[str, Any]:
        return {
            "credits": self.credits,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "kind": str(self.kind),
            "renews": self.renews.public_id if self.renews else None,
        }


@dataclass(frozen=True, kw_only=True)
class GrantLicenses(Command):
    """Grant one or more licenses in one operation, each its own lot with its own term.

    Answers with the licenses' public ids, in order. Raises InvalidCommand for credits or terms
    that make no sense, UnknownObject for a renewal of another customer's license.
    """

    kind: ClassVar[str] = "grant"

    lots: Sequence[Lot]
    subject: str = ""

    def content(self) -> Mapping[str, Any]:
        return {"lots": [lot.content() for lot in self.lots], "subject": self.subject}

    def decide(self, books: Books) -> Decision:
        if not self.lots:
            raise InvalidCommand("A grant needs at least one license.")
        newest = books.customer.licenses.aggregate(newest=Max("number"))["newest"] or 200
        licenses = [self.license(lot, newest + i) for i, lot in enumerate(self.lots, start=1)]
        facts = [
            LicenseTerm(
                license=license,
                at=lot.starts_at,
                credits=lot.credits,
                until=lot.ends_at,
            )
            for license, lot in zip(licenses, self.lots, strict=True)
        ]

        def save_licenses() -> None:
            for license, fact in zip(licenses, facts, strict=True):
                license.save(force_insert=True)
                fact.license_id = license.pk

        return Decision(
            facts=list(facts),
            save_rows=save_licenses,
            answer={"licenses": [str(license.public_id) for license in licenses]},
            subject=self.subject,
        )

    def license(self, lot: Lot, number: int) -> License:
        """The license row of a lot, checked."""
        check_credits(lot.credits)
        check_days(lot.starts_at, lot.ends_at)
        if lot.kind not in LicenseKind.values:
            raise InvalidCommand(
                f"The kind is one of: {', '.join(LicenseKind.values)}.", field="kind"
            )
        if lot.ends_at <= lot.starts_at:
            raise InvalidCommand("The last day must not be before the first day.", field="ends")
        if lot.renews is not None:
            self.check_renewed(lot.renews)
        return License(
            customer=self.customer,
            number=number,
            kind=lot.kind,
            renews=lot.renews,
            credits=lot.credits,
            starts_at=lot.starts_at,
            ends_at=lot.ends_at,
        )

    def check_renewed(self, renewed: License) -> None:
        """A license of this customer, renewed at most once."""
        if renewed.customer_id != self.customer.pk:
            raise UnknownObject("There is no such license to renew.", field="renews")
        again = sum(lot.renews == renewed for lot in self.lots) > 1
        if again or License.objects.filter(renews=renewed).exists():
            raise NotAllowed(f"{renewed.label} has been renewed before.", field="renews")


@dataclass(frozen=True, kw_only=True)
class LicenseCorrection(Command):
    """A later statement about one license of the customer, in force from now on.

    Raises UnknownObject for another customer's license, NotAllowed once it has ended.
    """

    license: License

    def content(self) -> Mapping[str, Any]:
        return {"license": self.license.public_id}

    def current(self, books: Books) -> tuple[License, LicenseTerm]:
        """The license as it stands under the lock, and its newest term."""
        license = License.objects.filter(customer=books.customer, pk=self.license.pk).first()
        if license is None:
            raise UnknownObject("There is no such license.")
        newest = license.terms.standing().order_by("-operation_id", "-pk").first()
        if newest is None or newest.credits == 0:
            raise NotAllowed(f"{license.label} has been voided.")
        if newest.until is not None and newest.until <= books.now:
            raise NotAllowed(f"{license.label} has ended. Enter a renewal instead.")
        return license, newest

    def restate(
        self, books: Books, license: License, *, credits: int, until: datetime | None
    ) -> Decision:
        """The decision that the license holds this from now, or from its start, on."""
        at = books.now if credits == 0 else max(books.now, license.starts_at)
        fact = LicenseTerm(license=license, at=at, credits=credits, until=until)
        return Decision(
            facts=[fact],
            save_rows=refreshing([license], lambda pk: [fact] if pk == license.pk else []),
            answer={"license": str(license.public_id)},
            subject=license.label,
        )


@dataclass(frozen=True, kw_only=True)
class ExtendLicense(LicenseCorrection):
    """Move the end of a license to a later instant; the same license goes on."""

    kind: ClassVar[str] = "extend"

    ends_at: datetime

    def content(self) -> Mapping[str, Any]:
        return {**super().content(), "ends_at": self.ends_at}

    def decide(self, books: Books) -> Decision:
        license, newest = self.current(books)
        if newest.until is None or self.ends_at <= newest.until:
            raise InvalidCommand(
                f"An extension must end after {license.label} does now.", field="ends"
            )
        check_days(self.ends_at)
        return self.restate(books, license, credits=newest.credits, until=self.ends_at)


@dataclass(frozen=True, kw_only=True)
class ReduceLicense(LicenseCorrection):
    """Lower the credits of a license from now on; what was before stays as it was."""

    kind: ClassVar[str] = "reduce"

    credits: int

    def content(self) -> Mapping[str, Any]:
        return {**super().content(), "credits": self.credits}

    def decide(self, books: Books) -> Decision:
        license, newest = self.current(books)
        check_credits(self.credits)
        if self.credits >= newest.credits:
            raise InvalidCommand(
                f"A reduction must leave fewer than the {newest.credits:,} credits "
                f"{license.label} has now.",
                field="credits",
            )
        return self.restate(books, license, credits=self.credits, until=newest.until)


@dataclass(frozen=True, kw_only=True)
class VoidLicense(LicenseCorrection):
    """End a license now, with whatever was planned after it."""

    kind: ClassVar[str] = "void"

    def decide(self, books: Books) -> Decision:
        license, _ = self.current(books)
        return self.restate(books, license, credits=0, until=None)


def check_credits(credits: int) -> None:
    """Refuse a number of credits that no license can have."""
    if type(credits) is not int or not 1 <= credits <= MAX_CREDITS:
        raise InvalidCommand(
            f"Credits must be a whole number from 1 to {MAX_CREDITS:,}. You entered {credits:,}.",
            field="credits",
        )


def check_days(*instants: datetime) -> None:
    """Refuse terms that are not whole UTC days, since what is booked ahead starts at 00:00."""
    for instant in instants:
        if instant != clock.start_of(clock.day_of(instant)):
            raise InvalidCommand("A term starts and ends at 00:00 UTC.", field="ends")


def refreshing(
    licenses: Iterable[License],
    new: Callable[[int], Sequence[LicenseTerm]],
    *,
    without: int = 0,
) -> Callable[[], None]:
    """A function that brings license rows in line with their terms: standing, less, and new."""

    def refresh() -> None:
        for license in licenses:
            standing = license.terms.standing().exclude(operation_id=without)
            restate_row(license, [*standing.order_by("operation_id", "pk"), *new(license.pk)])

    return refresh


def restate_row(license: License, terms: Sequence[LicenseTerm]) -> None:
    """Set the projected columns of a license from its terms, in the order they were stated."""
    granted, license.voided_at = term_of(license.starts_at, terms)
    if granted is not None and granted.until is not None:
        license.credits, license.ends_at = granted.credits, granted.until
    license.save(update_fields=["credits", "ends_at", "voided_at"])


class Stated(Protocol):
    """What a term states: from `at` on the license holds `credits` until `until`."""

    @property
    def at(self) -> datetime: ...
    @property
    def credits(self) -> int: ...
    @property
    def until(self) -> datetime | None: ...


StatedT = TypeVar("StatedT", bound=Stated)


def term_of(
    starts_at: datetime, terms: Sequence[StatedT]
) -> tuple[StatedT | None, datetime | None]:
    """Of a license's standing terms, in the order stated: the one that says how much and until
    when, and the instant from which it is void; a license whose every term was withdrawn is void
    from its start.
    """
    given = [term for term in terms if term.credits > 0]
    if not given:
        return None, starts_at
    return given[-1], terms[-1].at if terms[-1].credits == 0 else None
