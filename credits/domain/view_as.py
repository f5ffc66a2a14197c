"""Support looks at a customer's pages as one of its members does (docs/rules.md#r21).

Beginning and end are operations of the customer, so they stand in its chain and in its activity:
who looked, as whom, and why. They read neither facts nor rates, so that they work on parked books.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from credits.domain.access import access_to
from credits.domain.books import Books
from credits.domain.commands import Asked, Command, Decision
from credits.domain.members import one_member
from credits.domain.post import post
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import Customer, User, Viewing
from credits.roles import StaffRole


@dataclass(frozen=True, kw_only=True)
class StartViewing(Command):
    """Begin to look as a member. `asked.on_behalf_of` is that member.

    Raises NotAllowed for whoever is not support, InvalidCommand without a reason and for a member
    who cannot log in, UnknownObject for who is no member.
    """

    kind: ClassVar[str] = "view-as"
    while_parked: ClassVar[bool] = True
    with_broken_books: ClassVar[bool] = True

    def content(self) -> Mapping[str, Any]:
        return {"member": str(self.member.public_id)}

    @property
    def member(self) -> User:
        """The member as whom support looks. Raises UnknownObject where none is named."""
        if self.asked.on_behalf_of is None:
            raise UnknownObject(_("Choose one of the members."), field="member")
        return self.asked.on_behalf_of

    def decide(self, books: Books) -> Decision:
        if not is_support(self.asked.actor, books.customer):
            raise NotAllowed(_("Only support looks at a customer's pages as a member does."))
        if not self.asked.reason.strip():
            raise InvalidCommand(_("Say why; it is kept with the operation."), field="reason")
        member = one_member(books.customer, str(self.member.public_id))
        if not member.user.is_active:
            raise InvalidCommand(
                _("%(name)s cannot log in, and so sees no page.") % {"name": member.label},
                field="member",
            )
        answer = {"user": str(member.user.public_id), "viewing": str(uuid4())}
        return Decision(answer=answer, subject=member.role)


@dataclass(frozen=True, kw_only=True)
class EndViewing(Command):
    """Stop looking as a member before the time is over. `asked.on_behalf_of` is that member.

    Raises UnknownObject for a viewing of somebody else, and for one that is over.
    """

    kind: ClassVar[str] = "end-viewing"
    while_parked: ClassVar[bool] = True
    with_broken_books: ClassVar[bool] = True

    viewing: Viewing

    def content(self) -> Mapping[str, Any]:
        return {"viewing": str(self.viewing.public_id)}

    def decide(self, books: Books) -> Decision:
        mine = Viewing.objects.filter(
            public_id=self.viewing.public_id,
            customer=books.customer,
            viewer=self.asked.actor,
            ended_at__isnull=True,
        )
        found = mine.select_related("seen_as").first()
        if found is None or found.ends_at <= books.now:
            raise UnknownObject(_("This viewing is over already."))

        def save() -> None:
            mine.update(ended_at=books.now)

        return Decision(save_rows=save, answer={"user": str(found.seen_as.public_id)})


@transaction.atomic
def start_viewing(customer: Customer, member: User, asked: Asked) -> Viewing:
    """Begin to look as a member, for the minutes of a setting; once per key.

    Raises what StartViewing does; then nothing was written.
    """
    answer = post(StartViewing(customer=customer, asked=replace(asked, on_behalf_of=member)))
    operation = answer.operation
    if answer.repeated:
        return Viewing.objects.select_related("customer", "seen_as").get(operation=operation)
    return Viewing.objects.create(
        public_id=answer.data["viewing"],
        customer=customer,
        viewer=operation.actor,  # type: ignore[misc]  # Nobody is no support.
        seen_as=member,
        operation=operation,
        started_at=operation.recorded_at,
        ends_at=operation.recorded_at + timedelta(minutes=settings.VIEWING_MINUTES),
    )


def end_viewing(viewing: Viewing, user: User) -> None:
    """Stop looking; it is told in the customer's activity once, however often it is asked.

    Raises what EndViewing does.
    """
    asked = Asked(
        source="admin",
        key=f"end-viewing/{viewing.public_id}",
        actor=user,
        on_behalf_of=viewing.seen_as,
    )
    post(EndViewing(customer=viewing.customer, asked=asked, viewing=viewing))


def is_support(user: User | None, customer: Customer) -> bool:
    """Whether a person is support in a customer: not a superuser alone, and never a member."""
    access = access_to(user, customer.slug) if user is not None else None
    return access is not None and access.role == StaffRole.SUPPORT.value
