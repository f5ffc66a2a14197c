"""Step two, purchase: an order is entered for a customer, and shown for ever after."""

from __future__ import annotations

from functools import cached_property
from uuid import UUID

from django import forms
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from billing.domain.licenses import state_of
from billing.domain.order_effect import Effect, effect_of
from billing.domain.orders import Order
from billing.domain.purchases import (
    OrderNumberTaken,
    order_state,
    purchases_of,
    record_purchase,
)
from billing.domain.renewals import LikelyLine, licenses_around, likely_line, renewable, renewal_of
from billing.domain.request_lists import requests_of
from billing.forms.fields import CreditsField, DayField
from billing.forms.order_details import CURRENCIES
from billing.forms.purchases import Around, PurchaseForm
from billing.models import CreditRequest, Purchase
from billing.views.sales import show_count
from billing.web.links import Explain
from credits import clock
from credits.domain.figures import Position, standing
from credits.domain.people import Right, customers_for
from credits.exceptions import CreditsError, KeyConflict
from credits.templatetags.figures import DAY, credits_text, last_day_text
from credits.web.access import CustomerRequest, customer_view
from credits.web.asking import asked, form_key
from credits.web.feedback import done
from credits.web.htmx import announce, is_fragment, redirect, render_page

PAGE = "billing/purchase_form.html"
EFFECT = "effect"
DRAFTING = ("add", "remove", "join", "preview")
"""Buttons of the form that change or show the draft and record nothing."""

CONFLICT, REFUSED = 409, 422


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.ENTER_PURCHASES)
def purchase_new(request: CustomerRequest) -> HttpResponseBase:
    """The form of an order: likely answers first, its effect while it is typed, then recorded."""
    request.desk = "sales"
    entry = Entry(request)
    if request.method != "POST":
        return entry.page(PurchaseForm.fresh(entry.around, entry.wanted_line()))
    if entry.is_draft:
        return entry.page(PurchaseForm.typed(entry.around, request.POST))
    form = PurchaseForm.sent(entry.around, request.POST)
    if not form.is_valid():
        return entry.page(form, status=REFUSED)
    try:
        order = form.order()
        purchase = record_purchase(request.customer, order, asked(request, entry.key_name))
    except CreditsError as refusal:
        return entry.refused(form, refusal)
    done(request, sentence_of(order))
    return redirect(request, purchase_url(purchase))


@require_safe
@customer_view(Right.VIEW)
def purchase_detail(request: CustomerRequest, public_id: UUID) -> HttpResponseBase:
    """One order: what it asked for, who entered it when, and what it did to the books."""
    now = clock.now()
    orders = purchases_of(request.customer).select_related("credit_request")
    purchase = get_object_or_404(orders, public_id=public_id)
    context = {
        "purchase": purchase,
        "lines": [(line, state_of(line.license, now)) for line in purchase.lines.all()],
        "state": order_state(purchase, now),
        "entries": purchase.operation.entries.select_related("license").order_by("effective_at"),
        "sees_prices": Right.SEE_PRICES in request.rights,
        "may_enter": Right.ENTER_PURCHASES in request.rights,
        "now": now,
    }
    return render_page(request, "billing/purchase_detail.html", context)


class Entry:
    """What one request for the form stands on: the customer live, and what its order may renew."""

    def __init__(self, request: CustomerRequest) -> None:
        self.request = request
        self.customer = request.customer
        self.now = clock.now()
        self.licenses = licenses_around(self.customer, self.now)
        self.key_name = f"purchase/{self.customer.public_id}"
        """What the form's key is bound to, beside the person."""

    @property
    def is_typing(self) -> bool:
        """Whether only what typing changes is wanted."""
        return self.request.htmx.target == EFFECT

    @property
    def is_draft(self) -> bool:
        """Whether the form is only being filled in."""
        return self.is_typing or any(name in self.request.POST for name in DRAFTING)

    @cached_property
    def position(self) -> Position:
        """Where the customer stands; read only for a page that shows it."""
        return standing(self.customer, now=self.now).live

    @cached_property
    def last(self) -> Purchase | None:
        """The customer's newest purchase."""
        return purchases_of(self.customer).prefetch_related(None).first()

    @cached_property
    def around(self) -> Around:
        """What the form must know. The currency is likely that of the last price."""
        known = self.request.method != "POST" and self.last is not None
        currency = self.last.currency if known and self.last else ""
        return Around(
            licenses=renewable(self.licenses),
            url=reverse("billing:purchase-new", kwargs={"slug": self.customer.slug}),
            today=clock.day_of(self.now),
            currency=currency if currency in CURRENCIES else CURRENCIES[0],
            asked_for=self.asked_for,
        )

    @cached_property
    def asked_for(self) -> CreditRequest | None:
        """The request that the address or the form names, if it is one of the customer's."""
        sent = self.request.POST if self.request.method == "POST" else self.request.GET
        public_id = forms.UUIDField(required=False)
        try:
            named = public_id.clean(sent.get("request", ""))
        except forms.ValidationError:
            return None
        return requests_of(self.customer).filter(public_id=named).first() if named else None

    def wanted_line(self) -> LikelyLine:
        """The license a link asks for (a request, `renews`, `credits`), or the likely."""
        if self.asked_for is not None:
            begins = max(self.asked_for.needed_on, self.around.today)
            return LikelyLine(begins, self.asked_for.credits)
        asked_for = self.request.GET
        for license in self.around.licenses:
            if str(license.public_id) == asked_for.get("renews"):
                return renewal_of(license, self.position)
        credits = CreditsField(required=False).read(asked_for.get("credits", ""))
        first_day = DayField(required=False).read(asked_for.get("first_day", ""))
        if credits or first_day:
            return LikelyLine(first_day or self.around.today, credits)
        return likely_line(self.position, self.licenses)

    def page(
        self, form: PurchaseForm, *, status: int = 200, taken: Purchase | None = None
    ) -> HttpResponse:
        """The form with its effect: the page, the whole form, or only what typing changes."""
        is_whole = not is_fragment(self.request)
        if is_whole:
            show_count(self.request)
        effect = effect_of(form.complete, self.position, self.licenses)
        context = {
            "form": form,
            "form_key": form_key(self.request, self.key_name),
            "effect": effect,
            "explain": Explain.of(self.customer, self.position),
            "typing": self.request.htmx.trigger_name or "",
            "last": self.last if is_whole else None,
            "taken": taken,
        }
        fragment = EFFECT if self.is_typing else "order"
        response = render_page(self.request, PAGE, context, fragment=fragment, status=status)
        return announce(response, outlook_of(effect)) if self.is_typing else response

    def refused(self, form: PurchaseForm, refusal: CreditsError) -> HttpResponse:
        """The form again, with the purchase that is in its way if the person may see that."""
        form.refuse(refusal)
        taken = None
        if isinstance(refusal, OrderNumberTaken):
            seen = customers_for(self.request.user).filter(pk=refusal.purchase.customer_id)
            taken = refusal.purchase if seen.exists() else None
        status = CONFLICT if isinstance(refusal, KeyConflict) else REFUSED
        return self.page(form, status=status, taken=taken)


def outlook_of(effect: Effect) -> str:
    """What the live region says while an order is typed."""
    if effect.short_now:
        return _("Still short today.")
    if effect.short is not None:
        return _("Still short from %(day)s.") % {"day": date_text(effect.short.at, DAY)}
    if effect.covered_until is not None:
        return _("Covered until %(day)s.") % {"day": last_day_text(effect.covered_until)}
    return _("Never short.")


def purchase_url(purchase: Purchase) -> str:
    """The page of a purchase."""
    kwargs = {"slug": purchase.customer.slug, "public_id": purchase.public_id}
    return reverse("billing:purchase-detail", kwargs=kwargs)


def sentence_of(order: Order) -> str:
    """What is said once an order is recorded."""
    total = credits_text(sum(line.credits for line in order.lines))
    return _("Order %(number)s is recorded: %(total)s credits.") % {
        "number": order.order_number,
        "total": total,
    }
