"""The search inside a customer."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.views.decorators.http import require_safe

from credits.domain.people import Right
from credits.web.access import CustomerRequest, customer_view
from credits.web.search import answer


@require_safe
@customer_view(Right.VIEW)
def search(request: CustomerRequest) -> HttpResponseBase:
    """Features, licenses, orders, estimates and pages of one customer."""
    return answer(request, request.customer)
