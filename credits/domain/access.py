"""One person's way into one customer: what every page inside a customer begins with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, OuterRef
from django.utils.module_loading import import_string

from credits import clock
from credits.domain.access_state import AccessState, state_of, with_held
from credits.domain.people import RIGHTS, Right, role_in, with_roles
from credits.domain.viewings import viewing_of, with_viewing
from credits.models import Customer, Role, User, Viewing


@dataclass(frozen=True)
class Access:
    """One person's way into one customer: the role that opened it and what it allows."""

    customer: Customer
    role: str
    rights: frozenset[Right]
    state: AccessState
    parked_at: datetime | None = None
    """Since when the books take nothing but reports, because support must look at them first."""
    unread: int = 0
    """How many of the customer's notices a member has not read; counted to a limit."""
    viewing: Viewing | None = None
    """Set while support looks as a member: role, rights and unread notices are the member's."""

    @property
    def is_staff(self) -> bool:
        """Whether a person of the vendor is inside somebody else's customer."""
        return self.role not in Role.values

    @property
    def is_shut(self) -> bool:
        """Whether only renewal is open to the person: a member of a locked customer."""
        return self.state.is_locked and not self.is_staff


def access_to(user: User, slug: str, viewing: UUID | None = None) -> Access | None:
    """A person's access to the customer of a slug, in one query; None for a stranger.

    A membership comes before a staff role, so that nobody is staff in an own customer. While the
    viewing of the id runs in this customer, it is the access of the member seen as.
    """
    count_unread = import_string(settings.UNREAD_NOTICES)
    known = with_roles(user).annotate(parked_at=F("standing__parked_at"), unread=count_unread(user))
    if viewing is not None:
        known = with_viewing(known, user, viewing, clock.now())
        # The notices are two queries inside the customer's.
        known = known.annotate(seen_unread=count_unread(OuterRef(OuterRef("seen_as"))))
    found = with_held(known).filter(slug=slug)
    customer: Any = found.first() if user.is_active else None
    if customer is None:
        return None
    if viewing is not None and (running := viewing_of(customer, user, viewing)):
        return access_as(customer, customer.seen_role, customer.seen_unread, running)
    role = role_in(customer.member_role, customer.staff_roles, is_assigned=customer.is_assigned)
    if role is None:
        return None
    return access_as(customer, role, customer.unread if customer.member_role else 0)


def access_as(customer: Any, role: str, unread: int, viewing: Viewing | None = None) -> Access:
    """The access that a role gives to a customer read by `access_to`."""
    return Access(
        customer=customer,
        role=role,
        rights=RIGHTS[role],
        state=state_of(customer, clock.now()),
        parked_at=customer.parked_at,
        unread=unread,
        viewing=viewing,
    )


def may_correct(user: User, customer: Customer) -> bool:
    """Whether a person may correct a customer's books: support, a superuser; never a member."""
    access = access_to(user, customer.slug)
    if access is not None and (Right.CORRECT in access.rights or not access.is_staff):
        return Right.CORRECT in access.rights
    return user.is_active and user.is_superuser
