"""Time machine: the figures at any instant, as known at any instant."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.views.decorators.http import require_safe

from billing.web.time_machine_page import MACHINE, TimeMachinePage
from credits import clock
from credits.domain.people import Right
from credits.web.access import CustomerRequest, customer_view
from credits.web.exports import export, wants_file
from credits.web.htmx import announce, render_page

TEMPLATE = "billing/time_machine.html"


@require_safe
@customer_view(Right.VIEW)
def time_machine(request: CustomerRequest) -> HttpResponseBase:
    """The page with its questions and the answer to one of them."""
    page = TimeMachinePage(request, now=clock.now())
    asks = wants_file(request) and not page.is_wrong
    if asks and (file := export(request, page.licenses, page.features)):
        return file
    region = MACHINE if request.htmx.target == MACHINE else ""
    status = 422 if page.is_wrong else 200
    response = render_page(request, TEMPLATE, {"page": page}, region, status=status)
    return announce(response, page.told)
