"""Mail about orders that wait for a second look, written in the transaction it tells about."""

from __future__ import annotations

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.models import PurchaseDraft
from credits.domain.links import portal_url
from credits.domain.mail import draft_mail, save_mail
from credits.models import Operation, OutgoingMail, User
from credits.roles import StaffRole


def tell_second_look(found: PurchaseDraft) -> None:
    """Tell everybody else who may confirm the order that it waits."""
    if found.submission is not None:
        for person in second_pairs(found, found.submission.actor):
            save_mail(second_look_mail(found, found.submission, person))


def tell_refused(found: PurchaseDraft, reason: str) -> None:
    """Tell who submitted an order that it was sent back, and why."""
    submitted_by = found.submission.actor if found.submission else None
    if found.refusal is not None and submitted_by is not None and submitted_by.is_active:
        save_mail(refused_mail(found, found.refusal, submitted_by, reason))


def second_pairs(found: PurchaseDraft, submitted_by: User | None) -> list[User]:
    """The sales managers and the customer's other reps."""
    manages = Q(groups__name=StaffRole.SALES_MANAGER)
    assigned = Q(groups__name=StaffRole.SALES_REP, assignments__customer=found.customer)
    people = User.objects.filter(manages | assigned, is_active=True)
    if submitted_by is not None:
        people = people.exclude(pk=submitted_by.pk)
    return list(people.distinct().order_by("name", "email"))


def second_look_mail(found: PurchaseDraft, submission: Operation, person: User) -> OutgoingMail:
    """The mail that asks for a second look, not written yet; no price is named."""
    return draft(
        found,
        submission,
        person,
        kind="order-submitted",
        subject=_("An order of %(credits)s credits for %(customer)s waits for a second look"),
    )


def refused_mail(
    found: PurchaseDraft, refusal: Operation, person: User, reason: str
) -> OutgoingMail:
    """The mail to who submitted an order that was sent back, not written yet."""
    return draft(
        found,
        refusal,
        person,
        kind="order-refused",
        subject=_("Your order of %(credits)s credits for %(customer)s was sent back"),
        reason=reason,
    )


def draft(
    found: PurchaseDraft,
    operation: Operation,
    person: User,
    *,
    kind: str,
    subject: str,
    reason: str = "",
) -> OutgoingMail:
    """One mail about an order, once per operation and person; not written yet."""
    path = reverse("billing:order-draft", args=[found.customer.slug, found.public_id])
    words = {"customer": found.customer.name, "credits": f"{found.credits or 0:,}"}
    return draft_mail(
        key=f"{kind}/{operation.public_id}/{person.public_id}",
        kind=kind,
        recipient=person,
        customer=found.customer,
        operation=operation,
        subject=subject % words,
        template=f"billing/mail/{kind}",
        context={
            "row": found,
            "customer": found.customer,
            "url": portal_url(path),
            "reason": reason,
            "by": operation.actor,
        },
    )
