"""The link by which a person sets a password."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from credits.models import User


def set_password_parts(user: User) -> dict[str, str]:
    """What the set-password address is made of: works once, for a limited time."""
    return {
        "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
        "token": default_token_generator.make_token(user),
    }


def set_password_url(user: User) -> str:
    """The whole address at which a person sets a password, for mail."""
    return portal_url(reverse("credits:set-password", kwargs=set_password_parts(user)))


def portal_url(path: str) -> str:
    """A path as people outside the portal open it; never by the host that a request named."""
    return f"{settings.PORTAL_URL}{path}"


def holder_of(user: User, token: str) -> User | None:
    """The person a link still works for, locked until the transaction ends; None if it does not.

    Of two who send the same link at once, one finds it used.
    """
    fresh = User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True).first()
    if fresh is None or not default_token_generator.check_token(fresh, token):
        return None
    return fresh
