"""The sales desk: whom a rep looks after, how they stand, and what they bought."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from billing.domain import purchases as orders
from billing.domain.desk import desk_customers, ending_soon, short_ones
from billing.forms.lists import KeptForm, ListForm
from billing.tables.purchases import SalesPurchaseTable
from billing.tables.sales import DeskTable
from credits import clock
from credits.domain.people import customers_for
from credits.web.access import PortalRequest, sales_view
from credits.web.htmx import announce, render_page

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
    table = DeskTable(customers.order_by("name", "pk"), now=now).configure(request)
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
    table = SalesPurchaseTable(found, now=clock.now()).configure(request)
    context = {"table": table, "words": wanted.words}
    show_count(request)
    response = render_page(request, "billing/sales_purchases.html", context, fragment="table")
    return announce(response, table.sorted_by)


def show_count(request: PortalRequest) -> None:
    """Let the navigation say how many customers there are."""
    request.badges = {"c": f"{customers_for(request.user).count():,}"}  # type: ignore[attr-defined]
