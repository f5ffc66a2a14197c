"""A notice is told: saved once, with one mail to each recipient (docs/rules.md#r23)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone, translation

from billing.domain.notices import places
from billing.domain.notices.dates import calendar_of
from billing.domain.notices.places import Place
from billing.domain.notices.words import told
from billing.models import Notice, NoticeKind
from credits.domain.links import portal_url
from credits.domain.mail import draft_mail
from credits.domain.members import recipients_of_all
from credits.models import OutgoingMail, User

TEMPLATE = "billing/mail/notice"

SHUT = (NoticeKind.LOCKED, NoticeKind.PURGE_AHEAD, NoticeKind.PURGED)
"""What is told when the page on which recipients are chosen is closed to them."""


def tell(notice: Notice) -> bool:
    """Save a notice with its mails, in one transaction; False if its key was told before."""
    return tell_all([notice]) == 1


@transaction.atomic
def tell_all(notices: Sequence[Notice]) -> int:
    """The same for many, in four statements however many; how many had not been told before.

    Of two who tell the same at once, one waits for the other and then tells nothing.
    """
    if not notices:
        return 0
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    ids = [notice.public_id for notice in notices]
    saved = set(Notice.objects.filter(public_id__in=ids).values_list("public_id", flat=True))
    new = [notice for notice in notices if notice.public_id in saved]
    recipients = recipients_of_all({notice.customer_id for notice in new})
    mails = [
        draft_mail(**mail_of(notice, person))
        for notice in new
        for person in recipients[notice.customer_id]
    ]
    OutgoingMail.objects.bulk_create(mails, ignore_conflicts=True)
    return len(new)


def mail_of(notice: Notice, person: User) -> dict[str, Any]:
    """The mail of a notice to one person, as `write_mail` takes it, in the person's own zone."""
    with timezone.override(person.time_zone), translation.override(person.locale):
        said = told(notice)
        chosen = places.settings(notice.customer)
        return {
            "key": f"{notice.key}/{person.public_id}",
            "kind": notice.kind,
            "recipient": person,
            "customer": notice.customer,
            "subject": said.title,
            "template": TEMPLATE,
            "context": {
                "customer": notice.customer,
                "title": said.title,
                "sentences": said.sentences,
                "links": [link(Place(said.link, said.url)), *(link(step) for step in said.steps)],
                "settings": None if notice.kind in SHUT else link(chosen),
            },
            "calendar": calendar_of(notice),
        }


def link(place: Place) -> dict[str, str]:
    """A place as mail names it: with the whole address."""
    return {"words": place.words, "url": portal_url(place.path)}
