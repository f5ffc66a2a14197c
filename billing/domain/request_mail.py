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
from credits.domain.mail import write_mail
from credits.domain.members import recipients_of
from credits.models import License, Membership, Operation, User


def tell_sales(made: CreditRequest, cause: str, words: str) -> None:
    """Tell sales that a customer asks for credits, why, and where it is answered."""
    for person in sales_contacts(made.customer):
        write(
            made,
            made.operation,
            person,
            kind="request-asked",
            subject=_("%(customer)s asks for %(credits)s credits"),
            told={"cause": cause, "words": words},
        )


def tell_answer(found: CreditRequest, answer: Operation, words: str) -> None:
    """Tell who asked what sales has answered."""
    for person in askers(found):
        write(
            found,
            answer,
            person,
            kind="request-answered",
            subject=_("Request %(number)s for %(credits)s credits is answered"),
            told={"words": words, "answered_by": answer.actor},
        )


def tell_purchase(found: CreditRequest, purchase: Purchase) -> None:
    """Tell who asked that a purchase was entered for the request; no price is named."""
    path = reverse("billing:purchase-detail", args=[found.customer.slug, purchase.public_id])
    licenses = [lot_text(line.license) for line in purchase.lines.select_related("license")]
    for person in askers(found):
        write(
            found,
            purchase.operation,
            person,
            kind="request-purchased",
            subject=_("Request %(number)s for %(credits)s credits is purchased"),
            told={
                "order": purchase.order_number,
                "order_url": portal_url(path),
                "licenses": licenses,
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


def write(
    row: CreditRequest,
    operation: Operation,
    person: User,
    *,
    kind: str,
    subject: str,
    told: Mapping[str, Any],
) -> None:
    """One mail about a request, once per operation and person."""
    path = reverse("billing:request-detail", args=[row.customer.slug, row.public_id])
    words = {
        "customer": row.customer.name,
        "number": row.label,
        "credits": f"{row.credits:,}",
    }
    write_mail(
        key=f"{kind}/{operation.public_id}/{person.public_id}",
        kind=kind,
        recipient=person,
        customer=row.customer,
        operation=operation,
        subject=subject % words,
        template=f"billing/mail/{kind}",
        context={"row": row, "customer": row.customer, "url": portal_url(path), **told},
    )
