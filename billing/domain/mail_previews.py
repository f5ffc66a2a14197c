"""How the mail of billing is previewed: requests, notices and digests of a real customer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy

from billing.domain.digests.sales import sales_mail
from billing.domain.digests.support import support_mail
from billing.domain.marketplaces.alarm import late_mail, waiting
from billing.domain.notices.samples import sample
from billing.domain.notices.telling import mail_of
from billing.domain.order_mail import refused_mail, second_look_mail
from billing.domain.request_lists import cause_text, requests_of
from billing.domain.request_mail import answered_mail, asked_mail, purchased_mail
from billing.models import NoticeKind, PurchaseDraft
from credits.domain.mail import draft_mail
from credits.domain.mail_previews import Audience, Draft, Preview
from credits.models import Customer, Operation, OutgoingMail, User


def preview_asked(customer: Customer, person: User, as_of: datetime) -> OutgoingMail | None:
    """The mail to sales about a customer's newest request."""
    found = requests_of(customer).first()
    return asked_mail(found, person, cause_text(found), note_of(found.operation)) if found else None


def preview_answered(customer: Customer, person: User, as_of: datetime) -> OutgoingMail | None:
    """The mail about the newest answer of sales."""
    found = requests_of(customer).filter(answer__isnull=False).first()
    if found is None or found.answer is None:
        return None
    return answered_mail(found, found.answer, person, note_of(found.answer))


def preview_purchased(customer: Customer, person: User, as_of: datetime) -> OutgoingMail | None:
    """The mail about the newest purchase that settled a request."""
    found = requests_of(customer).filter(purchase__isnull=False).first()
    if found is None or found.purchase is None:
        return None
    return purchased_mail(found, found.purchase, person)


def preview_submitted(customer: Customer, person: User, as_of: datetime) -> OutgoingMail | None:
    """The mail that asks for a second look at the newest order that was submitted."""
    sent = PurchaseDraft.objects.filter(customer=customer, submission__isnull=False)
    found = sent.select_related("customer", "submission__actor").first()
    if found is None or found.submission is None:
        return None
    return second_look_mail(found, found.submission, person)


def preview_refused(customer: Customer, person: User, as_of: datetime) -> OutgoingMail | None:
    """The mail about the newest order that was sent back."""
    back = PurchaseDraft.objects.filter(customer=customer, refusal__isnull=False)
    found = back.select_related("customer", "refusal__actor").first()
    if found is None or found.refusal is None:
        return None
    return refused_mail(found, found.refusal, person, note_of(found.refusal))


def note_of(operation: Operation) -> str:
    """What was said with an operation; nothing once it was erased."""
    note = getattr(operation, "note", None)
    return note.text if note else ""


def preview_notice(kind: NoticeKind) -> Draft:
    """How a notice is drafted from a customer's own licenses and figures."""

    def draft(customer: Customer, person: User, as_of: datetime) -> OutgoingMail | None:
        notice = sample(kind, customer, as_of)
        return draft_mail(**mail_of(notice, person)) if notice else None

    return draft


def preview_sales(customer: Customer, person: User, as_of: datetime) -> OutgoingMail | None:
    """What a person of sales would be told of all their customers, not of one alone."""
    return sales_mail(person, as_of)


def preview_support(customer: Customer, person: User, as_of: datetime) -> OutgoingMail | None:
    """What a person of the support desk would be told today, of all customers."""
    return support_mail(person, as_of)


def preview_late(customer: Customer, person: User, as_of: datetime) -> OutgoingMail | None:
    """What support and operators are told of marketplaces today, of all customers."""
    found = waiting(as_of)
    return late_mail(found, person, as_of) if found.is_something else None


PREVIEWS: Mapping[str, Preview] = {
    "request-asked": Preview(gettext_lazy("Credits are asked for"), preview_asked, Audience.SALES),
    "request-answered": Preview(gettext_lazy("A request is answered"), preview_answered),
    "request-purchased": Preview(gettext_lazy("A request is purchased"), preview_purchased),
    "order-submitted": Preview(
        gettext_lazy("An order waits for a second look"), preview_submitted, Audience.SALES
    ),
    "order-refused": Preview(
        gettext_lazy("An order was sent back"), preview_refused, Audience.SALES
    ),
    **{kind.value: Preview(kind.label, preview_notice(kind)) for kind in NoticeKind},
    "sales-digest": Preview(gettext_lazy("Weekly digest of sales"), preview_sales, Audience.SALES),
    "support-digest": Preview(
        gettext_lazy("Daily digest of support and operators"), preview_support, Audience.DESK
    ),
    "marketplaces-late": Preview(
        gettext_lazy("Marketplaces: something waits for too long"), preview_late, Audience.DESK
    ),
}
