"""Step two, purchase: an order is entered for a customer, and shown for ever after."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.views.decorators.http import require_http_methods

from billing.domain.drafts import OPEN
from billing.views.purchase_entry import Entry, draft_url
from billing.web.links import purchase_url
from credits.domain.people import Right
from credits.web.access import CustomerRequest, customer_view
from credits.web.htmx import redirect

__all__ = ["purchase_new", "purchase_url"]


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.ENTER_PURCHASES)
def purchase_new(request: CustomerRequest) -> HttpResponseBase:
    """The form of an order: likely answers first, its effect while it is typed, then recorded."""
    request.desk = "sales"
    entry = Entry(request)
    if request.method != "POST" and entry.draft is not None and entry.draft.state not in OPEN:
        return redirect(request, draft_url(entry.draft))
    return entry.answer()
