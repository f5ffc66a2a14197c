"""Notices are told: saved once, with one mail to each recipient (docs/rules.md#r23)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.domain.notices import places
from billing.domain.notices.dates import AHEAD, calendar_of
from billing.domain.notices.places import Place
from billing.domain.notices.words import Told, told
from billing.models import Notice, NoticeKind
from credits.domain.links import portal_url
from credits.domain.mail import draft_mail
from credits.domain.members import recipients_of_all
from credits.models import OutgoingMail, User

TEMPLATE = "billing/mail/notice"

SHUT = (NoticeKind.LOCKED, NoticeKind.PURGE_AHEAD, NoticeKind.PURGED)
"""What is told when the page on which recipients are chosen is closed to them."""

OF_A_THING = (*AHEAD, NoticeKind.LICENSE_ENDED, NoticeKind.WEEKLY)
"""What names a license or a week in its title, and not the customer."""

URGENCY: Mapping[str, int] = {"bad": 0, "warn": 1, "": 2, "good": 3}
"""The order of notices in one mail, by their tone."""

LAST = "~"
"""After every instant."""


def tell(notice: Notice) -> bool:
    """Save a notice with its mails, in one transaction; False if its key was told before."""
    return bool(tell_all([notice]))


@transaction.atomic
def tell_all(notices: Iterable[Notice]) -> set[UUID]:
    """The same for many, in four statements however many: those that had not been told before.

    What is told of one customer goes in one mail to each recipient. Of two who tell the same at
    once, one waits for the other and then tells nothing.
    """
    # In the order of customers, so that two who tell at once wait in the same order.
    in_order = sorted(notices, key=lambda notice: notice.customer_id)
    if not in_order:
        return set()
    Notice.objects.bulk_create(in_order, ignore_conflicts=True)
    ids = [notice.public_id for notice in in_order]
    saved = set(Notice.objects.filter(public_id__in=ids).values_list("public_id", flat=True))
    new: Mapping[int, list[Notice]] = defaultdict(list)
    for notice in in_order:
        if notice.public_id in saved:
            new[notice.customer_id].append(notice)
    recipients = recipients_of_all(new)
    mails = [
        draft_mail(**mail_of_all(told_together, person))
        for customer, told_together in new.items()
        for person in recipients[customer]
    ]
    OutgoingMail.objects.bulk_create(mails, ignore_conflicts=True)
    return saved


def mail_of(notice: Notice, person: User) -> dict[str, Any]:
    """The mail of a notice to one person, as `draft_mail` takes it, in the person's own zone."""
    return mail_of_all([notice], person)


def mail_of_all(notices: Sequence[Notice], person: User) -> dict[str, Any]:
    """The one mail of what is told of a customer at once, the most urgent first.

    What another notice of the mail says already is left out; the portal has all of them.
    """
    first, customer = notices[0], notices[0].customer
    with timezone.override(person.time_zone), translation.override(person.locale):
        worded = [(notice, told(notice)) for notice in notices if not is_said(notice, notices)]
        worded.sort(key=lambda one: (URGENCY[one[1].tone], comes_at(one[0])))
        lead = worded[0][0]
        chosen = places.notice_settings(customer)
        return {
            "key": f"{first.key}/{person.public_id}",
            "kind": lead.kind,
            "recipient": person,
            "customer": customer,
            "subject": subject_of(*worded[0], len(worded) - 1),
            "template": TEMPLATE,
            "context": {
                "customer": customer,
                "parts": parts_of([said for _notice, said in worded]),
                "settings": None if lead.kind in SHUT else link(chosen),
            },
            "calendar": calendar_of(notices),
        }


def is_said(notice: Notice, others: Iterable[Notice]) -> bool:
    """Whether a shortage is the one that the notice of a license names: the same end and figure."""
    facts = notice.facts
    if notice.kind == NoticeKind.SHORT_AHEAD:
        short = (facts["short"]["at"], facts["short"]["missing"])
        return short in {
            (one.facts["license"]["ends_at"], one.facts["missing"])
            for one in others
            if one.kind in AHEAD
        }
    if notice.kind == NoticeKind.NEGATIVE:
        ended = {one.facts["missing"] for one in others if one.kind == NoticeKind.LICENSE_ENDED}
        return facts["allocated"] - facts["valid"] in ended
    return False


def comes_at(notice: Notice) -> str:
    """The instant it is about, as facts carry it: the next comes first, what has none last."""
    about = notice.facts.get("license") or {}
    short = notice.facts.get("short") or {}
    return str(about.get("ends_at") or short.get("at") or LAST)


def subject_of(lead: Notice, said: Told, others: int) -> str:
    """The thing itself, whose it is where that is not in it, and how many more there are."""
    title = said.title
    if lead.kind in OF_A_THING:
        words = {"title": title, "customer": lead.customer}
        title = _("%(title)s (%(customer)s)") % words
    if not others:
        return title
    more = ngettext(
        "%(title)s, and %(count)d more notice", "%(title)s, and %(count)d more notices", others
    )
    return more % {"title": title, "count": others}


def parts_of(worded: Sequence[Told]) -> list[dict[str, Any]]:
    """Each notice with its links; a link that stands above already is not repeated."""
    seen: set[str] = set()
    parts = []
    for said in worded:
        wanted = [Place(said.link, said.url), *said.steps]
        links = [link(place) for place in wanted if place.path not in seen]
        seen.update(place.path for place in wanted)
        parts.append({"title": said.title, "sentences": said.sentences, "links": links})
    return parts


def link(place: Place) -> dict[str, str]:
    """A place as mail names it: with the whole address."""
    return {"words": place.words, "url": portal_url(place.path)}
