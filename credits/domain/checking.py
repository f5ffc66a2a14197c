"""A customer's books checked because somebody asked (docs/rules.md#r24).

The check changes nothing and is an operation all the same: who asked, why, and what came of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credits.domain.access import may_correct
from credits.domain.books import Books
from credits.domain.commands import Asked, Command, Decision
from credits.domain.parking import told
from credits.domain.post import post
from credits.domain.verify import verify_books
from credits.exceptions import InvalidCommand, NotAllowed
from credits.models import Customer


@dataclass(frozen=True, kw_only=True)
class CheckBooks(Command):
    """Note that the books were checked, and how many invariants were broken.

    It parks nothing: that is the nightly check's. Raises NotAllowed for whoever is not support,
    InvalidCommand without a reason.
    """

    kind: ClassVar[str] = "check-books"
    while_parked: ClassVar[bool] = True
    with_broken_books: ClassVar[bool] = True

    broken: int

    def content(self) -> Mapping[str, Any]:
        # What came of it is no part of what was asked.
        return {}

    def decide(self, books: Books) -> Decision:
        if self.asked.actor is None or not may_correct(self.asked.actor, books.customer):
            raise NotAllowed(_("Only support has books checked."))
        if not self.asked.reason.strip():
            raise InvalidCommand(_("Say why; it is kept with the operation."), field="reason")
        return Decision(answer={"broken": self.broken}, subject="broken" if self.broken else "")


def check_books(customer: Customer, asked: Asked) -> list[str]:
    """Check every invariant of a customer's books now; a sentence for each that is broken.

    The books are read before the lock is taken, so that nobody waits for it. Raises what
    CheckBooks does.
    """
    broken = verify_books(customer)
    post(CheckBooks(customer=customer, asked=asked, broken=len(broken)))
    return broken


def checked_text(broken: Sequence[str]) -> str:
    """What came of a check, in a sentence or a few."""
    if not broken:
        return _("Checked: everything adds up.")
    count = ngettext(
        "Checked: %(count)d thing does not add up.",
        "Checked: %(count)d things do not add up.",
        len(broken),
    )
    return count % {"count": len(broken)} + " " + told(list(broken))
