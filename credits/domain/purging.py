"""The end of a customer's books: everything is released, and nothing is written any more.

What is personal is erased by the erasers of the settings, in the same transaction; who is due is
decided above (docs/rules.md#r13).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from credits.domain.access_state import access_state
from credits.domain.books import Books
from credits.domain.commands import Command, Decision
from credits.domain.release_many import ReleaseMany
from credits.exceptions import NotAllowed
from credits.models import Balance, Customer, Fact, Feature, Side, subject_of


@dataclass(frozen=True, kw_only=True)
class Purge(Command):
    """Release all that a customer holds, and shut its books for good.

    Read anew under the lock: access must have ended at least 30 days before `as_of`, and before
    the act's own instant, whichever is earlier. What a running usage reservation keeps until its
    period ends stays booked until then. Raises NotAllowed where access has not ended for long
    enough, and under a legal hold; the writer refuses parked books.
    """

    kind: ClassVar[str] = "purge"

    as_of: datetime

    def content(self) -> Mapping[str, Any]:
        return {}

    def decide(self, books: Books) -> Decision:
        check_purgeable(books.customer, min(self.as_of, books.now))
        features = holding(books)
        released: list[Fact] = []
        if features:
            command = ReleaseMany(customer=books.customer, asked=self.asked, features=features)
            released = [one for off in command.switched_off(books) for one in off.choices]

        def shut() -> None:
            Balance.objects.filter(pk=books.balance.pk).update(purged_at=books.now)

        return Decision(
            facts=released, save_rows=shut, answer={"features": len({f.pk for f in features})}
        )


def check_purgeable(customer: Customer, at: datetime) -> None:
    """Refuse to erase a customer that has access, had it until lately, or is under a hold."""
    if Customer.objects.filter(pk=customer.pk, held_at__isnull=False).exists():
        raise NotAllowed(_("A legal hold forbids to erase anything of this customer."))
    state = access_state(customer, at)
    if not state.is_locked or state.purge_from is None or at < state.purge_from:
        raise NotAllowed(_("This customer's access has not ended for long enough."))


def holding(books: Books) -> list[Feature]:
    """The features that hold credits now, or are to hold some by what is booked ahead."""
    held: dict[int, list[int]] = defaultdict(list)
    for (side, pk), level in books.levels().items():
        if side == Side.ALLOCATED and level.credits:
            held[pk].append(level.credits)
    for entry in books.entries_beyond(books.balance.folded_until):
        side, pk = subject_of(entry)
        if side == Side.ALLOCATED and entry.effective_at > books.balance.folded_until:
            held[pk].append(entry.credits)
    return list(Feature.objects.filter(pk__in=held).select_related("group").order_by("pk"))
