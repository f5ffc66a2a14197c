"""A purchase from the desk: whom it is for is found by typing, or made with the first order."""

from __future__ import annotations

from functools import cached_property

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing.domain import first_purchase
from billing.domain.first_purchase import LooksAlike
from billing.domain.renewals import LikelyLine
from billing.forms.lists import ListForm
from billing.forms.new_customer import FIELDS, NewCustomerForm
from billing.forms.purchase_state import Around
from billing.forms.purchases import PurchaseForm
from billing.models import Purchase, PurchaseDraft
from billing.views.purchase_entry import REFUSED, Entry
from billing.views.sales import show_count
from credits import clock
from credits.domain.figures import Figure, Position
from credits.domain.finding import customers_called
from credits.domain.people import customers_for, leads_sales
from credits.exceptions import CreditsError
from credits.web.access import PortalRequest, sales_view
from credits.web.asking import asked
from credits.web.htmx import is_fragment, redirect, render_page

FOUND = 8
"""Customers that are listed while a name is typed."""


@require_http_methods(["GET", "HEAD", "POST"])
@sales_view
def sales_purchase_new(request: PortalRequest) -> HttpResponseBase:
    """Find the customer, or enter a new one together with its first order."""
    if request.method == "POST" or "new" in request.GET:
        return FirstEntry(request).answer()
    return choose(request)


def choose(request: PortalRequest) -> HttpResponseBase:
    """The person's customers by name, number or domain; the only one found is opened at once."""
    words = ListForm(request.GET).words
    mine = customers_for(request.user).exclude(memberships__user=request.user)
    named = customers_called(mine, words).order_by("name", "pk")
    found = list(named[: FOUND + 1]) if words else []
    whole = not is_fragment(request)
    if whole and len(found) == 1:
        return redirect(request, reverse("billing:purchase-new", args=[found[0].slug]))
    if whole:
        show_count(request)
    more = len(found) > FOUND
    context = {"words": words, "found": found[:FOUND], "more": more, "whole": whole}
    return render_page(request, "billing/purchase_choose.html", context, fragment="found")


class FirstEntry(Entry):
    """The form of a first order: nobody stands behind it yet, so every figure begins at zero."""

    def __init__(self, request: PortalRequest) -> None:
        self.request = request
        self.customer = None
        self.now = clock.now()
        self.key_name = "first-purchase"
        self.url = reverse("billing:sales-purchase-new")
        self.file_refusal = ""
        self.alike: LooksAlike | None = None
        self.licenses = []
        self.anchors = {}
        self.position = Position(
            at=self.now, known=self.now, figure=Figure(0, 0), by_license={}, by_feature={}, ahead=()
        )
        self.draft = self.known = None

    @cached_property
    def around(self) -> Around:
        """Of a new customer nothing is known."""
        return Around(licenses=[], url=self.url, today=clock.day_of(self.now))

    def whom(self, *, sent: bool = False) -> NewCustomerForm:
        """The new customer's own fields."""
        data = self.request.POST if self.request.method == "POST" else self.request.GET
        reps = first_purchase.reps() if leads_sales(self.request.user) else None
        known = {name: data.get(name, "") for name in FIELDS}
        return NewCustomerForm(data if sent else None, reps=reps, initial=known)

    def opened(self) -> PurchaseForm:
        """A year from today is the likely term."""
        line = LikelyLine(self.around.today)
        return PurchaseForm.fresh(self.around, line, customer=self.whom())

    def typed(self) -> PurchaseForm:
        """The form as it is being filled in."""
        return PurchaseForm.typed(self.around, self.request.POST, customer=self.whom())

    def sent(self) -> PurchaseForm:
        """The form as it was sent."""
        return PurchaseForm.sent(self.around, self.request.POST, customer=self.whom(sent=True))

    def enter(self, form: PurchaseForm) -> Purchase | PurchaseDraft:
        """Make the customer and enter its order."""
        if form.customer is None:
            raise PermissionDenied
        new = form.customer.new_customer(str(self.request.POST.get("alike", "")))
        ask = asked(self.request, self.key_name)
        return first_purchase.enter_first(new, form.order(), self.kept(form), ask)

    def save(self, form: PurchaseForm) -> HttpResponseBase:
        """A draft belongs to a customer, and there is none yet."""
        form.problems.append(
            _("A draft belongs to a customer. Confirm the first purchase to make this one.")
        )
        return self.page(form, status=REFUSED)

    def name_of(self, form: PurchaseForm) -> str:
        """The name as it is typed so far."""
        typed = form.customer["name"].value() if form.customer else ""
        return str(typed or "").strip() or _("The new customer")

    def beside(self) -> dict[str, object]:
        """The customers that look like the new one."""
        return {"alike": self.alike, "alike_confirmed": self.request.POST.get("alike", "")}

    def refused(self, form: PurchaseForm, refusal: CreditsError) -> HttpResponse:
        """The form again; with the question whether a second customer is meant."""
        if isinstance(refusal, LooksAlike):
            self.alike = refusal
        return super().refused(form, refusal)
