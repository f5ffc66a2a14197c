"""Estimates on their way to a purchase: handed over, taken back, confirmed by sales."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.domain.purchases import OrderNumberTaken
from billing.domain.second_look import NeedsSecondLook
from billing.forms.lists import KeptForm
from billing.views.purchase_entry import sentence_of
from billing.views.sales import show_count
from billing.web.links import purchase_url
from credits import clock
from credits.domain.members import NoLongerAllowed
from credits.domain.people import Right, customers_for
from credits.exceptions import CreditsError, KeyConflict, StaleView, UnknownObject
from credits.templatetags.figures import credits_text
from credits.web.access import CustomerRequest, PortalRequest, customer_view, sales_view
from credits.web.asking import asked, form_key
from credits.web.exports import export
from credits.web.feedback import done
from credits.web.htmx import announce, redirect, render_page
from estimator.domain import pipeline
from estimator.domain.hand_over import (
    HandOverEstimate,
    SettleEstimate,
    TakeBackEstimate,
    hand_over,
    order_of,
    proposed_number,
    purchase_from_estimate,
    settle_estimate,
    take_back,
)
from estimator.domain.needs import Basis
from estimator.forms.estimate import basis_of
from estimator.forms.orders import HandOverForm, OrderForm
from estimator.models import Estimate, HandOver
from estimator.tables import HandOverTable
from estimator.views.estimates import edit_url, hand_over_form
from estimator.web.hand_over import Handing, Ordering

INVALID, CONFLICT = 422, 409


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.REQUEST_CREDITS)
def estimate_hand_over(request: CustomerRequest, public_id: UUID) -> HttpResponseBase:
    """What is handed over, before it is; sending it tells sales."""
    estimate = estimate_of(request, public_id)
    if request.method != "POST":
        return show_handing(request, estimate, basis_of(request.GET.get("basis")))
    form = HandOverForm(request.POST)
    if not form.is_valid():
        stale = StaleView(_("These figures could not be read. Look at them, and send them again."))
        return show_handing(request, estimate, basis_of(request.POST.get("basis")), stale)
    told = form.cleaned_data
    basis = Basis(told.pop("basis"))
    try:
        made = hand_over(
            HandOverEstimate(
                customer=request.customer,
                asked=asked(request, hand_over_form(estimate)),
                estimate=public_id,
                basis=basis,
                **told,
            )
        )
    except NoLongerAllowed as refusal:
        raise PermissionDenied(refusal.message) from None
    except CreditsError as error:
        return show_handing(request, estimate, basis, error)
    text = _("Estimate %(number)s is handed over to sales: %(credits)s credits.")
    done(request, text % {"number": estimate.label, "credits": credits_text(made.credits)})
    return redirect(request, edit_url(request, estimate))


@require_POST
@customer_view(Right.REQUEST_CREDITS)
def estimate_take_back(request: CustomerRequest, public_id: UUID) -> HttpResponse:
    """Take an estimate back that waits for sales."""
    estimate = estimate_of(request, public_id)
    try:
        ask = asked(request, hand_over_form(estimate))
        take_back(TakeBackEstimate(customer=request.customer, asked=ask, estimate=public_id))
    except NoLongerAllowed as refusal:
        raise PermissionDenied(refusal.message) from None
    except CreditsError as error:
        messages.error(request, error.message)
    else:
        done(request, _("Estimate %(number)s is taken back.") % {"number": estimate.label})
    return redirect(request, edit_url(request, estimate))


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.ENTER_PURCHASES)
def estimate_order(request: CustomerRequest, public_id: UUID) -> HttpResponseBase:
    """The one confirmation that turns an estimate into a purchase."""
    request.desk = "sales"
    estimate = estimate_of(request, public_id)
    found = pipeline.latest_of(estimate)
    if found is None:
        text = _("Estimate %(number)s is not handed over to sales.")
        messages.error(request, text % {"number": estimate.label})
        return redirect(request, edit_url(request, estimate))
    if request.method != "POST":
        return show_order(request, found)
    form = OrderForm(request.POST)
    if not form.is_valid():
        return show_order(request, found, form)
    order = order_of(found, **form.cleaned_data)
    try:
        purchase = purchase_from_estimate(found, order, asked(request, order_form(found)))
    except NeedsSecondLook as refusal:
        messages.warning(request, refusal.message)
        return redirect(request, whole_form_url(found, order.lines[0].first_day.isoformat()))
    except CreditsError as error:
        return show_order(request, found, form, error)
    done(request, sentence_of(order))
    return redirect(request, purchase_url(purchase))


@require_POST
@customer_view(Right.ENTER_PURCHASES)
def estimate_settle(request: CustomerRequest, public_id: UUID) -> HttpResponse:
    """Say which order an estimate became that was entered by itself."""
    estimate = estimate_of(request, public_id)
    found = pipeline.latest_of(estimate)
    try:
        if found is None:
            raise UnknownObject(_("This estimate is not handed over. Nothing was changed."))
        settle_estimate(
            SettleEstimate(
                customer=request.customer,
                asked=asked(request, order_form(found)),
                estimate=public_id,
                purchase=order_id(request.POST.get("order", "")),
            )
        )
    except NoLongerAllowed as refusal:
        raise PermissionDenied(refusal.message) from None
    except CreditsError as error:
        messages.error(request, error.message)
    else:
        done(request, _("Estimate %(number)s is marked as purchased.") % {"number": estimate.label})
    return redirect(request, edit_url(request, estimate))


@require_safe
@sales_view
def sales_estimates(request: PortalRequest) -> HttpResponseBase:
    """What the person's customers handed over: those that wait first, the earliest needed lead."""
    wanted = KeptForm(request.GET)
    keep = wanted.kept(pipeline.Stage.values)
    found = pipeline.matching(pipeline.hand_overs_for(request.user, keep), wanted.words)
    table = HandOverTable(found, caption=_("Estimates handed over")).configure(request)
    if file := export(request, table):
        return file
    stages = pipeline.Stage.choices
    context = {"table": table, "words": wanted.words, "keep": keep, "stages": stages}
    show_count(request)
    response = render_page(request, "estimator/sales_estimates.html", context, fragment="table")
    return announce(response, table.sorted_by)


def estimate_of(request: CustomerRequest, public_id: UUID) -> Estimate:
    """The customer's estimate of an address, or 404."""
    rows = Estimate.objects.for_customer(request.customer).select_related("customer")
    return get_object_or_404(rows, public_id=public_id)


def order_id(text: str) -> UUID:
    """The order that a form's button names. Raises UnknownObject for what names none."""
    try:
        return UUID(text)
    except ValueError:
        raise UnknownObject(_("Choose the order. Nothing was changed.")) from None


def show_handing(
    request: CustomerRequest, estimate: Estimate, basis: Basis, error: CreditsError | None = None
) -> HttpResponse:
    """The page before a hand-over, with why nothing was sent where that is so."""
    page = Handing(estimate, basis, clock.now())
    context = {
        "page": page,
        "explain": page.explain,
        "error": "" if error is None else error.message,
        "key": form_key(request, hand_over_form(estimate)),
        "estimate_url": edit_url(request, estimate, basis),
    }
    return render_page(request, "estimator/hand_over.html", context, status=status_of(error))


def show_order(
    request: CustomerRequest,
    found: HandOver,
    form: OrderForm | None = None,
    error: CreditsError | None = None,
) -> HttpResponse:
    """The page that confirms, with the order that is in its way where the person may see it."""
    page = Ordering(found, clock.now())
    if form is None:
        number, day = proposed_number(found), page.first_day.isoformat()
        form = OrderForm(initial={"order_number": number, "first_day": day})
    taken = None
    if error is not None:
        form.add_error(error.field if error.field in form.fields else None, error.message)
    if isinstance(error, OrderNumberTaken):
        seen = customers_for(request.user).filter(pk=error.purchase.customer_id)
        taken = error.purchase if seen.exists() else None
    show_count(request)
    context: dict[str, Any] = {
        "page": page,
        "form": form,
        "taken": taken,
        "key": form_key(request, order_form(found)),
        "explain": page.explain,
        "whole_form_url": whole_form_url(found, page.first_day.isoformat()),
        "estimate_url": edit_url(request, found.estimate),
    }
    status = status_of(error) if error else (INVALID if form.errors else 200)
    return render_page(request, "estimator/order.html", context, status=status)


def status_of(error: CreditsError | None) -> int:
    """The status of a page that says why nothing was changed, if that is so."""
    if error is None:
        return 200
    return CONFLICT if isinstance(error, KeyConflict) else INVALID


def order_form(found: HandOver) -> str:
    """What the confirmation's key is bound to, beside the person."""
    return f"estimate-order/{found.public_id}"


def whole_form_url(found: HandOver, first_day: str) -> str:
    """The whole form of an order, filled in with what was handed over."""
    address = reverse("billing:purchase-new", kwargs={"slug": found.estimate.customer.slug})
    filled = {"credits": str(found.credits), "first_day": first_day}
    return f"{address}?{urlencode(filled)}"
