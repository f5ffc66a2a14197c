"""Whether newer figures of Annual credits have been published than the reader sees."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.web.context import Freshness
from credits import clock
from credits.domain.boundaries import newest_boundary
from credits.domain.people import Right
from credits.web.access import CustomerRequest, customer_view
from credits.web.htmx import announce, render_page

TEMPLATE = "includes/_freshness.html"
NOTHING_NEW = 204


@require_safe
@customer_view(Right.VIEW)
def freshness(request: CustomerRequest) -> HttpResponse:
    """204, or the header's line with the offer to show what was published after `since`.

    `shown` is the boundary of the figures the reader sees, where it is another than `since`.
    """
    since = boundary_in(request, "since")
    newest = newest_boundary()
    if since is None or newest is None or newest <= since:
        return HttpResponse(status=NOTHING_NEW)
    shown = boundary_in(request, "shown") or since
    fresh = Freshness(clock.now(), shown, newest)
    page = reverse("billing:annual-credits", args=[request.customer.slug])
    context = {"freshness": fresh, "poll_url": request.path, "offer_url": seen(request, page)}
    response = render_page(request, TEMPLATE, context)
    text = _("Newer figures are ready: through %(hour)s UTC.")
    return announce(response, text % {"hour": f"{newest:%H:%M}"})


def boundary_in(request: CustomerRequest, name: str) -> datetime | None:
    """An instant the address names; None for what is none."""
    try:
        at = parse_datetime(request.GET.get(name, ""))
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def seen(request: CustomerRequest, page: str) -> str:
    """The page as the reader has set it, so that newer figures change nothing else."""
    here = request.htmx.current_url_abs_path or ""
    return here if here.partition("?")[0] == page else page
