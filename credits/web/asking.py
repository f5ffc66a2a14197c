"""How a page asks the writer: a key minted with the form, the person, the confirmation."""

from __future__ import annotations

import secrets
from typing import cast

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest

from credits.domain.commands import Asked
from credits.exceptions import InvalidCommand
from credits.models import User

FIELD = "form_key"
CONFIRMED = "confirmed_shortfall"
MAX_DIGITS = 18


def mint_key(request: HttpRequest, form: str) -> str:
    """A new key for a form that is rendered for the first time, bound to person and form.

    It survives validation errors and repeats of the same request; only a definite success or
    refusal leads to a page with a new one (docs/rules.md, repeats).
    """
    return _signer(request, form).sign(secrets.token_urlsafe(18))


def form_key(request: HttpRequest, form: str) -> str:
    """The key to render a form with: the one it was sent with, else a new one."""
    return request.POST.get(FIELD) or mint_key(request, form)


def asked(
    request: HttpRequest, form: str, *, reason: str = "", confirmed_shortfall: int | None = None
) -> Asked:
    """Who asks, and under which key. Raises InvalidCommand if the key is not this form's own."""
    try:
        key = _signer(request, form).unsign(request.POST.get(FIELD, ""))
    except BadSignature:
        raise InvalidCommand(
            "This form was made for another page or person. Open it again and send it from there."
        ) from None
    return Asked(
        source="portal",
        key=key,
        actor=cast(User, request.user),
        reason=reason.strip(),
        confirmed_shortfall=confirmed_shortfall,
    )


def confirmed_shortfall(request: HttpRequest) -> int | None:
    """The shortfall a person has confirmed with this form (credits), if any."""
    text = request.POST.get(CONFIRMED, "")
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        return None
    return int(text)


def _signer(request: HttpRequest, form: str) -> Signer:
    return Signer(salt=f"credits.form/{request.user.pk}/{form}")
