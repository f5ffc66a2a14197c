"""Purge: whoever was marked a day ago by both clocks is erased, and nobody else.

Two steps a day apart, looked at again under the customer's lock, and never many at once without a
person's word (docs/rules.md#r13).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from billing.domain.lifecycle.stages import database_clock
from billing.domain.notices.telling import mail_of
from billing.models import CustomerLife, LifeEvent, LifeEventKind, Notice, NoticeKind, Recorded
from credits.domain.access_state import KEPT
from credits.domain.commands import Asked
from credits.domain.locks import lock_customer
from credits.domain.mail import draft_mail, save_mail
from credits.domain.members import recipients_of
from credits.domain.post import post
from credits.domain.purging import Purge
from credits.exceptions import CreditsError
from credits.models import Customer, User

logger = logging.getLogger(__name__)

WAIT = timedelta(hours=24)
"""How long a mark must stand, by the slots and by the database's clock."""

FEW = 3
PERCENT = 2
"""A run purges at most so many, or this part of the customers there are, whichever is more."""

SOURCE = "lifecycle"


class TooManyDue(CreditsError):
    """More customers are due for purge than a run erases without a person's word."""

    code = "too-many-due"


def due(as_of: datetime) -> QuerySet[CustomerLife]:
    """Who was marked for long enough, is not held, and has books that take it.

    By the database's clock as well, so that a machine whose clock is ahead erases nobody early.
    """
    return CustomerLife.objects.filter(
        stage=Recorded.MARKED,
        marked_at__lte=as_of - WAIT,
        marked_on__lte=database_clock() - WAIT,
        ends_at__lte=database_clock() - KEPT,
        customer__held_at__isnull=True,
        customer__standing__parked_at__isnull=True,
        customer__standing__purged_at__isnull=True,
    )


def most() -> int:
    """How many customers one run may purge."""
    living = Customer.objects.filter(standing__purged_at__isnull=True).count()
    return max(FEW, living * PERCENT // 100)


def purge_due(as_of: datetime, failed: list[int], *, is_told: bool = False) -> int:
    """Purge whoever is due at an instant; how many were.

    `is_told` is a person's word that so many are meant. A customer that goes wrong is logged,
    added to `failed` and skipped. Raises TooManyDue, and then nobody is purged.
    """
    waiting = list(due(as_of).order_by("pk").values_list("pk", flat=True))
    if len(waiting) > (limit := most()) and not is_told:
        raise TooManyDue(
            f"{len(waiting)} customers are due for purge, more than the {limit} that a run erases "
            "by itself, so none was. Look at them, and purge with: manage.py purge --yes"
        )
    purged = 0
    for pk in waiting:
        try:
            purged += purge(pk, as_of)
        except Exception:
            logger.exception("purge_failed customer=%d", pk)
            failed.append(pk)
    return purged


@transaction.atomic
def purge(pk: int, as_of: datetime) -> bool:
    """Release, erase and shut one customer's books, all or nothing; False if it is not due.

    Everything that makes it due is read again under the customer's lock. Raises what `Purge`
    refuses.
    """
    lock_customer(pk)
    life = due(as_of).filter(pk=pk).select_for_update(no_key=True, of=("self",)).first()
    if life is None:
        return False
    customer = Customer.objects.get(pk=pk)
    people = recipients_of(customer)
    asked = Asked(source=SOURCE, key=f"purge/{customer.public_id}")
    answer = post(Purge(customer=customer, asked=asked, as_of=as_of))
    if answer.repeated:
        return False
    for path in settings.ERASERS:
        import_string(path)(customer)
    at = answer.operation.recorded_at
    for person in people:
        tell(customer, person, at)
    CustomerLife.objects.filter(pk=pk).update(stage=Recorded.PURGED, since=at)
    LifeEvent.objects.create(customer=customer, kind=LifeEventKind.PURGED, at=at, recorded_at=as_of)
    logger.info("purged customer=%d", pk)
    return True


def tell(customer: Customer, person: User, at: datetime) -> None:
    """Tell one of the former recipients that everything was erased.

    Written last, with the address and the name as they were read before; blanked once it is sent.
    """
    notice = Notice(
        customer=customer, kind=NoticeKind.PURGED, key=f"purged/{customer.public_id}", at=at
    )
    save_mail(draft_mail(**mail_of(notice, person)))
