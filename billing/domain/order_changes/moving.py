"""Move an order to the right customer: withdrawn at one, granted at the other, together.

The people of neither customer learn who the other one is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from django.db import transaction
from django.utils.translation import gettext as _

from billing.domain.order_changes.allowed import check_right, check_typed, standing_order
from billing.domain.order_changes.cancelling import Cancel
from billing.domain.order_changes.events import keep_event
from billing.domain.requests import reopen
from billing.domain.second_look import is_above
from billing.models import (
    Purchase,
    PurchaseEventKind,
    PurchaseFile,
    PurchaseLine,
    PurchaseState,
)
from credits.domain.books import Books
from credits.domain.commands import Answer, Asked, Decision
from credits.domain.licenses import GrantLicenses, Lot
from credits.domain.locks import lock_customers
from credits.domain.order_words import MOVE
from credits.domain.people import Right
from credits.domain.post import post
from credits.domain.restating import granted_terms, refuse_corrected, refuse_renewed
from credits.exceptions import InvalidCommand, NotAllowed
from credits.models import Customer, License, LicenseTerm, Operation


@dataclass(frozen=True, kw_only=True)
class MoveOrder(Cancel):
    """The withdrawal of an order that is another customer's.

    Raises what Cancel does, NotAllowed where a license of it was corrected, voided or renewed,
    InvalidCommand at `to` for the same customer, or at `reason` where it names one of the two,
    and NoLongerAllowed for who may not enter purchases for the other customer.
    """

    kind: ClassVar[str] = MOVE

    purchase: Purchase
    to: Customer

    def content(self) -> Mapping[str, Any]:
        return {**super().content(), "to": self.to.public_id}

    def decide(self, books: Books) -> Decision:
        order = standing_order(books, self.purchase)
        check_typed(order)
        refuse_large(order)
        if self.to.pk == books.customer.pk:
            raise InvalidCommand(_("The order is this customer's already."), field="to")
        check_right(self.asked, self.to, Right.ENTER_PURCHASES)
        check_unnamed(self.asked.reason, books.customer, self.to)
        return super().decide(books)

    def check_grant(self, granted: Operation) -> None:
        super().check_grant(granted)
        refuse_corrected(granted)
        refuse_renewed([term.license for term in granted_terms(granted).values()])


def refuse_large(order: Purchase) -> None:
    """Refuse to move alone what two people looked at for one customer. Raises NotAllowed."""
    credits = sum(line.license.credits for line in order.lines.select_related("license"))
    if is_above(credits, order.channel):
        raise NotAllowed(
            _(
                "An order of this size was looked at by two people for this customer. Cancel it, "
                "and enter it anew for the other one."
            )
        )


def check_unnamed(reason: str, *customers: Customer) -> None:
    """Refuse a reason that names either customer: the people of both read it in their activity."""
    said = reason.casefold()
    for customer in customers:
        if customer.name.casefold() in said:
            raise InvalidCommand(
                _("The people of both customers read the reason. Leave out the customers' names."),
                field="reason",
            )


def move(purchase: Purchase, to: Customer, asked: Asked) -> MoveOrder:
    """The command that moving an order is for the books that it leaves."""
    return MoveOrder(
        customer=purchase.customer,
        asked=asked,
        operation=purchase.operation.public_id,
        purchase=purchase,
        to=to,
    )


@transaction.atomic
def move_purchase(purchase: Purchase, command: MoveOrder) -> Purchase:
    """Move an order by its `move`, exactly once per key: the order as the other customer has it.

    Number, price, note and files go along, and who entered it. A request that the order had
    settled waits again. Both customers' books are locked, in the one order, before either is
    written. Raises what MoveOrder does.
    """
    lock_customers([command.customer.pk, command.to.pk])
    answer = post(command)
    if answer.repeated:
        return Purchase.objects.get(moved_from=purchase)
    left = Purchase.objects.select_related("operation").get(pk=purchase.pk)
    Purchase.objects.filter(pk=left.pk).update(state=PurchaseState.MOVED, note="")
    keep_event(left, answer.operation, PurchaseEventKind.MOVED)
    reopen(left)
    granted = post(grant_again(command, left, lots_of(left)))
    return keep_moved(left, command.to, granted)


def grant_again(command: MoveOrder, purchase: Purchase, lots: list[Lot]) -> GrantLicenses:
    """The same licenses for the other customer's books, under a key of their own."""
    return GrantLicenses(
        customer=command.to,
        asked=replace(command.asked, key=f"{command.asked.key.strip()}:moved"),
        lots=lots,
        subject=f"{purchase.channel} {purchase.order_number}",
    )


def lots_of(purchase: Purchase) -> list[Lot]:
    """What an order granted, as another customer would be granted it."""
    return [lot_of(term) for term in granted_terms(purchase.operation).values()]


def lot_of(term: LicenseTerm) -> Lot:
    """A license as it was granted; what it renewed is not the other customer's."""
    assert term.until is not None  # noqa: S101 - a grant always has an end.
    return Lot(credits=term.credits, starts_at=term.at, ends_at=term.until, kind=term.license.kind)


def keep_moved(left: Purchase, to: Customer, answer: Answer) -> Purchase:
    """The order beside the licenses that it has just granted to the right customer."""
    moved = Purchase.objects.create(
        customer=to,
        operation=answer.operation,
        channel=left.channel,
        order_number=left.order_number,
        price=left.price,
        currency=left.currency,
        note=left.note,
        entered_by=left.entered_by,
        confirmed_by=left.confirmed_by,
        recorded_at=answer.operation.recorded_at,
        moved_from=left,
    )
    rows = License.objects.in_bulk(answer.data["licenses"], field_name="public_id")
    by_id = {str(key): license for key, license in rows.items()}
    PurchaseLine.objects.bulk_create(
        PurchaseLine(purchase=moved, position=place, license=by_id[public_id])
        for place, public_id in enumerate(answer.data["licenses"], start=1)
    )
    PurchaseFile.objects.filter(purchase=left).update(purchase=moved, customer=to)
    return moved
