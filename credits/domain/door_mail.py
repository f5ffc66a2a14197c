"""The mails of the door: a link to set a password, and a warning to the owner of an account."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from credits.domain.links import portal_url
from credits.domain.mail import draft_mail
from credits.models import OutgoingMail, User

MINUTE = timedelta(minutes=1)


def reset_mail(user: User, key: str) -> OutgoingMail:
    """The mail with the link to set a new password, not written yet."""
    return draft_mail(
        key=key,
        kind="password-reset",
        recipient=user,
        subject=_("Set a new password"),
        template="credits/mail/password_reset",
        context={"days": settings.PASSWORD_RESET_TIMEOUT // 86_400},
    )


def delay_mail(user: User, key: str, until: datetime) -> OutgoingMail:
    """The mail that tells an owner that tries at the account wait, not written yet."""
    return draft_mail(
        key=key,
        kind="log-in-delayed",
        recipient=user,
        subject=_("Log-ins to your account are delayed"),
        template="credits/mail/log_in_delayed",
        context={
            "until": moment(until),
            "minutes": settings.DOOR_WINDOW_MINUTES,
            "forgot_url": portal_url(reverse("credits:forgot-password")),
        },
    )


def moment(at: datetime) -> str:
    """An instant to the full minute after it, so that a try then is surely looked at."""
    return f"{at + MINUTE - timedelta(microseconds=1):%H:%M} UTC"
