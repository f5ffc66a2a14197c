"""The template of a file of units: every feature that can be estimated, ready to be filled in."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from credits import clock
from credits.domain.people import Right
from credits.web.access import CustomerRequest, customer_view
from estimator.domain.importing.template import template_text
from estimator.domain.price_list import read_price_list


@require_safe
@customer_view(Right.VIEW)
def estimate_template(request: CustomerRequest) -> HttpResponse:
    """A CSV with all features that take allocations today, without units."""
    text = template_text(read_price_list(clock.now()))
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="estimate-units.csv"'
    return response
