"""How many activation codes may be tried: by person, by address and by customer.

A try takes its place in the security log before the code is looked at, so that tries that come at
once cannot exceed the limit (credits/domain/door.py has the idea). It stands there as refused
until the code is used. No code is written anywhere.
"""

from __future__ import annotations

import logging
from math import ceil

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from credits import clock
from credits.domain import door
from credits.models import Customer, Membership, SecurityEvent, SecurityEventKind, User

logger = logging.getLogger(__name__)

CUSTOMER_LOCK = 7103
"""The family of advisory locks taken after the door's own of account and address."""


def take_place(person: User, customer: Customer, address: str | None) -> SecurityEvent:
    """Write the row of one try at a code. Raises door.Delayed: then it must not be looked at."""
    who = door.visitor(person.email, address)
    members = Membership.objects.filter(customer=customer).values("user__email")
    limits = [
        (who.of_account, settings.CODE_TRIES_PER_PERSON),
        (Q(account__in=members), settings.CODE_TRIES_PER_CUSTOMER),
    ]
    if address:
        limits.append((who.of_address, settings.CODE_TRIES_PER_ADDRESS))
    kind = SecurityEventKind.CODE_REFUSED
    with transaction.atomic():
        door.lock(who)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [CUSTOMER_LOCK, customer.pk])
        now = clock.now()
        free = [door.free_again(whose, kind, now, most) for whose, most in limits]
        until = max((instant for instant in free if instant), default=None)
        if until is None:
            return SecurityEvent.objects.create(
                kind=kind, at=now, account=who.account, address=address, user=person
            )
    logger.warning("code_delayed user=%s customer=%s", person.public_id, customer.public_id)
    seconds = max(1, ceil((until - now).total_seconds()))
    raise door.Delayed(door.delayed_sentence(until, now), until=until, seconds=seconds)


def take_back(place: int, person: User) -> None:
    """The code was right and is used: its try stands as refused no more."""
    kind = SecurityEventKind.CODE_REFUSED
    SecurityEvent.objects.filter(pk=place, user=person, kind=kind).delete()
