"""Activity: every operation of a customer, in words, with what it changed."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from credits.domain.activity import acts, one_act, people_of
from credits.domain.people import Right
from credits.forms.filters import ActivityFilter
from credits.tables.activity import ActTable, LedgerRowsTable, told_rows
from credits.web.access import CustomerRequest, customer_view
from credits.web.exports import export
from credits.web.htmx import announce, is_fragment, render_page
from credits.web.links import with_state

FILTERS = ("q", "kind", "person")


@require_safe
@customer_view(Right.VIEW)
def activity(request: CustomerRequest) -> HttpResponseBase:
    """The customer's operations, newest first."""
    customer = request.customer
    wanted = ActivityFilter(request.GET, list(people_of(customer)))
    table = ActTable(customer, wanted.asking(), caption=_("Activity")).configure(request)
    if file := export(request, table):
        return file
    page = acts(customer, wanted.asking(), size=table.per_page)
    here = reverse("credits:activity", kwargs={"slug": customer.slug})
    state = {name: wanted.kept(name) for name in FILTERS}
    context = {
        "filter": wanted,
        "rows": told_rows(page.acts, customer, may_undo=Right.ALLOCATE in request.rights),
        "here": here,
        "table": table,
        "older_url": with_state(here, **state, before=str(page.older)) if page.older else "",
        "newer_url": with_state(here, **state, after=str(page.newer)) if page.newer else "",
    }
    response = render_page(request, "credits/activity.html", context, fragment="table")
    if is_fragment(request):
        return announce(response, _("%(count)d operations listed.") % {"count": len(page.acts)})
    return response


@require_safe
@customer_view(Right.VIEW)
def activity_detail(request: CustomerRequest, operation: UUID) -> HttpResponseBase:
    """One operation with its facts and the ledger rows it booked."""
    act = one_act(request.customer, operation)
    if act is None:
        raise Http404("no such operation")
    (row,) = told_rows([act], request.customer, may_undo=Right.ALLOCATE in request.rights)
    entries = LedgerRowsTable(act.facts.entries, caption=_("Ledger rows"))
    if file := export(request, entries.configure_order(request)):
        return file
    context = {
        "row": row,
        "act": act,
        "entries": entries,
        "list_url": reverse("credits:activity", kwargs={"slug": request.customer.slug}),
    }
    return render_page(request, "credits/activity_detail.html", context)
