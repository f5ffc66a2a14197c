"""Customers as an operator names them."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from django.core.management.base import CommandError
from django.db.models import Q

from credits.models import Customer


def customer_named(name: str) -> Customer:
    """The customer with this slug, number (C-1001 or 1001) or public id.

    Raises CommandError if there is none.
    """
    number = name.upper().removeprefix("C-")
    wanted = Q(slug=name)
    if number.isascii() and number.isdigit() and len(number) < 10:
        wanted |= Q(number=int(number))
    with suppress(ValueError):
        wanted |= Q(public_id=UUID(name))
    found = Customer.objects.filter(wanted).order_by("pk").first()
    if found is None:
        raise CommandError(f"There is no customer {name}.")
    return found
