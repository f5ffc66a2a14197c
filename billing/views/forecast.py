"""Forecast: what is known to happen, and what it makes of the balance."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from billing.domain.forecast import Forecast
from billing.web.calendar_file import calendar
from billing.web.forecast_page import ANSWER, TABLE, ForecastPage
from credits import clock
from credits.domain.people import Right
from credits.web.access import CustomerRequest, customer_view
from credits.web.exports import export, wants_file
from credits.web.htmx import announce, render_page

TEMPLATE = "billing/forecast.html"


@require_safe
@customer_view(Right.VIEW)
def forecast(request: CustomerRequest) -> HttpResponseBase:
    """The page, or the part of it that a question or a page number changes."""
    page = ForecastPage(request, Forecast(request.customer, now=clock.now()))
    if wants_file(request) and (file := export(request, page.table)):
        return file
    target = request.htmx.target or ""
    region = target if target in (ANSWER, TABLE) else ""
    status = 422 if page.form.errors else 200
    response = render_page(request, TEMPLATE, {"page": page}, region, status=status)
    return announce(response, page.told(region))


@require_safe
@customer_view(Right.EXPORT)
def forecast_calendar(request: CustomerRequest) -> HttpResponseBase:
    """What is known to happen for a calendar."""
    found = Forecast(request.customer, now=clock.now())
    response = HttpResponse(calendar(found), content_type="text/calendar; charset=utf-8")
    name = f"{request.customer.slug}-forecast.ics"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
