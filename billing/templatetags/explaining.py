"""Addresses of the rows behind a figure, for templates that list many of them."""

from __future__ import annotations

from datetime import datetime

from django import template

from billing.web.links import Explain, license_rows
from credits.models import Customer, License

register = template.Library()


@register.simple_tag
def rows_behind(
    explain: Explain, side: str, at: datetime | None = None, feature: str = "", solution: str = ""
) -> str:
    """The rows of a side (valid, allocated, balance) at an instant, as known to the page.

    Of one feature or one solution, by its key, where one is named.
    """
    subject = {"feature": feature, "solution": solution}
    named = {name: key for name, key in subject.items() if key}
    return explain(side, at=at, **named)


@register.simple_tag
def license_figure(customer: Customer, license: License, known: datetime) -> str:
    """The rows of a license's credits, as known at an instant."""
    return license_rows(customer, license, known)
