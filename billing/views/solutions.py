"""All available solutions: the catalogue with its rates, and what of it is in use."""

from __future__ import annotations

from django.http import Http404, HttpResponseBase
from django.views.decorators.http import require_safe

from billing.domain.solutions import read_catalogue
from billing.web.solutions_page import FeaturePage, SolutionsPage
from credits import clock
from credits.domain.people import Right
from credits.web.access import CustomerRequest, customer_view
from credits.web.exports import export
from credits.web.htmx import announce, is_fragment, render_page


@require_safe
@customer_view(Right.VIEW)
def solution_list(request: CustomerRequest) -> HttpResponseBase:
    """Every feature with its rates, and what the customer holds for it."""
    page = SolutionsPage(request, read_catalogue(request.customer, clock.now()))
    if file := export(request, page.table):
        return file
    response = render_page(request, "billing/solutions.html", {"page": page}, fragment="table")
    return announce(response, page.said) if is_fragment(request) else response


@require_safe
@customer_view(Right.VIEW)
def solution_feature(request: CustomerRequest, feature: str) -> HttpResponseBase:
    """One feature: its rates with their dates, what 100 units cost, and its rules."""
    catalogue = read_catalogue(request.customer, clock.now())
    if feature not in catalogue.by_key:
        raise Http404("no such feature")
    page = SolutionsPage(request, catalogue)
    context = {"page": page, "shown": FeaturePage(page, catalogue.by_key[feature])}
    return render_page(request, "billing/solution_feature.html", context, fragment="drawer")
