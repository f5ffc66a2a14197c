"""Mail about credit requests, written in the transaction of what it tells about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.models import CreditRequest, Purchase
from credits.domain.activity_words import day_text, last_day_text
from credits.domain.contacts import sales_contacts
from credits.domain.links import portal_url
from credits.domain.mail import draft_mail, save_mail
from credits.domain.members import recipients_of
from credits.models import License, Membership, Operation, OutgoingMail, User


def tell_sales(made: CreditRequest, cause: str, words: str) -> None:
    """Tell sales that a customer asks for credits, why, and where it is answered."""
    for person in sales_contacts(made.customer):
        save_mail(asked_mail(made, person, cause, words))


def tell_answer(found: CreditRequest, answer: Operation, words: str) -> None:
    """Tell who asked what sales has answered."""
    for person in askers(found):
        save_mail(answered_mail(found, answer, person, words))


def tell_purchase(found: CreditRequest, purchase: Purchase) -> None:
    """Tell who asked that a purchase was entered for the request."""
    for person in askers(found):
        save_mail(purchased_mail(found, purchase, person))


def asked_mail(made: CreditRequest, person: User, cause: str, words: str) -> OutgoingMail:
    """The mail to sales about a request, not written yet."""
    return draft(
        made,
        made.operation,
        person,
        kind="request-asked",
        subject=_("%(customer)s asks for %(credits)s credits"),
        told={"cause": cause, "words": words},
    )


def answered_mail(
    found: CreditRequest, answer: Operation, person: User, words: str
) -> OutgoingMail:
    """The mail to who asked about the answer, not written yet."""
    return draft(
        found,
        answer,
        person,
        kind="request-answered",
        subject=_("Request %(number)s for %(credits)s credits is answered"),
        told={"words": words, "answered_by": answer.actor},
    )


def purchased_mail(found: CreditRequest, purchase: Purchase, person: User) -> OutgoingMail:
    """The mail to who asked about the purchase, not written yet; no price is named."""
    path = reverse("billing:purchase-detail", args=[found.customer.slug, purchase.public_id])
    lines = purchase.lines.select_related("license")
    return draft(
        found,
        purchase.operation,
        person,
        kind="request-purchased",
        subject=_("Request %(number)s for %(credits)s credits is purchased"),
        told={
            "order": purchase.order_number,
            "order_url": portal_url(path),
            "licenses": [lot_text(line.license) for line in lines],
        },
    )


def lot_text(license: License) -> str:
    """L-204: 15,000 credits, 1 Apr 2026 until 31 Mar 2027, end of day UTC."""
    return _("%(label)s: %(credits)s credits, %(first)s until %(last)s, end of day UTC") % {
        "label": license.label,
        "credits": f"{license.credits:,}",
        "first": day_text(license.starts_at),
        "last": last_day_text(license.ends_at),
    }


def askers(found: CreditRequest) -> list[User]:
    """Who asked, as long as a member who can log in; else those who get the customer's notices."""
    asked_by = found.asked_by
    if asked_by is not None and asked_by.is_active:
        own = Membership.objects.filter(customer=found.customer, user=asked_by)
        if own.exists():
            return [asked_by]
    return recipients_of(found.customer)


def draft(
    row: CreditRequest,
    operation: Operation,
    person: User,
    *,
    kind: str,
    subject: str,
    told: Mapping[str, Any],
) -> OutgoingMail:
    """One mail about a request, once per operation and person; not written yet."""
    path = reverse("billing:request-detail", args=[row.customer.slug, row.public_id])
    words = {
        "customer": row.customer.name,
        "number": row.label,
        "credits": f"{row.credits:,}",
    }
    return draft_mail(
        key=f"{kind}/{operation.public_id}/{person.public_id}",
        kind=kind,
        recipient=person,
        customer=row.customer,
        operation=operation,
        subject=subject % words,
        template=f"billing/mail/{kind}",
        context={"row": row, "customer": row.customer, "url": portal_url(path), **told},
    )
