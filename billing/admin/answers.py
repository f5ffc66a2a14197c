"""Why is this number so: from a record of the support desk to the portal's own answers."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from credits.admin.links import person_of
from credits.admin.records import Chapter, add_chapter
from credits.domain.access import access_to
from credits.models import Customer, License

ANSWERS = (
    ("Which rows make its balance?", "billing:explain", "Every row behind it"),
    ("What does the customer see now?", "billing:annual-credits", "Annual credits"),
    ("What did it see then?", "billing:time-machine", "Time machine"),
    ("What is known ahead?", "billing:forecast", "Forecast"),
    ("Who did what?", "credits:activity", "Activity"),
)
"""A question, the portal's page that answers it, and that page's name."""


def customer_answers(request: HttpRequest, customer: Customer) -> Chapter:
    """The pages that answer what customers ask; for those who may open them."""
    may_open = access_to(person_of(request), customer.slug) is not None
    return Chapter(
        title="Why is this number so?",
        columns=("Question", "Page of the portal"),
        rows=[
            (question, page_link(name, customer, title))
            for question, name, title in ANSWERS
            if may_open
        ],
        empty="You may not open the portal's pages of this customer.",
    )


def license_answers(request: HttpRequest, license: License) -> Chapter:
    """The rows of one license's figure."""
    may_open = access_to(person_of(request), license.customer.slug) is not None
    place = reverse("billing:explain", kwargs={"slug": license.customer.slug})
    link = format_html('<a href="{}?license={}">Every row behind it</a>', place, license.public_id)
    return Chapter(
        title="Why is this number so?",
        columns=("Question", "Page of the portal"),
        rows=[("Which rows make its credits?", link)] if may_open else [],
        empty="You may not open the portal's pages of this customer.",
    )


def page_link(name: str, customer: Customer, title: str) -> str:
    """A link to a page of a customer in the portal."""
    return format_html('<a href="{}">{}</a>', reverse(name, kwargs={"slug": customer.slug}), title)


add_chapter(Customer, 12, customer_answers)
add_chapter(License, 30, license_answers)
