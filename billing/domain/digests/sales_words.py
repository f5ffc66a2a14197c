"""The digest of sales in words: a line for each thing, with customer, figure, date and link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone, translation
from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.domain.annual.words import grouped
from billing.domain.digests.wording import Line, Pile, Section, filled, who
from billing.domain.notices.instants import both_clocks, day_text, last_moment
from billing.models import CreditRequest
from credits.domain.mail import draft_mail
from credits.models import Customer, License, OutgoingMail, User

SHORT, ENDING, CLOSING, WAITING = "short", "ending", "closing", "waiting"
SECTIONS = (SHORT, ENDING, CLOSING, WAITING)
"""The sections of the digest, in this order."""


@dataclass(frozen=True)
class Shortfall:
    """Credits that are or will be missing."""

    customer: Customer
    credits: int
    at: datetime
    is_now: bool


@dataclass(frozen=True)
class Closing:
    """A customer in grace, locked or suspended, and what it still holds."""

    customer: Customer
    allocated: int
    ends_at: datetime
    """The first instant without access."""
    kept_until: datetime | None
    """The earliest instant at which anything may be erased: a renewal before brings all back.
    None of a suspension, by which nothing is."""
    is_locked: bool


def sales_draft(
    person: User,
    piles: Mapping[str, Pile],
    totals: Mapping[str, int] | None,
    failed: int,
    as_of: datetime,
) -> OutgoingMail:
    """The mail to one person of sales, in the person's zone; not written yet."""
    with timezone.override(person.time_zone), translation.override(person.locale):
        counts = {key: pile.count for key, pile in piles.items()} if totals is None else totals
        return draft_mail(
            key=f"sales-digest/{as_of:%Y-%m-%d}/{person.public_id}",
            kind="sales-digest",
            recipient=person,
            subject=sales_subject(counts, as_of),
            template="billing/mail/digest",
            context={
                "opening": _("Customers to look after, as of %(at)s.") % {"at": both_clocks(as_of)},
                "remarks": remarks(totals, failed),
                "sections": sales_sections(piles),
                "path": reverse("billing:sales-customers"),
                "link": _("Open the sales desk"),
            },
        )


def sales_subject(counts: Mapping[str, int], as_of: datetime) -> str:
    """To look after: 2 short, 1 ending, 0 in grace or locked, 3 unanswered (30 Nov 2026)."""
    words = {key: grouped(counts.get(key, 0)) for key in SECTIONS}
    return _(
        "To look after: %(short)s short, %(ending)s ending, %(closing)s in grace or locked, "
        "%(waiting)s unanswered (%(day)s)"
    ) % {**words, "day": day_text(as_of)}


def remarks(totals: Mapping[str, int] | None, failed: int) -> list[str]:
    """What is said before the sections: a manager's totals, and whether anybody is missing."""
    said = []
    if totals is not None:
        said.append(_("Listed are the customers without a sales rep, and your own."))
        said.append(
            _(
                "Of all customers: %(short)s short now or within 30 days, %(ending)s licenses "
                "ending within 90 days without a renewal, %(closing)s in grace or locked, "
                "%(waiting)s requests unanswered for more than 2 days."
            )
            % {key: grouped(totals.get(key, 0)) for key in SECTIONS}
        )
    if failed:
        said.append(
            ngettext(
                "%(count)d customer could not be looked at and is missing here. It is in the log.",
                "%(count)d customers could not be looked at and are missing here. "
                "They are in the log.",
                failed,
            )
            % {"count": failed}
        )
    return said


def sales_sections(piles: Mapping[str, Pile]) -> list[Section]:
    """The sections that have anything in them, each with the page of the desk that has all."""
    desk, requests = reverse("billing:sales-customers"), reverse("billing:sales-requests")
    told: list[tuple[str, str, Callable[[Any], Line], str]] = [
        (SHORT, _("Short now, or within 30 days"), short_line, reverse("billing:sales-short")),
        (
            ENDING,
            _("Ending within 90 days, not renewed"),
            ending_line,
            reverse("billing:sales-expiring"),
        ),
        (CLOSING, _("In grace, or locked"), closing_line, desk),
        (
            WAITING,
            _("Requests unanswered for more than 2 days"),
            waiting_line,
            f"{requests}?keep=open",
        ),
    ]
    return filled(
        Section(title, tuple(line(thing) for thing in piles[key].things), piles[key].count, path)
        for key, title, line, path in told
        if key in piles
    )


def short_line(short: Shortfall) -> Line:
    """Halden Energy, C-1001: 1,450 credits short from 1 Apr 2027, 00:00 UTC."""
    words = {"credits": grouped(short.credits), "at": both_clocks(short.at)}
    text = (
        _("%(credits)s credits short as of %(at)s")
        if short.is_now
        else _("%(credits)s credits short from %(at)s")
    )
    return Line(who(short.customer), text % words, desk_path(short.customer))


def ending_line(license: License) -> Line:
    """Halden Energy, C-1001: L-204 with 15,000 credits ends 31 Mar 2027, end of day UTC."""
    words = {
        "license": license.label,
        "credits": grouped(license.credits),
        "day": last_moment(license.ends_at),
    }
    text = _("%(license)s with %(credits)s credits, last day %(day)s") % words
    return Line(who(license.customer), text, desk_path(license.customer))


def closing_line(closing: Closing) -> Line:
    """Halden Energy, C-1001: in grace until ..., renewable until ..."""
    words = {"credits": grouped(closing.allocated), "ends": both_clocks(closing.ends_at)}
    if closing.kept_until is None:
        text = _("suspended by the marketplace since %(ends)s, holds %(credits)s credits") % words
        return Line(who(closing.customer), text, desk_path(closing.customer))
    words["until"] = both_clocks(closing.kept_until)
    text = (
        _(
            "locked since %(ends)s, holds %(credits)s credits, "
            "can be renewed at least until %(until)s"
        )
        if closing.is_locked
        else _(
            "in grace, access ends %(ends)s, holds %(credits)s credits, "
            "can be renewed at least until %(until)s"
        )
    )
    return Line(who(closing.customer), text % words, desk_path(closing.customer))


def waiting_line(row: CreditRequest) -> Line:
    """Halden Energy, C-1001: R-3 for 5,400 credits by 1 Jan 2027, asked 24 Nov 2026, 09:41 UTC."""
    words = {
        "number": row.label,
        "credits": grouped(row.credits),
        "day": date_text(row.needed_on, "j M Y"),
        "at": both_clocks(row.asked_at),
    }
    text = _("%(number)s for %(credits)s credits by %(day)s, asked %(at)s") % words
    path = reverse("billing:request-detail", args=[row.customer.slug, row.public_id])
    return Line(who(row.customer), text, path)


def desk_path(customer: Customer) -> str:
    """The sales desk, narrowed to one customer."""
    return f"{reverse('billing:sales-customers')}?{urlencode({'q': customer.label})}"
