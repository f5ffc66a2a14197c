"""The way out of a shortfall, wherever one is shown."""

from datetime import datetime
from typing import Any

from django import template
from django.template import Context

from credits.domain.people import Right
from credits.web.links import request_url

register = template.Library()


@register.inclusion_tag("includes/_request_credits.html", takes_context=True)
def request_credits(
    context: Context, missing: int | None, at: datetime | None = None, cause: str = "shortage"
) -> dict[str, Any]:
    """A link "Request credits" that is filled in, for those who may ask; nothing for others.

    `missing` is a shortfall, or a balance below zero; `at` the instant from which it is.
    """
    request = context["request"]
    if not missing or Right.REQUEST_CREDITS not in getattr(request, "rights", ()):
        return {"url": ""}
    return {"url": request_url(request.customer, missing, at, cause), "missing": abs(missing)}
