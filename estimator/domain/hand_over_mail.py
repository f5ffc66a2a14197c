"""Mail about estimates that are handed over, written in the transaction of what it tells about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.domain.request_mail import lot_text
from billing.models import Purchase
from credits.domain.contacts import sales_contacts
from credits.domain.links import portal_url
from credits.domain.mail import draft_mail, save_mail
from credits.domain.members import recipients_of
from credits.models import Membership, Operation, OutgoingMail, User
from estimator.models import HandOver


def tell_sales(found: HandOver) -> None:
    """Tell sales that an estimate waits, what is to be bought, and where it is confirmed."""
    for person in sales_contacts(found.estimate.customer):
        save_mail(handed_mail(found, person))


def tell_purchase(found: HandOver, purchase: Purchase) -> None:
    """Tell who handed an estimate over that it became a purchase."""
    for person in handers(found):
        save_mail(purchased_mail(found, purchase, person))


def handed_mail(found: HandOver, person: User) -> OutgoingMail:
    """The mail to sales about an estimate, not written yet."""
    return draft(
        found,
        found.operation,
        person,
        kind="estimate-handed-over",
        subject=_("%(customer)s hands over estimate %(number)s: %(credits)s credits"),
        page="estimator:estimate-order",
        told={},
    )


def purchased_mail(found: HandOver, purchase: Purchase, person: User) -> OutgoingMail:
    """The mail to who handed it over about the purchase, not written yet; no price is named."""
    customer = found.estimate.customer
    order_page = reverse("billing:purchase-detail", args=[customer.slug, purchase.public_id])
    lines = purchase.lines.select_related("license")
    return draft(
        found,
        purchase.operation,
        person,
        kind="estimate-purchased",
        subject=_("Estimate %(number)s is purchased: %(credits)s credits"),
        page="estimator:estimate-edit",
        told={
            "order": purchase.order_number,
            "order_url": portal_url(order_page),
            "licenses": [lot_text(line.license) for line in lines],
        },
    )


def handers(found: HandOver) -> list[User]:
    """Who handed it over, as long as a member who can log in; else those who get the notices."""
    person, customer = found.handed_by, found.estimate.customer
    if person.is_active and Membership.objects.filter(customer=customer, user=person).exists():
        return [person]
    return recipients_of(customer)


def draft(
    found: HandOver,
    operation: Operation,
    person: User,
    *,
    kind: str,
    subject: str,
    page: str,
    told: Mapping[str, Any],
) -> OutgoingMail:
    """One mail about a hand-over, once per operation and person; not written yet."""
    estimate, customer = found.estimate, found.estimate.customer
    words = {
        "customer": customer.name,
        "number": estimate.label,
        "credits": f"{found.credits:,}",
    }
    path = reverse(page, args=[customer.slug, estimate.public_id])
    return draft_mail(
        key=f"{kind}/{operation.public_id}/{person.public_id}",
        kind=kind,
        recipient=person,
        customer=customer,
        operation=operation,
        subject=subject % words,
        template=f"estimator/mail/{kind}",
        context={"found": found, "customer": customer, "url": portal_url(path), **told},
    )
