"""Many orders from a file: checked line by line, confirmed, entered by a worker."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from billing.domain.files.reading import Problem
from billing.domain.importing.checking import Plan
from billing.domain.importing.lines import HEADER
from billing.domain.importing.running import (
    check_import,
    confirm_import,
    discard_import,
    plan_again,
)
from billing.forms.imports import ImportForm
from billing.models import ImportState, PurchaseImport
from billing.tables.imports import ImportTable
from billing.tasks import start_imports
from billing.views.sales import show_count
from credits.exceptions import CreditsError
from credits.web.access import PortalRequest, sales_view
from credits.web.feedback import done
from credits.web.htmx import announce, is_fragment, redirect, render_page

LIST, PAGE = "billing/import_list.html", "billing/import_detail.html"
UNPROCESSABLE, CONFLICT = 422, 409
SHOWN = 50
"""Orders or problems of a file that its page lists."""

UNDERWAY = (ImportState.WAITING, ImportState.RUNNING)


@require_http_methods(["GET", "HEAD", "POST"])
@sales_view
def import_list(request: PortalRequest) -> HttpResponseBase:
    """A file is chosen and checked here; below stand the person's files of before."""
    if request.method != "POST":
        return listing(request)
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return listing(request, form, status=UNPROCESSABLE)
    found, plan = check_import(form.data_read, form.cleaned_data["file"].name, request.user)
    if plan.problems:
        return detail(request, found, plan, status=UNPROCESSABLE)
    return redirect(request, url_of(found))


@require_http_methods(["GET", "HEAD", "POST"])
@sales_view
def import_detail(request: PortalRequest, public_id: UUID) -> HttpResponseBase:
    """What a file would enter; confirmed, how far it has come, and in the end what it did."""
    mine = PurchaseImport.objects.filter(uploaded_by=request.user)
    found = get_object_or_404(mine, public_id=public_id)
    if request.method != "POST":
        checked = found.state == ImportState.CHECKED and not found.problems
        return detail(request, found, plan_again(found) if checked else None)
    try:
        decide(request, found)
    except CreditsError as refusal:
        return detail(request, found, None, error=refusal.message, status=CONFLICT)
    return redirect(request, url_of(found))


@require_safe
@sales_view
def import_template(request: PortalRequest) -> HttpResponse:
    """An empty file with the columns, and a line that shows how each is written."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([HEADER, EXAMPLE])
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="purchases.csv"'
    return response


EXAMPLE = (
    *("C-1001", "SO-118204", "sales", "15000", "2027-04-01", "2028-03-31"),
    *("", "bought", "L-204", "12500.00", "EUR", "Renewal agreed by phone", ""),
)
"""One line of the template: a year that renews a license."""


def decide(request: PortalRequest, found: PurchaseImport) -> None:
    """Confirm or discard a file that was checked. Raises NotAllowed."""
    if request.POST.get("act") != "confirm":
        discard_import(found)
        done(request, _("The file was discarded. Nothing was entered."))
        return
    confirm_import(found, request.user)
    transaction.on_commit(start_imports)


def listing(
    request: PortalRequest, form: ImportForm | None = None, *, status: int = 200
) -> HttpResponseBase:
    """The page with the form, and what became of earlier files."""
    mine = PurchaseImport.objects.filter(uploaded_by=request.user).defer("content")
    table = ImportTable(mine, caption=_("Files of before")).configure(request)
    show_count(request)
    context = {"form": form or ImportForm(), "table": table, "columns": HEADER}
    response = render_page(request, LIST, context, fragment="table", status=status)
    return announce(response, table.sorted_by)


def detail(
    request: PortalRequest,
    found: PurchaseImport,
    plan: Plan | None,
    *,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page of a file, or only how far it has come."""
    show_count(request)
    context: dict[str, Any] = {
        "found": found,
        "plan": plan,
        "orders": plan.orders[:SHOWN] if plan else [],
        "more": max(0, len(plan.orders) - SHOWN) if plan else 0,
        "problems": [Problem(line, text) for line, text in found.problems[:SHOWN]],
        "more_problems": max(0, len(found.problems) - SHOWN),
        "is_underway": found.state in UNDERWAY,
        "error": error,
        "is_whole": not is_fragment(request),
    }
    return render_page(request, PAGE, context, fragment="progress", status=status)


def url_of(found: PurchaseImport) -> str:
    """The page of a file."""
    return reverse("billing:import-detail", kwargs={"public_id": found.public_id})
