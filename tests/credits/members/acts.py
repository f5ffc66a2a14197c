"""What the tests of members and settings do and look up."""

from __future__ import annotations

from typing import Any

from django.test import Client

from credits.models import Customer, Membership, Operation, User
from tests.credits.views.pages import HTMX, form

OTHER = "mira@example.org"


def send(client: Client, url: str, action: str = "", *, htmx: bool = False, **typed: Any) -> Any:
    """Open a page and send its form, with what was typed."""
    sent = form(client.get(url), action=action or url)
    fields: dict[str, Any] = {"form_key": sent.fields["form_key"], **typed}
    return client.post(url, fields, headers=HTMX if htmx else {})


def member_url(customer: Customer, user: User) -> str:
    return f"/c/{customer.slug}/members/{user.public_id}/"


def role_of(customer: Customer, user: User) -> str | None:
    """The role of a person, None for who is no member."""
    own = Membership.objects.filter(customer=customer, user=user)
    return own.values_list("role", flat=True).first()


def operations(customer: Customer) -> list[str]:
    """The kinds of what was done, in order."""
    own = Operation.objects.filter(customer=customer).order_by("position")
    return list(own.values_list("kind", flat=True))
