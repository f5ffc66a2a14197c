"""Versions of estimates as files."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from credits.domain.people import Right
from credits.web.access import CustomerRequest, customer_view
from estimator.domain.statement import version_statement
from estimator.files import FILES
from estimator.models import EstimateVersion
from estimator.web.files import file_response


@require_safe
@customer_view(Right.VIEW)
def estimate_file(
    request: CustomerRequest, public_id: UUID, number: int, kind: str
) -> HttpResponse:
    """A saved version as a spreadsheet, a CSV or a quote: what its page shows, to keep or send."""
    if kind not in FILES:
        raise Http404
    versions = EstimateVersion.objects.select_related("estimate__customer")
    version = get_object_or_404(
        versions,
        estimate__customer=request.customer,
        estimate__public_id=public_id,
        number=number,
    )
    return file_response(version_statement(version), kind)
