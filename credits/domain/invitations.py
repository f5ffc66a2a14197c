"""The mail that tells a person of a membership, written with it."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from credits.domain.commands import Asked, digest
from credits.domain.links import portal_url
from credits.domain.mail import draft_mail, save_mail
from credits.models import Customer, OutgoingMail, Role, User

INVITATIONS = ("invitation", "membership")
"""The kinds of mail that tell of a membership: with the link to set a password, and without."""


def invite_by_mail(person: User, customer: Customer, role: str, asked: Asked) -> None:
    """Tell a person of a membership; who has no password yet gets the link to set one."""
    if not person.is_active:
        return
    kind = "membership" if person.has_usable_password() else "invitation"
    key = f"{kind}/{digest(asked.source, asked.key)}"
    save_mail(membership_mail(kind, key, person, customer, role, asked.actor))


def membership_mail(
    kind: str, key: str, person: User, customer: Customer, role: str, invited_by: User | None
) -> OutgoingMail:
    """One of the two mails that tell of a membership, not written yet."""
    return draft_mail(
        key=key,
        kind=kind,
        recipient=person,
        customer=customer,
        subject=_("Your way into the credits of %(customer)s") % {"customer": customer.name},
        template=f"credits/mail/{kind}",
        context={
            "customer": customer,
            "role": Role(role).label.lower(),
            "invited_by": invited_by,
            "days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
            "forgot_url": portal_url(reverse("credits:forgot-password")),
        },
    )
