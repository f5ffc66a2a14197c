"""Which viewings run: support that looks at a customer's pages as a member (docs/rules.md#r21).

A viewing runs while all of this holds: it was not ended and its time is not over, whoever looks
is still support and no member there, and the member is still one who could log in. All of it is
asked on each request, so that nothing must be cleared up for it to be over.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from credits.models import Customer, Membership, User, Viewing
from credits.roles import StaffRole

PERSON = ("id", "public_id", "name", "email", "is_active")
"""What is read of the member through whose eyes support looks."""


def running_viewings(user: User, now: datetime) -> QuerySet[Viewing]:
    """The viewings of a person that run at an instant."""
    members = Membership.objects.filter(customer=OuterRef("customer"))
    support = Group.objects.filter(user=user, name=StaffRole.SUPPORT.value)
    return Viewing.objects.filter(
        Exists(members.filter(user=OuterRef("seen_as"))),
        ~Exists(members.filter(user=user)),
        Exists(support),
        viewer=user,
        viewer__is_active=True,
        seen_as__is_active=True,
        ended_at__isnull=True,
        ends_at__gt=now,
    )


def running_viewing(user: User, public_id: UUID, now: datetime) -> Viewing | None:
    """The viewing of an id, if it is the person's own and runs; one query."""
    found = running_viewings(user, now).filter(public_id=public_id)
    return found.select_related("customer", "seen_as").first()


def with_viewing(
    customers: QuerySet[Customer], user: User, public_id: UUID, now: datetime
) -> QuerySet[Any]:
    """Customers with what `viewing_of` and the member's own annotations read of a viewing.

    `seen_as` is the key of the member, empty where the viewing is none of this customer's.
    """
    running = running_viewings(user, now).filter(public_id=public_id, customer=OuterRef("pk"))
    told = JSONObject(**{name: f"seen_as__{name}" for name in PERSON})
    return customers.annotate(
        seen_as=Subquery(running.values("seen_as")[:1]),
        seen_person=Subquery(running.values(told=told)[:1]),
        seen_until=Subquery(running.values("ends_at")[:1]),
        seen_role=Subquery(
            Membership.objects.filter(customer=OuterRef("pk"), user=OuterRef("seen_as")).values(
                "role"
            )[:1]
        ),
    )


def viewing_of(customer: Any, user: User, public_id: UUID) -> Viewing | None:
    """The viewing that runs of a customer read by `with_viewing`."""
    if customer.seen_as is None:
        return None
    return Viewing(
        public_id=public_id,
        customer=customer,
        viewer=user,
        seen_as=User(**customer.seen_person),
        ends_at=customer.seen_until,
    )
