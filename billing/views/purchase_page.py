"""A purchase's page: what was ordered, what it did, and all that happened to it since."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from billing.domain.licenses import state_of
from billing.domain.order_changes.offered import is_offered, lines_offered
from billing.domain.purchase_files import files_of
from billing.domain.purchase_lists import order_state, purchases_of
from billing.web.purchase_links import links_of
from billing.web.purchase_story import story_of
from credits import clock
from credits.domain.people import Right
from credits.web.access import CustomerRequest, customer_view
from credits.web.asking import form_key
from credits.web.htmx import render_page


@require_safe
@customer_view(Right.VIEW)
def purchase_detail(request: CustomerRequest, public_id: UUID) -> HttpResponseBase:
    """One order: what it asked for, what it did to the books, and its story in time order."""
    now = clock.now()
    orders = purchases_of(request.customer).select_related(
        "credit_request",
        "moved_from__customer",
        "moved_to__customer",
        "agreement_order__agreement",
    )
    purchase = get_object_or_404(orders, public_id=public_id)
    sees_prices = Right.SEE_PRICES in request.rights
    may_correct = Right.CORRECT_PURCHASES in request.rights
    states = [(line, state_of(line.license, now)) for line in purchase.lines.all()]
    context = {
        "purchase": purchase,
        "lines": states,
        "state": order_state(purchase, now),
        "links": links_of(purchase),
        "entries": purchase.operation.entries.select_related("license").order_by("effective_at"),
        "story": story_of(purchase, request.reader, sees_prices=sees_prices),
        "files": files_of(purchase) if sees_prices else None,
        "file_key": form_key(request, f"file/{purchase.public_id}") if may_correct else "",
        "sees_prices": sees_prices,
        "may_enter": Right.ENTER_PURCHASES in request.rights,
        "may_correct": may_correct,
        "may_change": may_correct and is_offered(purchase),
        "may_void": lines_offered(purchase, now) if may_correct else (),
        "now": now,
    }
    return render_page(request, "billing/purchase_detail.html", context)
