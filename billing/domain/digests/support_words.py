"""The digest of the support desk in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.domain.digests.wording import Line, Section, filled, who
from billing.domain.notices.instants import both_clocks, day_text
from billing.models import LifeEvent
from credits.domain.mail import draft_mail
from credits.models import Balance, Customer, JobRun, OutgoingMail, UsageSource, User

MARKED_FOR = timedelta(days=1)
"""A mark is at least that old before anything is erased."""


def support_draft(person: User, found: Mapping[str, Any], as_of: datetime) -> OutgoingMail | None:
    """The mail to one person, in the person's zone, not written; None where nothing was found."""
    with timezone.override(person.time_zone), translation.override(person.locale):
        sections = support_sections(found)
        if not sections:
            return None
        opening = _("What waits at the support desk, as of %(at)s.")
        return draft_mail(
            key=f"support-digest/{as_of:%Y-%m-%d}/{person.public_id}",
            kind="support-digest",
            recipient=person,
            subject=support_subject(sections, as_of),
            template="billing/mail/digest",
            context={
                "opening": opening % {"at": both_clocks(as_of)},
                "sections": sections,
                "path": reverse("admin:index"),
                "link": _("Open the support desk"),
            },
        )


def support_subject(sections: Sequence[Section], as_of: datetime) -> str:
    """3 things to look at (30 Nov 2026), first: Parked customers."""
    count = sum(section.count for section in sections)
    text = ngettext(
        "%(count)d thing to look at (%(day)s), first: %(first)s",
        "%(count)d things to look at (%(day)s), first: %(first)s",
        count,
    )
    return text % {"count": count, "day": day_text(as_of), "first": sections[0].title}


def support_sections(found: Mapping[str, Any]) -> list[Section]:
    """What was found, kind by kind, each with the page that has all of it."""
    customers = reverse("admin:credits_customer_changelist")
    mails = reverse("admin:credits_outgoingmail_changelist")
    sources = reverse("admin:credits_usagesource_changelist")
    told: Mapping[str, tuple[str, Callable[[Any], Line], str]] = {
        "parked": (_("Parked customers"), parked_line, f"{customers}?state=parked"),
        "marked": (_("Customers marked for purge"), marked_line, customers),
        "silent": (_("Silent systems"), silent_line, sources),
        "mail": (_("Mail that did not go out for a day"), mail_line, f"{mails}?state=failed"),
        "slots": (_("Slots of jobs that failed"), slot_line, reverse("admin:jobs")),
    }
    sections = []
    for kind, broken in found.items():
        title, line, path = told[kind]
        lines = tuple(line(row) for row in broken.rows)
        sections.append(Section(title, lines, broken.count, path))
    return filled(sections)


def parked_line(row: Balance) -> Line:
    """Since when nobody may write in a customer's books."""
    since = row.parked_at
    text = _("parked since %(at)s") % {"at": both_clocks(since) if since else ""}
    return Line(who(row.customer), text, record_path(row.customer))


def marked_line(mark: LifeEvent) -> Line:
    """From when on a marked customer may be erased."""
    at = both_clocks(mark.recorded_at + MARKED_FOR)
    text = _("marked for purge, erased from %(at)s on") % {"at": at}
    return Line(who(mark.customer), text, record_path(mark.customer))


def silent_line(row: UsageSource) -> Line:
    """Since when a system has been silent for longer than is expected of it."""
    words = {
        "name": row.name,
        "group": row.group.name,
        "at": both_clocks(row.stale_since),  # type: ignore[attr-defined]
    }
    text = _("%(name)s, which reports %(group)s, silent for too long since %(at)s") % words
    return Line(who(row.customer), text, reverse("admin:credits_usagesource_change", args=[row.pk]))


def mail_line(row: OutgoingMail) -> Line:
    """What a mail was about, to whom, and why it did not go out."""
    words = {"to": row.to, "at": both_clocks(row.created_at), "problem": row.problem}
    text = _("to %(to)s, written %(at)s, failed: %(problem)s") % words
    return Line(row.subject, text, reverse("admin:credits_outgoingmail_change", args=[row.pk]))


def slot_line(run: JobRun) -> Line:
    """Which window of a job failed, and why."""
    words = {"at": both_clocks(run.slot), "problem": run.problem}
    return Line(run.job, _("slot %(at)s failed: %(problem)s") % words, reverse("admin:jobs"))


def record_path(customer: Customer) -> str:
    """A customer's record at the support desk."""
    return reverse("admin:credits_customer_change", args=[customer.pk])
