"""Cancel an order: all its licenses are withdrawn, as if it had not been entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from django.db import transaction

from billing.domain.order_changes.allowed import check_asked
from billing.domain.order_changes.events import keep_event
from billing.domain.requests import reopen
from billing.models import Purchase, PurchaseEventKind, PurchaseState
from credits.domain.allocations import Undo
from credits.domain.books import Books
from credits.domain.commands import Answer, Asked, Command, Decision
from credits.domain.licenses import RESTATE
from credits.domain.post import post
from credits.domain.restating import GrantChanged, free_renewed, refuse_corrected
from credits.models import Operation


@dataclass(frozen=True, kw_only=True)
class Cancel(Undo):
    """The undoing of an order's grant: its licenses are withdrawn, all of them.

    What they renewed can be renewed again. Raises what Undo does, GrantChanged for an order that
    was amended meanwhile, NotAllowed for a license that was extended or reduced after it was
    granted, NoLongerAllowed, and InvalidCommand at `reason`.
    """

    lasting: ClassVar[Mapping[str, str]] = {}

    def decide(self, books: Books) -> Decision:
        check_asked(self.asked, books.customer)
        own = Operation.objects.filter(customer=books.customer, public_id=self.operation)
        granted = own.first()
        if granted is not None:
            self.check_grant(granted)
        decision = super().decide(books)
        refresh = decision.save_rows

        def save_rows() -> None:
            refresh()
            if granted is not None:
                free_renewed(granted)

        decision.save_rows = save_rows
        return decision

    def check_grant(self, granted: Operation) -> None:
        """Refuse a grant of which a license was corrected; a void stands against nothing."""
        if Operation.objects.filter(reverses=granted, kind=RESTATE).exists():
            raise GrantChanged
        refuse_corrected(granted, voids=False)


def cancel(purchase: Purchase, asked: Asked) -> Cancel:
    """The command that cancelling an order is for the books."""
    return Cancel(customer=purchase.customer, asked=asked, operation=purchase.operation.public_id)


@transaction.atomic
def cancel_purchase(purchase: Purchase, command: Command) -> Answer:
    """Cancel an order by its `cancel`: withdraw its licenses, free its number, once per key.

    A request that the order had settled waits again.
    """
    answer = post(command)
    if not answer.repeated:
        Purchase.objects.filter(pk=purchase.pk).update(state=PurchaseState.CANCELLED)
        keep_event(purchase, answer.operation, PurchaseEventKind.CANCELLED)
        reopen(purchase)
    return answer
