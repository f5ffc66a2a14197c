"""The mail that tells support and operators what the nightly check of the books has found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.urls import reverse
from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credits.domain.activity_words import moment_text
from credits.domain.links import portal_url
from credits.domain.mail import draft_mail, save_mail
from credits.domain.parking import SOURCE, parking_key
from credits.models import Balance, Customer, Operation, OutgoingMail, User
from credits.roles import StaffRole

TOLD_TO = (StaffRole.SUPPORT.value, StaffRole.OPERATOR.value)

MOST_TOLD = 20
"""So many parked customers are named; the support desk lists all of them."""


@dataclass(frozen=True)
class Alarm:
    """What the check of one slot has found."""

    slot: datetime
    """The instant at which the check was due."""
    broken: Sequence[str] = ()
    """What is broken that belongs to no customer."""
    failed: Sequence[str] = ()
    """What could not be checked or parked."""


@dataclass(frozen=True)
class Parked:
    """A customer that was parked, and the first broken rows."""

    customer: Customer
    sentences: str


def tell_alarm(alarm: Alarm) -> None:
    """Write the mail of a slot to everybody it concerns, once; nothing where all books hold."""
    parked = parked_by_slot(alarm.slot)
    if not (parked or alarm.broken or alarm.failed):
        return
    with transaction.atomic():
        for person in people_told():
            save_mail(alarm_mail(alarm, parked, person))


def parked_by_slot(slot: datetime) -> list[Parked]:
    """The customers that the check of a slot has parked and that still are, by number.

    Read from the books and not kept by the run, so that one that was killed loses nobody.
    """
    standing = Balance.objects.filter(parked_at__isnull=False).values("pk")
    customers = {
        parking_key(customer, slot): customer
        for customer in Customer.objects.filter(pk__in=standing).order_by("number")
    }
    found = Operation.objects.filter(source=SOURCE, key__in=customers).select_related("note")
    notes = {operation.key: operation.note.text for operation in found}
    return [Parked(customer, notes[key]) for key, customer in customers.items() if key in notes]


def people_told() -> list[User]:
    """Support and operators who can log in."""
    people = User.objects.filter(is_active=True, groups__name__in=TOLD_TO)
    return list(people.distinct().order_by("pk"))


def alarm_mail(alarm: Alarm, parked: Sequence[Parked], person: User) -> OutgoingMail:
    """The mail of one alarm to one person, not written yet."""
    return draft_mail(
        key=f"books-alarm/{alarm.slot:%Y-%m-%dt%H:%M}/{person.public_id}",
        kind="books-alarm",
        recipient=person,
        subject=subject(len(parked)),
        template="credits/mail/books_alarm",
        context=context(alarm, parked, person),
    )


def subject(parked: int) -> str:
    """What the mail is about, in its first words."""
    if not parked:
        return _("Books are broken: look at the nightly check")
    text = ngettext(
        "Books are broken: %(count)d customer is parked",
        "Books are broken: %(count)d customers are parked",
        parked,
    )
    return text % {"count": parked}


def context(alarm: Alarm, parked: Sequence[Parked], person: User) -> dict[str, Any]:
    """What the mail's templates are filled with."""
    parked_list = reverse("admin:credits_customer_changelist") + "?state=parked"
    own_time = date_text(alarm.slot.astimezone(ZoneInfo(person.time_zone)), "j M Y, H:i")
    return {
        "slot": moment_text(alarm.slot),
        "own_time": own_time,
        "own_zone": person.time_zone,
        "parked": parked[:MOST_TOLD],
        "more": max(0, len(parked) - MOST_TOLD),
        "broken": alarm.broken,
        "failed": alarm.failed,
        "parked_url": portal_url(parked_list),
        "jobs_url": portal_url(reverse("admin:jobs")),
    }
