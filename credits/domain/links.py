"""The link by which a person sets the first password."""

from __future__ import annotations

from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from credits.models import User


def set_password_parts(user: User) -> dict[str, str]:
    """What the set-password address is made of: works once, for a limited time."""
    return {
        "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
        "token": default_token_generator.make_token(user),
    }
