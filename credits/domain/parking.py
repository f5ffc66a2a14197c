"""Parking: books that break an invariant take no person's writes (docs/rules.md#r24).

Both ways are operations of the customer, so they stand in its chain and in its activity. They
must succeed on broken books, hence they read neither facts nor rates, and book nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from credits.domain.access import may_correct
from credits.domain.books import Books
from credits.domain.commands import Asked, Command, Decision
from credits.domain.verify import verify_books
from credits.exceptions import InvalidCommand, NotAllowed
from credits.models import Balance, Customer, Operation

SOURCE = "verify-books"
"""Through what books are parked: the nightly check, no person."""

PARK = "park"

MOST_SENTENCES = 3
"""So many broken rows are told with a parked customer; verify_books names all of them."""

NOT_PARKED = gettext_noop("These books are not parked, so nothing was changed.")
NO_REASON = gettext_noop("Say why the books may be opened again.")
NOT_YOURS = gettext_noop("Only support opens parked books.")


@dataclass(frozen=True, kw_only=True)
class Park(Command):
    """Shut a customer's books for people, since an invariant is broken; the reason says which.

    Its key is the slot of the check that found it, so that the same run never parks twice.
    Raises NotAllowed where they are parked already.
    """

    kind: ClassVar[str] = PARK
    while_parked: ClassVar[bool] = True
    with_broken_books: ClassVar[bool] = True

    def content(self) -> Mapping[str, Any]:
        return {}

    def decide(self, books: Books) -> Decision:
        if books.balance.parked_at:
            raise NotAllowed("These books are parked already.")

        def save() -> None:
            Balance.objects.filter(pk=books.balance.pk).update(parked_at=books.now)

        return Decision(save_rows=save)


@dataclass(frozen=True, kw_only=True)
class Unpark(Command):
    """Open parked books again, by support and with a reason.

    The customer's books are verified before, under the lock; with `although_broken` they are not,
    so that books too large for the time a page has can be opened as well. The next nightly check
    parks broken ones again. Raises NotAllowed for whoever is not support and where they are not
    parked, InvalidCommand without a reason, and where they are still broken.
    """

    kind: ClassVar[str] = "unpark"
    while_parked: ClassVar[bool] = True
    with_broken_books: ClassVar[bool] = True

    although_broken: bool = False

    def content(self) -> Mapping[str, Any]:
        return {"although_broken": self.although_broken}

    def decide(self, books: Books) -> Decision:
        if self.asked.actor is None or not may_correct(self.asked.actor, books.customer):
            raise NotAllowed(_(NOT_YOURS))
        if not books.balance.parked_at:
            raise NotAllowed(_(NOT_PARKED))
        if not self.asked.reason.strip():
            raise InvalidCommand(_(NO_REASON), field="reason")
        if not self.although_broken and (broken := verify_books(books.customer)):
            raise InvalidCommand(still_broken(broken), field="although_broken")

        def save() -> None:
            Balance.objects.filter(pk=books.balance.pk).update(parked_at=None)

        return Decision(save_rows=save, answer={"checked": not self.although_broken})


def still_broken(sentences: list[str]) -> str:
    """Why books stay parked: what is broken in them now."""
    return _("The books are still broken, so they stay parked: %(sentences)s") % {
        "sentences": told(sentences)
    }


def told(sentences: list[str]) -> str:
    """The first broken rows, and how many there are beyond them."""
    first, more = " ".join(sentences[:MOST_SENTENCES]), len(sentences) - MOST_SENTENCES
    if more <= 0:
        return first
    return _("%(first)s And %(more)d more.") % {"first": first, "more": more}


def parking(customer: Customer, slot: datetime, sentences: list[str]) -> Park:
    """The command by which the check of a slot parks a customer."""
    asked = Asked(source=SOURCE, key=parking_key(customer, slot), reason=told(sentences))
    return Park(customer=customer, asked=asked)


def parking_key(customer: Customer, slot: datetime) -> str:
    """The natural key of a customer parked by the check of a slot."""
    return f"park/{slot:%Y-%m-%dt%H:%M}/{customer.public_id}"


def parked_by(customer: Customer) -> Operation | None:
    """The operation that parked a customer last, with its reason; None if it never was."""
    found = Operation.objects.filter(customer=customer, kind=PARK).select_related("note")
    return found.order_by("-position").first()
