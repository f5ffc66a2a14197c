"""How records name each other: links, and the words people search with."""

from __future__ import annotations

import re
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode

from credits.models import Customer, User
from credits.templatetags.figures import NOTHING

NUMBER = re.compile(r"([CLR])-?([0-9]{1,9})", re.IGNORECASE)


def person_of(request: HttpRequest) -> User:
    """Who asks. The site lets nobody in who is not logged in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def record_url(record: Model) -> str:
    """The page of a record in the admin."""
    name = f"admin:{record._meta.app_label}_{record._meta.model_name}_change"
    return reverse(name, args=(record.pk,))


def record_link(record: Model | None, text: object = None) -> str:
    """A link to a record's page, or a dash where there is none."""
    if record is None:
        return NOTHING
    shown = str(record) if text is None else text
    return format_html('<a href="{}">{}</a>', record_url(record), shown)


def list_url(model: type[Model], **narrowed: str | int) -> str:
    """The list of a model, narrowed by fields."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{urlencode(narrowed)}" if narrowed else address


def add_url(model: type[Model], **given: str | int) -> str:
    """The form that makes such a record, with what is known filled in."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
    return f"{address}?{urlencode(given)}"


def portal_tool(customer: Customer) -> tuple[str, str]:
    """The way to a customer's own page in the portal."""
    return (
        resolve_url(settings.CUSTOMER_HOME, slug=customer.slug),
        f"{customer.name} in the portal",
    )


def number_in(word: str, letter: str) -> int | None:
    """The number of a customer (C-1001), license (L-204) or request (R-3), if the word is one."""
    found = NUMBER.fullmatch(word)
    if found is None or found[1].upper() != letter:
        return None
    return int(found[2])


def amount_in(word: str) -> int | None:
    """The whole number that a word is, with or without separators: 52000, 52,000."""
    digits = word.replace(",", "").replace("'", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 15 else None


def uuid_in(word: str) -> UUID | None:
    """The public id that a word is, if it is one."""
    try:
        return UUID(word) if len(word) == 36 else None
    except ValueError:
        return None


def customers_called(word: str, path: str = "") -> Q:
    """Customers by number, public id, or part of name, address or mail domain."""
    number = number_in(word, "C")
    public_id = uuid_in(word)
    if number is not None:
        return Q(**{f"{path}number": number})
    if public_id is not None:
        return Q(**{f"{path}public_id": public_id})
    return (
        Q(**{f"{path}name__icontains": word})
        | Q(**{f"{path}slug__icontains": word.lower()})
        | Q(**{f"{path}domain__icontains": word.lower()})
    )
