"""What the allocate page shows: live figures, one page of the features, and the bar to choose."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credits import clock
from credits.domain.boundaries import shown_from
from credits.domain.figures import Position, standing
from credits.domain.holdings import holdings
from credits.domain.people import Right
from credits.domain.sources import reporting
from credits.forms.filters import HoldingFilter
from credits.models import Customer, Side
from credits.tables.effects import first_short
from credits.tables.holdings import holding_rows, holding_sections, listed_page
from credits.tables.holdings_file import HoldingsTable
from credits.views.allocation_reading import listed_state
from credits.web.access import CustomerRequest
from credits.web.links import explain_url


def list_context(request: CustomerRequest) -> dict[str, Any]:
    """The live figures and what the features hold, as the filter wants them, page by page."""
    customer = request.customer
    stand = standing(customer, now=clock.now())
    wanted = HoldingFilter(request.GET, holdings(customer, stand))
    listed = wanted.listed()
    page = listed_page(listed, request.GET.get("page", "1"))
    choosable = [row for row in listed if row.is_choosable]
    in_use = sum(row.is_in_use for row in listed)
    live, state = stand.live, listed_state(request)
    sources = reporting(customer)
    said = ngettext("%(count)d feature listed.", "%(count)d features listed.", len(listed))
    list_path = reverse("credits:allocation-list", kwargs={"slug": customer.slug})
    table = HoldingsTable(
        holding_rows(listed, customer, live, state, sources),
        totals={"credits": sum(row.credits for row in listed)},
        caption=_("Allocate"),
        about=[(_("Figures at, live"), live.at)],
        home=list_path,
    )
    return live_figures(customer, live) | {
        "table": table.configure(request),
        "filter": wanted,
        "page": page,
        "page_numbers": page.paginator.get_elided_page_range(
            page.number, on_each_side=1, on_ends=1
        ),
        "sections": holding_sections(page.object_list, listed, customer, live, state, sources),
        "in_use": in_use,
        "unused": len(listed) - in_use,
        "choosable": len(choosable),
        "choosable_credits": sum(row.credits for row in choosable),
        "listed_credits": table.totals["credits"],
        "state": {name: value for name, value in state.items() if value},
        "list_path": list_path,
        "may_allocate": Right.ALLOCATE in request.rights,
        "said": said % {"count": len(listed)},
    }


def live_figures(customer: Customer, live: Position) -> dict[str, Any]:
    """Balance, valid and allocated now, and the first short date, each with its rows."""
    return {
        "live": live,
        "first_short": first_short(live),
        "short_url": short_url(customer, live),
        "balance_url": explain_url(customer, live, "balance"),
        "valid_url": explain_url(customer, live, Side.VALID.value),
        "allocated_url": explain_url(customer, live, Side.ALLOCATED.value),
        "shown_from": shown_from(live.at),
    }


def short_url(customer: Customer, live: Position) -> str:
    """The rows of the balance on the first short date."""
    if live.first_short is None:
        return ""
    return explain_url(customer, replace(live, at=live.first_short.at), "balance")
