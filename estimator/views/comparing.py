"""Estimates side by side."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from credits import clock
from credits.domain.people import Right
from credits.exceptions import InvalidCommand, UnknownObject
from credits.web.access import CustomerRequest, customer_view
from credits.web.htmx import render_page
from estimator.domain.comparing import MOST, Wanted, read_wanted
from estimator.web.comparing import ComparePage

UNPROCESSABLE = 422


@require_safe
@customer_view(Right.VIEW)
def estimate_compare(request: CustomerRequest) -> HttpResponse:
    """Up to four, each as `?e=<estimate>`, or `?e=<estimate>@<version>` for one of its versions."""
    try:
        return show(request, read_wanted(request.GET.getlist("e")))
    except InvalidCommand as error:
        return show(request, (), error.message)
    except UnknownObject as error:
        raise Http404(error.message) from None


def show(request: CustomerRequest, wanted: Sequence[Wanted], error: str = "") -> HttpResponse:
    """The comparison, and what else can be chosen."""
    page = ComparePage(request.customer, wanted, clock.now())
    context = {
        "page": page,
        "columns": page.columns,
        "error": error,
        "most": MOST,
        "list_url": reverse("estimator:estimate-list", kwargs={"slug": request.customer.slug}),
    }
    status = UNPROCESSABLE if error else 200
    return render_page(request, "estimator/estimate_compare.html", context, status=status)
