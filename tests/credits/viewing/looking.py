"""Support that looks as a member, through the support desk as a person would start it."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from credits.models import Customer, User
from tests.admin.pages import key_of

WHY = "Ticket 4711: a figure she does not see"


def form_url(customer: Customer) -> str:
    """The form at the support desk that starts a viewing."""
    return reverse("admin:credits_customer_view-as", args=[customer.pk])


def start(client: Client, customer: Customer, member: User, reason: str = WHY) -> Any:
    """Send the form that starts a viewing."""
    url = form_url(customer)
    sent = {"form_key": key_of(client, url), "member": str(member.public_id), "reason": reason}
    return client.post(url, sent)


def looks(client: Client, customer: Customer, member: User) -> Client:
    """The client, which looks as the member from now on."""
    answer = start(client, customer, member)
    assert answer.status_code == 303, answer.content.decode()
    assert answer["Location"] == page(customer)
    return client


def page(customer: Customer, name: str = "billing:annual-credits") -> str:
    """A page of the customer."""
    return reverse(name, kwargs={"slug": customer.slug})


def is_bannered(response: Any) -> bool:
    """Whether a page says that it is looked at as a member."""
    return b'class="viewing"' in response.content
