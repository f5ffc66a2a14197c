"""The sales desk: whom a rep looks after, how they stand, and what they bought."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from billing.domain import purchase_lists as orders
from billing.domain import request_lists
from billing.domain.desk import desk_customers, desk_totals, ending_soon, short_ones
from billing.domain.growth import growing_fast
from billing.forms.lists import KeptForm, ListForm
from billing.models import RequestState
from billing.tables.purchases import SalesPurchaseTable
from billing.tables.requests import DeskRequestTable
from billing.tables.sales import (
    DeskTable,
    ExpiringTable,
    GrowingTable,
    ShortTable,
    UnassignedTable,
)
from credits import clock
from credits.domain.people import leads_sales
from credits.domain.representatives import without_rep
from credits.models import Customer
from credits.web.access import PortalRequest, sales_view
from credits.web.exports import export
from credits.web.htmx import announce, render_page
from credits.web.search import answer

WITHOUT_REP = "unassigned"


@dataclass(frozen=True)
class DeskList:
    """One list of customers: its name, the question it answers, and whom it keeps."""

    title: Any
    sentence: Any
    table: type[DeskTable]
    keep: Callable[[QuerySet[Customer], datetime], QuerySet[Customer]]


CUSTOMERS = DeskList(
    _("Customers"),
    _("Who is short, whose credits end soon, and who is fine. Live figures, in credits."),
    DeskTable,
    lambda customers, now: customers,
)
EXPIRING = DeskList(
    _("Expiring in 90 days"),
    _("Whose licenses end within 90 days, the soonest first."),
    ExpiringTable,
    ending_soon,
)
SHORT = DeskList(
    _("Short"),
    _("Who is short of credits now, or on a known day. The first shortage leads."),
    ShortTable,
    lambda customers, now: short_ones(customers),
)
GROWING = DeskList(
    _("Growing fast"),
    _("Whose allocated credits grew by at least a fifth, and 500 credits, in the last 90 days."),
    GrowingTable,
    lambda customers, now: growing_fast(customers),
)
UNASSIGNED = DeskList(
    _("Customers without a sales rep"),
    _("Nobody looks after them, so their requests for credits go to all sales managers."),
    UnassignedTable,
    lambda customers, now: without_rep(customers),
)


@require_safe
@sales_view
def sales_customers(request: PortalRequest) -> HttpResponseBase:
    """The customers of a rep (a manager's: all), live, the ones to call first by sorting."""
    is_kept = bool(KeptForm(request.GET).kept((WITHOUT_REP,)))
    return desk_list(request, UNASSIGNED if is_kept else CUSTOMERS)


@require_safe
@sales_view
def sales_expiring(request: PortalRequest) -> HttpResponseBase:
    """Whose licenses end within the notice time."""
    return desk_list(request, EXPIRING)


@require_safe
@sales_view
def sales_short(request: PortalRequest) -> HttpResponseBase:
    """Who is short, now or ahead."""
    return desk_list(request, SHORT)


@require_safe
@sales_view
def sales_growing(request: PortalRequest) -> HttpResponseBase:
    """Whose allocated credits grow fast."""
    return desk_list(request, GROWING)


def desk_list(request: PortalRequest, listed: DeskList) -> HttpResponseBase:
    """A list of the person's customers, searched, sorted, and offered as a file."""
    now, leads = clock.now(), leads_sales(request.user)
    wanted = KeptForm(request.GET)
    customers = listed.keep(desk_customers(request.user, wanted.words, now), now)
    figure = desk_totals(customers, now)
    table = listed.table(
        customers.order_by("name", "pk"),
        now=now,
        leads=leads,
        totals={
            "valid": figure.valid,
            "allocated": figure.allocated,
            "balance": figure.balance,
        },
        caption=listed.title,
    ).configure(request)
    if file := export(request, table):
        return file
    context = {
        "listed": listed,
        "table": table,
        "words": wanted.words,
        "keep": WITHOUT_REP if listed is UNASSIGNED else "",
        "leads": leads and listed in (CUSTOMERS, UNASSIGNED),
    }
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


def show_count(request: PortalRequest) -> None:
    """Let the navigation say how much each list of the desk holds; the lists come from all apps."""
    now = clock.now()
    found: dict[str, int] = {}
    for path in settings.DESK_COUNTS:
        found |= import_string(path)(request.user, now)
    request.badges = {  # type: ignore[attr-defined]
        letter: f"{number:,}" for letter, number in found.items() if number
    }
