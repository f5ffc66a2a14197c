"""What the commands about people share: the way to ask, and to say what came of it."""

from __future__ import annotations

import uuid

from django.core.management.base import CommandError
from django.urls import reverse

from credits.domain.commands import Answer, Asked
from credits.domain.links import set_password_parts
from credits.models import Customer, User


def asked_by_command() -> Asked:
    """An act asked on the command line, under its own key."""
    return Asked(source="command", key=uuid.uuid4().hex)


def customer_by_slug(slug: str) -> Customer:
    """The customer of a slug. Raises CommandError with a sentence if there is none."""
    customer = Customer.objects.filter(slug=slug).first()
    if customer is None:
        raise CommandError(f"There is no customer {slug!r}.")
    return customer


def told(answer: Answer) -> str:
    """What to tell the person: the link to set a password where the account has none."""
    user = User.objects.get(public_id=answer.data["user"])
    if user.has_usable_password():
        return f"{user.email} has a password and can log in."
    link = reverse("credits:set-password", kwargs=set_password_parts(user))
    return f"{user.email} sets a password at {link}"
