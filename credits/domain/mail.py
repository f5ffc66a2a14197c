"""The outbox: mail is written with its cause, and sent afterwards by the relay.

A mail is a row in the transaction of what it tells about, so that neither exists without the
other. The relay claims one row at a time, sends it outside of every transaction, and marks it: a
mail that was sent and not marked, because the process died between, goes out once more, with the
same Message-ID. None is lost.
"""

from __future__ import annotations

import logging
import re
import textwrap
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parseaddr
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string

from credits import clock
from credits.domain.links import set_password_url
from credits.models import Customer, Operation, OutgoingMail, User

logger = logging.getLogger(__name__)

LINK = "{set-password-link}"
"""Stands in a row where the mail has the link; made while sending, for the recipient alone."""

WITH_LINK = frozenset({"invitation", "password-reset"})
"""The kinds of mail that carry the link; in any other the words stay what they are."""

LANES = (Q(kind__in=WITH_LINK), Q())
"""Who waits before a screen for a link comes before all who will read it some time today."""

AT_ONCE = 500
"""Mails of one run; the next begins within a minute."""

LEASE = timedelta(minutes=20)
"""A claimed row is tried again after this: longer than any run of the relay can last."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
PROBLEM_LENGTH = 200

LINE_LENGTH = 76
"""Signs of a line of plain text."""

OF_THIS_MAIL_ALONE = (SMTPRecipientsRefused, SMTPDataError, ValueError)
"""Failures after which the server may well take the next mail."""


def draft_mail(
    *,
    key: str,
    kind: str,
    recipient: User,
    subject: str,
    template: str,
    context: Mapping[str, Any],
    customer: Customer | None = None,
    operation: Operation | None = None,
    due_at: datetime | None = None,
    calendar: str = "",
) -> OutgoingMail:
    """A mail as it would be written: in words, and in no table.

    `template` names a pair of templates without their endings, .txt and .html. In a kind of mail
    that carries a link, `link` of their context becomes the recipient's own while sending.
    `calendar` is the text of a calendar file that goes with it.
    """
    now = clock.now()
    told = {"link": LINK, "recipient": recipient, "portal": settings.PORTAL_URL, **context}
    return OutgoingMail(
        key=key,
        kind=kind,
        recipient=recipient,
        to=recipient.email,
        subject=" ".join(subject.split())[:200],
        text=tidy(render_to_string(f"{template}.txt", told)),
        html=tidy(render_to_string(f"{template}.html", told)),
        calendar=calendar,
        customer=customer,
        operation=operation,
        created_at=now,
        due_at=due_at or now,
    )


def save_mail(mail: OutgoingMail) -> None:
    """Write a drafted mail in the caller's transaction; a second one of its key is none."""
    # ON CONFLICT DO NOTHING: two who write the same mail at once wait for each other, and one does.
    OutgoingMail.objects.bulk_create([mail], ignore_conflicts=True)


def tidy(text: str) -> str:
    """A mail's text without the empty lines that a template's tags leave behind."""
    return re.sub(r"\n{3,}", "\n\n", text.strip()) + "\n"


def wrapped(text: str) -> str:
    """A mail's text in lines that are read without scrolling; an address is never broken."""
    lines = []
    for line in text.split("\n"):
        margin = "  " if line.startswith("- ") else ""
        lines += textwrap.wrap(
            line,
            LINE_LENGTH,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return "\n".join(lines)


def relay(now: datetime) -> int:
    """Send the mails that are due at `now`; answers with how many went out.

    Any number of relays may run at once: each row is claimed by one. A failure is kept with the
    row, which waits longer after each; a server that does not answer ends the run.
    """
    sent, lanes = 0, list(LANES)
    for _ in range(AT_ONCE):
        mail = next_mail(now, lanes)
        if mail is None:
            break
        try:
            message_of(mail).send()
        except Exception as error:  # noqa: BLE001 - whatever it was, the row must say so and wait.
            put_off(mail, error, now)
            if not isinstance(error, OF_THIS_MAIL_ALONE):
                break
        else:
            OutgoingMail.objects.filter(pk=mail.pk).update(sent_at=now, problem="")
            sent += 1
    return sent


def next_mail(now: datetime, lanes: list[Q]) -> OutgoingMail | None:
    """Claim the next mail of the first lane that has one; a lane that is empty is left out."""
    while lanes:
        mail = claim(now, lanes[0])
        if mail is not None:
            return mail
        del lanes[0]
    return None


def claim(now: datetime, lane: Q) -> OutgoingMail | None:
    """The mail of a lane that has been due for longest, kept from every other relay for a run.

    Rows that another relay is just claiming are skipped. The lock ends with this transaction:
    nothing is locked while the mail server is talked to.
    """
    due = OutgoingMail.objects.filter(lane, sent_at__isnull=True, due_at__lte=now)
    with transaction.atomic():
        free = due.select_for_update(skip_locked=True, of=("self",))
        mail = free.select_related("recipient").order_by("due_at", "pk").first()
        if mail is not None:
            mail.attempts += 1
            OutgoingMail.objects.filter(pk=mail.pk).update(
                attempts=mail.attempts, due_at=now + LEASE
            )
    return mail


def put_off(mail: OutgoingMail, error: Exception, now: datetime) -> None:
    """Keep why a mail did not go out, and when it is tried again."""
    failure = type(error).__name__
    logger.warning("mail_failed mail=%d attempts=%d failure=%s", mail.pk, mail.attempts, failure)
    OutgoingMail.objects.filter(pk=mail.pk).update(
        due_at=now + pause_after(mail.attempts), problem=problem_of(error)
    )


def pause_after(attempts: int) -> timedelta:
    """How long a mail waits after so many failures: 1, 2, 4 minutes and so on, up to 6 hours."""
    doublings = min(max(attempts - 1, 0), 10)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def problem_of(error: Exception) -> str:
    """A failure in one short line without the mail's text or any password."""
    said = str(error) if isinstance(error, SMTPException | OSError | ValueError) else ""
    line = "".join(sign if sign.isprintable() else " " for sign in f"{type(error).__name__} {said}")
    return " ".join(line.split())[:PROBLEM_LENGTH]


def message_of(mail: OutgoingMail) -> EmailMultiAlternatives:
    """The mail as it goes out; the same row gives the same Message-ID each time.

    Raises ValueError if it carries a link for an account that is gone or locked.
    """
    text, html = mail.text, mail.html
    if mail.kind in WITH_LINK:
        if mail.recipient is None or not mail.recipient.is_active:
            raise ValueError("The account is gone or locked, so there is no link to send.")
        link = set_password_url(mail.recipient)
        text, html = text.replace(LINK, link), html.replace(LINK, link)
    text = wrapped(text)
    headers = {"Message-ID": message_id(mail.public_id), "Auto-Submitted": "auto-generated"}
    message = EmailMultiAlternatives(mail.subject, text, to=[mail.to], headers=headers)
    if html:
        message.attach_alternative(html, "text/html")
    if mail.calendar:
        message.attach("dates.ics", mail.calendar, "text/calendar")
    return message


def message_id(public_id: uuid.UUID) -> str:
    """The Message-ID of a row, under the domain that the portal's mail comes from."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{public_id}@{domain}>"
