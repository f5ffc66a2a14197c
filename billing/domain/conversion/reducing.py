"""Fewer units of a seat license: what was converted is reduced, from now on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import transaction

from billing.domain.conversion.in_force import standing_terms, terms_on
from billing.domain.conversion.seats import Conversion, check_units
from billing.models import Entitlement, EntitlementTerm
from credits.domain.books import Books
from credits.domain.commands import Answer, Command, Decision
from credits.domain.licenses import refreshing
from credits.domain.post import post
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import LicenseTerm


@dataclass(frozen=True, kw_only=True)
class ReduceSeats(Command):
    """Let a seat license have fewer units from now on, until its running term ends.

    The units that were added last go first: a term that keeps some holds units x its own rate, one
    that keeps none is voided. What was before stays as it was. Before its first term begins, that
    one is lowered. Answers with the units that each term keeps.

    Raises UnknownObject for another customer's seat license, NotAllowed where no term is in force
    or ahead, InvalidCommand at `units`.
    """

    kind: ClassVar[str] = "reduce"

    entitlement: Entitlement
    units: int

    def content(self) -> Mapping[str, Any]:
        return {"entitlement": self.entitlement.public_id, "units": self.units}

    def decide(self, books: Books) -> Decision:
        terms = self.terms(books)
        check_units(self.units)
        held = sum(one.units for one in terms)
        if self.units >= held:
            raise InvalidCommand(
                f"{self.entitlement.label} has {held:,} units. Enter fewer than that; more are "
                "added from a day on.",
                field="units",
            )
        kept = remaining(terms, held - self.units)
        facts = {one.license_id: fact for one in terms if (fact := restated(one, kept, books))}
        licenses = [one.license for one in terms if one.license_id in facts]
        return Decision(
            facts=list(facts.values()),
            save_rows=refreshing(licenses, lambda pk: [facts[pk]]),
            answer={
                "entitlement": str(self.entitlement.public_id),
                "kept": {str(one.pk): kept[one.pk] for one in terms if one.pk in kept},
            },
            subject=", ".join(license.label for license in licenses),
        )

    def terms(self, books: Books) -> list[EntitlementTerm]:
        """The terms that are lowered: those in force, else those that begin next."""
        if self.entitlement.customer_id != books.customer.pk:
            raise UnknownObject("There is no such seat license.")
        running = terms_on(self.entitlement, books.now)
        if running:
            return running
        ahead = standing_terms(self.entitlement).filter(starts_at__gt=books.now).first()
        if ahead is None:
            raise NotAllowed(f"{self.entitlement.label} has ended. Enter a renewal instead.")
        return [ahead]


def remaining(terms: list[EntitlementTerm], fewer: int) -> dict[int, int]:
    """What each term that changes keeps, by its key: the last begun gives first."""
    kept = {}
    for one in reversed(terms):
        taken = min(one.units, fewer)
        if taken:
            kept[one.pk] = one.units - taken
            fewer -= taken
    return kept


def restated(one: EntitlementTerm, kept: Mapping[int, int], books: Books) -> LicenseTerm | None:
    """The statement that a term's license holds less; None where it holds no more already."""
    if one.pk not in kept:
        return None
    if not kept[one.pk]:
        return LicenseTerm(license=one.license, at=books.now, credits=0, until=None)
    credits = Conversion(one.rate, kept[one.pk]).credits
    if credits >= one.license.credits:
        return None
    if credits < 1:
        raise InvalidCommand("So few units are less than one credit.", field="units")
    at = max(books.now, one.license.starts_at)
    return LicenseTerm(license=one.license, at=at, credits=credits, until=one.license.ends_at)


@transaction.atomic
def reduce_units(command: ReduceSeats) -> Answer:
    """Lower the units of a seat license, once per key.

    Of a term whose license was voided by it, the units stay as they were converted: it counts no
    more.
    """
    answer = post(command)
    if not answer.repeated:
        for pk, units in answer.data["kept"].items():
            if units:
                EntitlementTerm.objects.filter(pk=int(pk)).update(units=units)
    return answer
