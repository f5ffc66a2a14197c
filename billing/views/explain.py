"""Explain: the ledger rows whose sum is a figure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpResponseBase
from django.views.decorators.http import require_safe

from billing.domain.explanation import Explanation, Row
from billing.forms.explain import ExplainForm
from billing.web.explain_page import ExplainPage, question_of
from billing.web.exports import stream_csv
from credits import clock
from credits.domain.people import Right
from credits.web.access import CustomerRequest, customer_view
from credits.web.htmx import render_page

TEMPLATE = "billing/explain.html"
EXPORTED = (
    "row",
    "side",
    "license_or_feature",
    "credits",
    "effective_at",
    "recorded_at",
    "act",
    "by",
    "fact",
    "order",
    "reason",
    "operation",
)


@require_safe
@customer_view(Right.VIEW)
def explain(request: CustomerRequest) -> HttpResponseBase:
    """The rows of the figure the address names, as a page or in the drawer."""
    form = ExplainForm(request.GET)
    if not form.is_valid():
        return render_page(request, TEMPLATE, {"form": form}, status=404)
    page = ExplainPage(question_of(request.customer, form))
    return render_page(request, TEMPLATE, {"page": page}, "drawer")


@require_safe
@customer_view(Right.EXPORT)
def explain_csv(request: CustomerRequest) -> HttpResponseBase:
    """All rows of the figure as a file, older ones included."""
    form = ExplainForm(request.GET)
    if not form.is_valid():
        raise Http404("the address names no figure")
    question = question_of(request.customer, form)
    day = clock.day_of(question.at).isoformat()
    name = f"{request.customer.slug}-{question.side}-rows-{day}.csv"
    return stream_csv(name, EXPORTED, exported(Explanation(question)))


def exported(explanation: Explanation) -> Iterator[tuple[Any, ...]]:
    """The rows for a spreadsheet."""
    return (line(row) for row in explanation.all_rows())


def line(row: Row) -> tuple[Any, ...]:
    """One ledger row with its cause."""
    entry, cause = row.entry, row.cause
    name = entry.license.label if entry.license is not None else entry.feature
    return (
        entry.seq,
        entry.side,
        name,
        entry.credits,
        entry.effective_at,
        entry.recorded_at,
        cause.act,
        cause.who,
        cause.fact,
        cause.order,
        cause.reason,
        entry.operation.public_id,
    )
