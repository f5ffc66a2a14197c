"""An order is corrected: its effect first, then a reason, then the act (docs/rules.md#r18)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing.domain.order_changes.amending import AmendOrder, amend_purchase
from billing.domain.order_changes.cancelling import cancel, cancel_purchase
from billing.domain.order_changes.effect import effect_of, effect_of_lots
from billing.domain.order_changes.moving import lots_of, move, move_purchase
from billing.domain.order_changes.voiding import VoidLine, WithdrawLine, void_line
from billing.domain.orders import UnusualTerm
from billing.forms.order_changes import AmendForm, CustomerSearch, FinalForm, MoveForm, ReasonForm
from billing.web.order_change import (
    DO,
    Changing,
    other_customers,
    own_customer,
)
from credits.domain.commands import Asked
from credits.domain.people import Right
from credits.exceptions import CreditsError
from credits.web.access import CustomerRequest, customer_view

NEVER = "never"
"""In the address: the license never was; else it ends now."""

form_view = require_http_methods(["GET", "HEAD", "POST"])


@form_view
@customer_view(Right.CORRECT_PURCHASES)
def purchase_cancel(request: CustomerRequest, public_id: UUID) -> HttpResponseBase:
    """Cancel the order: its licenses are withdrawn, as if it had not been entered."""
    page = Changing(request, public_id, "cancel")
    form = FinalForm(page.sent, purchase=page.purchase)

    def act(ask: Asked) -> str:
        cancel_purchase(page.purchase, cancel(page.purchase, ask))
        return _("Order %(number)s is cancelled.") % {"number": page.number}

    return page.answer(form, lambda ask: [effect_of(cancel(page.purchase, ask))], act)


@form_view
@customer_view(Right.CORRECT_PURCHASES)
def purchase_void(request: CustomerRequest, public_id: UUID, license: UUID) -> HttpResponseBase:
    """Take one license out of the order: it ends now, or it never was."""
    never = NEVER in request.GET
    page = Changing(request, public_id, f"void/{license}/{'never' if never else 'now'}")
    found = next((one for one in page.licenses if one.public_id == license), None)
    if found is None:
        raise Http404("no such license")
    form = (FinalForm if never else ReasonForm)(page.sent, purchase=page.purchase)

    def command(ask: Asked) -> VoidLine | WithdrawLine:
        kind = WithdrawLine if never else VoidLine
        return kind(customer=request.customer, asked=ask, purchase=page.purchase, license=found)

    def act(ask: Asked) -> str:
        void_line(page.purchase, command(ask))
        return _("%(license)s is voided.") % {"license": found.label}

    context = {"license": found, "never": never, "way": "void"}
    return page.answer(form, lambda ask: [effect_of(command(ask))], act, **context)


@form_view
@customer_view(Right.CORRECT_PURCHASES)
def purchase_move(request: CustomerRequest, public_id: UUID) -> HttpResponseBase:
    """Move the order to the right customer, chosen among one's own."""
    search = CustomerSearch(request.GET)
    to = own_customer(request, request.GET.get("to", ""))
    page = Changing(request, public_id, f"move/{to.public_id if to else ''}")
    if to is None:
        found = other_customers(request, search.words)
        return page.show(None, (), search=search, found=found)
    form = MoveForm(page.sent, purchase=page.purchase)

    def act(ask: Asked) -> str:
        page.goes_to = move_purchase(page.purchase, move(page.purchase, to, ask))
        told = {"number": page.number, "name": to.name}
        return _("Order %(number)s is moved to %(name)s.") % told

    def effects(ask: Asked) -> list[Any]:
        leaves = effect_of(move(page.purchase, to, ask))
        return [leaves, effect_of_lots(to, lots_of(page.purchase))]

    return page.answer(form, effects, act, to=to)


@form_view
@customer_view(Right.CORRECT_PURCHASES)
def purchase_amend(request: CustomerRequest, public_id: UUID) -> HttpResponseBase:
    """State the order again as it should have been; what it does is shown before it is done."""
    page = Changing(request, public_id, "amend")
    form = AmendForm(page.sent, purchase=page.purchase, terms=page.terms)
    if page.sent is None:
        return page.show(form, ())
    if not form.is_valid():
        return page.show(form, (), status=422)
    days: dict[str, Any] = {"days_token": form.days_token}
    confirmed = request.POST.get("unusual") == form.days_token

    def command(ask: Asked) -> AmendOrder:
        return AmendOrder(
            customer=request.customer,
            asked=ask,
            purchase=page.purchase,
            amendment=form.amendment(confirmed=confirmed),
        )

    def act(ask: Asked) -> str:
        changed = amend_purchase(page.purchase, command(ask))
        return _("Order %(number)s is amended.") % {"number": changed.order_number}

    said = command(page.trial).content()
    try:
        if DO in request.POST:
            return page.do(form, lambda ask: [effect_of(command(ask))], act, said)
        return page.show(
            form, [effect_of(command(page.trial))], said=said, confirmed=confirmed, **days
        )
    except UnusualTerm as asks:
        form.refuse(asks)
        return page.show(form, (), status=422, unusual=True, **days)
    except CreditsError as refusal:
        return page.refused(form, refusal)


__all__ = ["purchase_amend", "purchase_cancel", "purchase_move", "purchase_void"]
