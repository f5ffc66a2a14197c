"""Estimate to reality: what a purchased estimate said, and what is there by now."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from credits import clock
from credits.domain.people import Right
from credits.web.access import CustomerRequest, customer_view
from credits.web.htmx import render_page
from estimator.domain.drift import drift_of, purchased
from estimator.domain.pipeline import latest_of, stage_text
from estimator.views.estimates import edit_url
from estimator.views.hand_over import estimate_of
from estimator.web.reality import RealityPage

TEMPLATE = "estimator/estimate_reality.html"


@require_safe
@customer_view(Right.VIEW)
def estimate_reality(request: CustomerRequest, public_id: UUID) -> HttpResponse:
    """Line by line what was estimated and what is held now, and what that means."""
    estimate = estimate_of(request, public_id)
    found = latest_of(estimate)
    context = {"estimate": estimate, "estimate_url": edit_url(request, estimate), "page": None}
    if found is not None and found.purchase is not None and purchased(found):
        drift = drift_of(found, found.purchase, clock.now())
        context["page"] = RealityPage(request, drift)
    elif found is not None:
        context["state"] = stage_text(found)
    return render_page(request, TEMPLATE, context)
