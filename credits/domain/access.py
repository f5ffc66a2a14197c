"""One person's way into one customer: what every page inside a customer begins with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils.module_loading import import_string

from credits import clock
from credits.domain.access_state import AccessState, state_of, with_held
from credits.domain.people import RIGHTS, Right, role_in, with_roles
from credits.models import Customer, Role, User


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

    @property
    def is_staff(self) -> bool:
        """Whether a person of the vendor is inside somebody else's customer."""
        return self.role not in Role.values

    @property
    def is_shut(self) -> bool:
        """Whether only renewal is open to the person: a member of a locked customer."""
        return self.state.is_locked and not self.is_staff


def access_to(user: User, slug: str) -> Access | None:
    """A person's access to the customer of a slug, in one query; None for a stranger.

    A membership comes before a staff role, so that nobody is staff in an own customer.
    """
    unread = import_string(settings.UNREAD_NOTICES)(user)
    known = with_roles(user).annotate(parked_at=F("standing__parked_at"), unread=unread)
    found = with_held(known).filter(slug=slug)
    customer: Any = found.first() if user.is_active else None
    if customer is None:
        return None
    role = role_in(customer.member_role, customer.staff_roles, is_assigned=customer.is_assigned)
    if role is None:
        return None
    return Access(
        customer=customer,
        role=role,
        rights=RIGHTS[role],
        state=state_of(customer, clock.now()),
        parked_at=customer.parked_at,
        unread=customer.unread if customer.member_role else 0,
    )


def may_correct(user: User, customer: Customer) -> bool:
    """Whether a person may correct a customer's books: support, a superuser; never a member."""
    access = access_to(user, customer.slug)
    if access is not None and (Right.CORRECT in access.rights or not access.is_staff):
        return Right.CORRECT in access.rights
    return user.is_active and user.is_superuser
