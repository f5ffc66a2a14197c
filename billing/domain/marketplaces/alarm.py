"""What has waited too long at the marketplaces, told to support and operators once a day."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.models import (
    DifferenceState,
    MarketplaceDifference,
    MarketplaceMessage,
    MessageState,
)
from credits.domain.activity_words import moment_text
from credits.domain.alarm_mail import people_told
from credits.domain.links import portal_url
from credits.domain.mail import draft_mail, save_mail
from credits.models import OutgoingMail, User

logger = logging.getLogger(__name__)

LATE = timedelta(minutes=15)
"""A message that was not applied so long after it came is late."""

UNEXPLAINED = timedelta(hours=24)
"""A difference that stands open so long is to be looked at."""


@dataclass(frozen=True)
class Waiting:
    """What has waited too long: so many, and since when the first."""

    messages: int = 0
    first_message: datetime | None = None
    differences: int = 0
    first_difference: datetime | None = None

    @property
    def is_something(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.messages or self.differences)


def waiting(now: datetime) -> Waiting:
    """What has waited too long at an instant."""
    late = MarketplaceMessage.objects.filter(
        state=MessageState.STORED, received_at__lt=now - LATE
    ).order_by()
    old = MarketplaceDifference.objects.filter(
        state=DifferenceState.OPEN, found_at__lt=now - UNEXPLAINED
    ).order_by()
    return Waiting(
        messages=late.count(),
        first_message=late.aggregate(first=Min("received_at"))["first"],
        differences=old.count(),
        first_difference=old.aggregate(first=Min("found_at"))["first"],
    )


def tell_late(now: datetime) -> None:
    """Write the mail of the day to everybody it concerns, once; nothing where nothing waits."""
    found = waiting(now)
    if not found.is_something:
        return
    logger.error("marketplaces_late messages=%d differences=%d", found.messages, found.differences)
    with transaction.atomic():
        for person in people_told():
            save_mail(late_mail(found, person, now))


def late_mail(found: Waiting, person: User, now: datetime) -> OutgoingMail:
    """The mail of a day to one person, not written yet. Late messages are told once a day, and
    so are old differences: one that joins the other is told as well.
    """
    what = "messages" if found.messages else "differences"
    return draft_mail(
        key=f"marketplaces-late/{now:%Y-%m-%d}/{what}/{person.public_id}",
        kind="marketplaces-late",
        recipient=person,
        subject=_("Marketplaces: something waits for too long"),
        template="billing/mail/marketplaces-late",
        context={
            "found": found,
            "first_message": moment_text(found.first_message) if found.first_message else "",
            "first_difference": (
                moment_text(found.first_difference) if found.first_difference else ""
            ),
            "messages_url": portal_url(
                reverse("admin:billing_marketplacemessage_changelist") + "?state__exact=stored"
            ),
            "differences_url": portal_url(
                reverse("admin:billing_marketplacedifference_changelist") + "?state__exact=open"
            ),
        },
    )
