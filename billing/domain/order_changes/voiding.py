"""An order is voided line by line: one license ends now, or never was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import transaction
from django.utils.translation import gettext as _

from billing.domain.order_changes.allowed import check_asked, check_typed, standing_order
from billing.domain.order_changes.events import change, keep_event
from billing.models import Purchase, PurchaseEventKind
from credits.domain.books import Books
from credits.domain.commands import Answer, Command, Decision
from credits.domain.licenses import RESTATE, VoidLicense
from credits.domain.post import post
from credits.domain.restating import Restated, granted_terms, restate, standing_grant
from credits.exceptions import InvalidCommand, UnknownObject
from credits.models import License, LicenseTerm


@dataclass(frozen=True, kw_only=True)
class VoidLine(VoidLicense):
    """One license of an order ends now; until now it was valid.

    Raises what VoidLicense does, UnknownObject for a license of another order, NotAllowed for an
    order that stands no more, NoLongerAllowed, and InvalidCommand at `reason`.
    """

    purchase: Purchase

    def decide(self, books: Books) -> Decision:
        check_asked(self.asked, books.customer)
        order = standing_order(books, self.purchase)
        if not order.lines.filter(license=self.license).exists():
            raise UnknownObject(_("There is no such license in this order."))
        return super().decide(books)


@dataclass(frozen=True, kw_only=True)
class WithdrawLine(Command):
    """One license of an order never was: the grant is stated again without it.

    Only while nothing else was done to the order's licenses. Raises what RestateGrant does,
    InvalidCommand for the only license of an order, which is cancelled instead, and what
    VoidLine does.
    """

    kind: ClassVar[str] = RESTATE

    purchase: Purchase
    license: License

    def content(self) -> Mapping[str, Any]:
        return {"purchase": self.purchase.public_id, "withdraws": self.license.public_id}

    def decide(self, books: Books) -> Decision:
        check_asked(self.asked, books.customer)
        order = standing_order(books, self.purchase)
        check_typed(order)
        granted = standing_grant(books, order.operation.public_id)
        terms = granted_terms(granted)
        if self.license.pk not in terms:
            raise UnknownObject(_("There is no such license in this order."))
        left = [as_granted(term) for pk, term in terms.items() if pk != self.license.pk]
        if not left:
            raise InvalidCommand(
                _("%(license)s is the order's only license. Cancel the order instead.")
                % {"license": self.license.label}
            )
        return restate(granted, left, granted.subject)


def as_granted(term: LicenseTerm) -> Restated:
    """A license with just the term that it was granted with."""
    assert term.until is not None  # noqa: S101 - a grant always has an end.
    return Restated(
        license=term.license, credits=term.credits, starts_at=term.at, ends_at=term.until
    )


@transaction.atomic
def void_line(purchase: Purchase, command: VoidLine | WithdrawLine) -> Answer:
    """Take one license out of an order by its command, exactly once per key."""
    answer = post(command)
    if answer.repeated:
        return answer
    never_was = isinstance(command, WithdrawLine)
    name = "never-was" if never_was else "ended"
    gone = change(name, command.license.credits, 0, command.license.label)
    keep_event(purchase, answer.operation, PurchaseEventKind.LINE_VOIDED, [gone])
    if never_was:
        Purchase.objects.filter(pk=purchase.pk).update(operation=answer.operation)
    return answer
