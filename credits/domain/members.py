"""Members of a customer: invited, invited again, given another role, removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from credits.domain.access import access_to, may_correct
from credits.domain.books import Books
from credits.domain.commands import Asked, Command, Decision
from credits.domain.invitations import INVITATIONS, invite_by_mail
from credits.domain.judging import ACCESS_ENDED
from credits.domain.people import (
    LAST_ADMIN,
    Invite,
    Right,
    checked_email,
    last_admin,
)
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import Customer, Membership, OutgoingMail, Role, User

PAUSE = timedelta(minutes=10)
"""Between two invitations of one customer to one address."""

MINUTE = timedelta(minutes=1)


class NoLongerAllowed(NotAllowed):
    """The right was taken away between the request and the lock; nothing more may be shown."""


def members_of(customer: Customer) -> QuerySet[Membership]:
    """A customer's members with their accounts."""
    return Membership.objects.filter(customer=customer).select_related("user")


def recipients_of(customer: Customer) -> list[User]:
    """Who is told by mail: the chosen admins who can log in; if there are none, all admins."""
    return recipients_of_all([customer.pk])[customer.pk]


def told_members(customer: Customer) -> list[Membership]:
    """The same people as members, so that they are called as among the customer's people."""
    recipients = recipients_of(customer)
    return list(members_of(customer).filter(user__in=recipients).order_by("user__email"))


def recipients_of_all(customers: Iterable[int]) -> dict[int, list[User]]:
    """The same for many customers by their keys, in one query however many."""
    admins = Membership.objects.filter(role=Role.ADMIN, user__is_active=True)
    found: dict[int, list[Membership]] = {pk: [] for pk in customers}
    mine = admins.filter(customer__in=found).select_related("user")
    for member in mine.order_by("user__email"):
        found[member.customer_id].append(member)
    return {
        pk: [member.user for member in members if member.gets_notices]
        or [member.user for member in members]
        for pk, members in found.items()
    }


@dataclass(frozen=True, kw_only=True)
class InviteMember(Invite):
    """Invite somebody who is no member yet, as a customer's admin does.

    It says the same of an address with an account elsewhere and of one without. Raises
    InvalidCommand for a member and for an address that was written to just before, NotAllowed
    once the actor manages the members no longer, and what Invite raises.
    """

    def decide(self, books: Books) -> Decision:
        check_manages(self.asked, books.customer)
        email = checked_email(self.email)
        if members_of(books.customer).filter(user__email=email).exists():
            raise InvalidCommand(
                _("%(email)s is a member already. Change the role in the list.") % {"email": email},
                field="email",
            )
        check_pause(email, invited_at(books.customer, email), books.now, field="email")
        return super().decide(books)


@dataclass(frozen=True, kw_only=True)
class InviteAgain(Command):
    """Send a member who has not logged in since the invitation another one.

    Raises InvalidCommand within ten minutes of the last one and for who has logged in since.
    """

    kind: ClassVar[str] = "invite-again"

    member: str
    """The person's public id, as in all commands here."""

    def content(self) -> Mapping[str, Any]:
        return {"member": self.member}

    def decide(self, books: Books) -> Decision:
        check_manages(self.asked, books.customer)
        member = one_member(books.customer, self.member)
        if member.has_come:
            raise InvalidCommand(
                _("%(name)s has logged in since, so there is nothing to send.")
                % {"name": member.label}
            )
        check_pause(member.user.email, member.since, books.now)

        def save() -> None:
            Membership.objects.filter(pk=member.pk).update(since=books.now)
            invite_by_mail(member.user, books.customer, member.role, self.asked)

        return Decision(save_rows=save, answer={"user": self.member}, subject=member.role)


@dataclass(frozen=True, kw_only=True)
class SetRole(Command):
    """Give a member another role.

    Raises InvalidCommand for a role there isn't and for the one held, NotAllowed for one's own
    and for the last admin's, UnknownObject for who is no member.
    """

    kind: ClassVar[str] = "set-role"

    member: str
    role: str

    def content(self) -> Mapping[str, Any]:
        return {"member": self.member, "role": str(self.role)}

    def decide(self, books: Books) -> Decision:
        check_manages(self.asked, books.customer)
        if self.role not in Role.values:
            raise InvalidCommand(_("Choose one of the roles."), field="role")
        member = one_member(books.customer, self.member)
        check_not_self(self.asked, member, field="role")
        before = member.role
        if before == self.role:
            raise InvalidCommand(
                _("%(name)s has this role already, so nothing was changed.")
                % {"name": member.label},
                field="role",
            )
        if member.user.email == last_admin(books.customer):
            raise NotAllowed(LAST_ADMIN, field="role")

        def save() -> None:
            kept = member.gets_notices and self.role == Role.ADMIN
            Membership.objects.filter(pk=member.pk).update(role=self.role, gets_notices=kept)

        answer = {"user": self.member, "before": before}
        return Decision(save_rows=save, answer=answer, subject=str(self.role))


@dataclass(frozen=True, kw_only=True)
class RemoveMember(Command):
    """Take a member's rights away; the next request is refused. What was done stays.

    Raises NotAllowed for oneself and for the last admin, UnknownObject for who is no member.
    """

    kind: ClassVar[str] = "remove-member"

    member: str

    def content(self) -> Mapping[str, Any]:
        return {"member": self.member}

    def decide(self, books: Books) -> Decision:
        check_manages(self.asked, books.customer)
        member = one_member(books.customer, self.member)
        check_not_self(self.asked, member)
        if member.user.email == last_admin(books.customer):
            raise NotAllowed(LAST_ADMIN)

        def save() -> None:
            Membership.objects.filter(pk=member.pk).delete()

        return Decision(save_rows=save, answer={"user": self.member}, subject=member.role)


def one_member(customer: Customer, public_id: str) -> Membership:
    """A customer's member. Raises UnknownObject for anybody else's, and for nobody's."""
    member = members_of(customer).filter(user__public_id=public_id).first()
    if member is None:
        raise UnknownObject(_("This person is no member."))
    return member


def check_manages(asked: Asked, customer: Customer, right: Right = Right.MANAGE_MEMBERS) -> None:
    """Refuse an actor who has lost the right since the page was opened.

    It is asked under the customer's lock: of two admins who remove each other at one moment, the
    second is no admin any more. What a command asks for no person passes. Raises NoLongerAllowed,
    and NotAllowed once access has ended (docs/rules.md#r13).
    """
    actor = asked.actor
    if actor is None:
        return
    access = access_to(actor, customer.slug)
    if access is not None and access.is_shut:
        raise NotAllowed(_(ACCESS_ENDED))
    if access is not None and right in access.rights:
        return
    if not may_correct(actor, customer):
        raise NoLongerAllowed(_("You are no admin any more, so nothing was changed."))


def check_not_self(asked: Asked, member: Membership, field: str | None = None) -> None:
    """Refuse what a person would do to the own membership. Raises NotAllowed."""
    if asked.actor is not None and asked.actor.pk == member.user_id:
        raise NotAllowed(_("This is your own membership. Ask another admin."), field=field)


def check_pause(email: str, last: datetime | None, now: datetime, field: str | None = None) -> None:
    """Refuse another invitation so soon after the last. Raises InvalidCommand."""
    if last is None or last + PAUSE <= now:
        return
    raise InvalidCommand(
        _(
            "An invitation was sent to %(email)s at %(sent)s UTC. "
            "The next can be sent from %(next)s UTC."
        )
        % {
            "email": email,
            "sent": f"{last:%H:%M}",
            "next": f"{last + PAUSE + MINUTE - timedelta(microseconds=1):%H:%M}",
        },
        field=field,
    )


def invited_at(customer: Customer, email: str) -> datetime | None:
    """When a customer's last invitation to an address was written."""
    mails = OutgoingMail.objects.filter(customer=customer, to=email, kind__in=INVITATIONS)
    last: datetime | None = mails.aggregate(last=Max("created_at"))["last"]
    return last
