"""The sales desk: whom a rep looks after, how they stand, and what they bought."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from billing.domain import purchases as orders
from billing.domain import request_lists
from billing.domain.desk import desk_customers, desk_totals, ending_soon, short_ones
from billing.forms.lists import KeptForm, ListForm
from billing.models import RequestState
from billing.tables.purchases import SalesPurchaseTable
from billing.tables.requests import DeskRequestTable
from billing.tables.sales import DeskTable
from credits import clock
from credits.domain.people import customers_for
from credits.models import Customer
from credits.web.access import PortalRequest, sales_view
from credits.web.exports import export
from credits.web.htmx import announce, render_page
from credits.web.search import answer

SHORT, ENDING = "short", "ending"
KINDS = ((SHORT, _("Short, now or ahead")), (ENDING, _("Ending within 90 days")))


@require_safe
@sales_view
def sales_customers(request: PortalRequest) -> HttpResponseBase:
    """The customers of a rep (a manager's: all), live, the ones to call first by sorting."""
    now = clock.now()
    wanted = KeptForm(request.GET)
    keep = wanted.kept(key for key, _label in KINDS)
    customers = desk_customers(request.user, wanted.words, now)
    if keep == SHORT:
        customers = short_ones(customers)
    elif keep == ENDING:
        customers = ending_soon(customers, now)
    table = customer_table(customers, now).configure(request)
    if file := export(request, table):
        return file
    context = {"table": table, "words": wanted.words, "keep": keep, "kinds": KINDS}
    show_count(request)
    response = render_page(request, "billing/sales_customers.html", context, fragment="table")
    return announce(response, table.sorted_by)


@require_safe
@sales_view
def sales_purchases(request: PortalRequest) -> HttpResponseBase:
    """What was bought by the rep's customers, newest first."""
    wanted = ListForm(request.GET)
    found = orders.matching(orders.purchases_for(request.user), wanted.words)
    totals = {"credits": orders.credits_in(found)}
    table = SalesPurchaseTable(found, now=clock.now(), totals=totals, caption=_("Purchases"))
    if file := export(request, table.configure(request)):
        return file
    context = {"table": table, "words": wanted.words}
    show_count(request)
    response = render_page(request, "billing/sales_purchases.html", context, fragment="table")
    return announce(response, table.sorted_by)


@require_safe
@sales_view
def sales_requests(request: PortalRequest) -> HttpResponseBase:
    """What the rep's customers ask for: open requests first, the earliest needed leading."""
    wanted = KeptForm(request.GET)
    keep = wanted.kept(RequestState.values)
    found = request_lists.matching(request_lists.requests_for(request.user), wanted.words)
    if keep:
        found = found.filter(state=keep)
    table = DeskRequestTable(found, caption=str(_("Requests"))).configure(request)
    if file := export(request, table):
        return file
    states = RequestState.choices
    context = {"table": table, "words": wanted.words, "keep": keep, "states": states}
    show_count(request)
    response = render_page(request, "billing/sales_requests.html", context, fragment="table")
    return announce(response, table.sorted_by)


@require_safe
@sales_view
def sales_search(request: PortalRequest) -> HttpResponseBase:
    """Customers and orders of all the customers a person looks after."""
    return answer(request)


def customer_table(customers: QuerySet[Customer], now: datetime) -> DeskTable:
    """The customers with the sums of their live figures."""
    figure = desk_totals(customers, now)
    totals = {
        "valid": figure.valid,
        "allocated": figure.allocated,
        "balance": figure.balance,
    }
    rows = customers.order_by("name", "pk")
    return DeskTable(rows, now=now, totals=totals, caption=_("Customers"))


def show_count(request: PortalRequest) -> None:
    """Let the navigation say how many customers there are, and how many requests are open."""
    waiting = request_lists.open_requests_for(request.user)
    request.badges = {  # type: ignore[attr-defined]
        "c": f"{customers_for(request.user).count():,}",
        "r": f"{waiting:,}" if waiting else "",
    }
