"""What a customer's admins decide: allocating beyond the balance, and who gets notices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import Q
from django.utils.translation import gettext as _

from credits.domain.books import Books
from credits.domain.commands import Command, Decision
from credits.domain.members import check_manages, members_of
from credits.domain.people import Right
from credits.exceptions import InvalidCommand
from credits.models import Customer, OverAllocation, Role

UNCHANGED = "This is the setting already, so nothing was changed."


@dataclass(frozen=True, kw_only=True)
class SetOverAllocation(Command):
    """Decide whether a person may allocate beyond the balance.

    Raises InvalidCommand for a setting there isn't and for the one in force.
    """

    kind: ClassVar[str] = "set-over-allocation"

    policy: str

    def content(self) -> Mapping[str, Any]:
        return {"policy": str(self.policy)}

    def decide(self, books: Books) -> Decision:
        check_manages(self.asked, books.customer, Right.CHANGE_SETTINGS)
        if self.policy not in OverAllocation.values:
            raise InvalidCommand(_("Choose one of the settings."), field="policy")
        mine = Customer.objects.filter(pk=books.customer.pk)
        if mine.filter(over_allocation=self.policy).exists():
            raise InvalidCommand(_(UNCHANGED), field="policy")

        def save() -> None:
            mine.update(over_allocation=self.policy)

        return Decision(save_rows=save, subject=str(self.policy))


@dataclass(frozen=True, kw_only=True)
class SetRecipients(Command):
    """Choose the admins who get notices; choosing nobody means all of them.

    Raises InvalidCommand for anybody who is no admin and for those chosen already.
    """

    kind: ClassVar[str] = "set-recipients"

    chosen: frozenset[str]
    """Public ids of persons."""

    def content(self) -> Mapping[str, Any]:
        return {"chosen": sorted(self.chosen)}

    def decide(self, books: Books) -> Decision:
        check_manages(self.asked, books.customer, Right.CHANGE_SETTINGS)
        members = members_of(books.customer)
        admins = {
            str(member.user.public_id): member.gets_notices
            for member in members.filter(role=Role.ADMIN)
        }
        if not self.chosen <= admins.keys():
            raise InvalidCommand(
                _("Only admins can be chosen, and one of these is none any more. Choose again."),
                field="chosen",
            )
        if self.chosen == {public_id for public_id, is_chosen in admins.items() if is_chosen}:
            raise InvalidCommand(_(UNCHANGED), field="chosen")
        wanted = Q(user__public_id__in=self.chosen)

        def save() -> None:
            members.filter(wanted).update(gets_notices=True)
            members.exclude(wanted).update(gets_notices=False)

        return Decision(save_rows=save, subject=str(len(self.chosen)))
