"""The saves of an estimate: their list, and each as it was saved."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from credits import clock
from credits.domain.people import Right
from credits.web.access import CustomerRequest, customer_view
from credits.web.exports import export
from credits.web.htmx import announce, is_fragment, render_page
from estimator.models import Estimate, EstimateVersion
from estimator.tables import VersionTable
from estimator.web.comparing import compare_url
from estimator.web.versions import Saves, VersionPage, versions

TODAY = "today"


@require_safe
@customer_view(Right.VIEW)
def estimate_versions(request: CustomerRequest, public_id: UUID) -> HttpResponseBase:
    """The versions of an estimate, the newest first."""
    estimates = Estimate.objects.for_customer(request.customer).select_related("customer")
    estimate = get_object_or_404(estimates, public_id=public_id)
    table = VersionTable(
        versions(estimate),
        estimate=estimate,
        told=Saves(clock.now()).changes,
        caption=_("Saved versions"),
    ).configure(request)
    if file := export(request, table):
        return file
    context = {
        "estimate": estimate,
        "table": table,
        "compare_url": compare_url(request.customer),
    }
    response = render_page(request, "estimator/estimate_versions.html", context, fragment="table")
    return announce(response, table.sorted_by) if is_fragment(request) else response


@require_safe
@customer_view(Right.VIEW)
def estimate_version(request: CustomerRequest, public_id: UUID, number: int) -> HttpResponse:
    """One version as it was saved; with `?rates=today` line by line what it comes to today."""
    found = EstimateVersion.objects.select_related("estimate__customer", "saved_by")
    version = get_object_or_404(
        found, estimate__customer=request.customer, estimate__public_id=public_id, number=number
    )
    at_today = request.GET.get("rates") == TODAY
    page = VersionPage(version, clock.now(), at_today=at_today)
    return render_page(request, "estimator/estimate_version.html", {"page": page})
