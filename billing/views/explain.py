"""Explain: the ledger rows whose sum is a figure."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.views.decorators.http import require_safe

from billing.forms.explain import ExplainForm
from billing.web.explain_page import ExplainPage, question_of
from credits.domain.people import Right
from credits.web.access import CustomerRequest, customer_view
from credits.web.exports import export, wants_file
from credits.web.htmx import render_page

TEMPLATE = "billing/explain.html"


@require_safe
@customer_view(Right.VIEW)
def explain(request: CustomerRequest) -> HttpResponseBase:
    """The rows of the figure the address names, as a page or in the drawer."""
    form = ExplainForm(request.GET)
    if not form.is_valid():
        return render_page(request, TEMPLATE, {"form": form}, status=404)
    page = ExplainPage(question_of(request.customer, form), form.cleaned_data["page"] or 1)
    if wants_file(request) and (file := export(request, page.all_rows.configure(request))):
        return file
    return render_page(request, TEMPLATE, {"page": page}, "drawer")
