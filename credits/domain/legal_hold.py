"""A legal hold: while it stands, nothing of a customer is erased (docs/rules.md#r13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from credits.domain.access import may_correct
from credits.domain.books import Books
from credits.domain.commands import Command, Decision
from credits.exceptions import InvalidCommand, NotAllowed
from credits.models import Customer


@dataclass(frozen=True, kw_only=True)
class SetLegalHold(Command):
    """Set or lift a customer's legal hold, by support and with a reason.

    It changes no credits and no access. Once lifted, the customer is marked for purge anew and
    waits again. Raises NotAllowed for whoever is not
    support, InvalidCommand without a reason and where it is so already.
    """

    kind: ClassVar[str] = "set-legal-hold"
    while_parked: ClassVar[bool] = True

    is_held: bool

    def content(self) -> Mapping[str, Any]:
        return {"held": self.is_held}

    def decide(self, books: Books) -> Decision:
        if self.asked.actor is None or not may_correct(self.asked.actor, books.customer):
            raise NotAllowed(_("Only support sets or lifts a legal hold."))
        if not self.asked.reason.strip():
            raise InvalidCommand(_("Say why; it is kept with the operation."), field="reason")
        mine = Customer.objects.filter(pk=books.customer.pk)
        if not mine.filter(held_at__isnull=self.is_held).exists():
            raise InvalidCommand(_("It is so already, so nothing was changed."))

        def save() -> None:
            mine.update(held_at=books.now if self.is_held else None)

        return Decision(save_rows=save, subject="on" if self.is_held else "off")
