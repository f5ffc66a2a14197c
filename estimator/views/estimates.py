"""The pages of step one: saved estimates, and the calculator."""

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

from billing.forms.lists import ListForm
from credits import clock
from credits.domain.people import Right
from credits.exceptions import CreditsError, KeyConflict, StaleView
from credits.templatetags.figures import credits_text
from credits.web.access import CustomerRequest, customer_view
from credits.web.asking import asked, form_key, mint_key
from credits.web.exports import export
from credits.web.feedback import done
from credits.web.htmx import announce, is_fragment, redirect, render_page
from estimator.domain.advice import Buy
from estimator.domain.listing import listed, matching
from estimator.domain.needs import Basis
from estimator.domain.pipeline import latest_of
from estimator.domain.saving import duplicate_estimate, save_estimate
from estimator.models import Estimate, HandOver
from estimator.tables import EstimateTable
from estimator.web.comparing import compare_url
from estimator.web.reading import sheet_of
from estimator.web.sheet import Sheet

PAGE = "estimator/estimate_edit.html"
UNPROCESSABLE, CONFLICT = 422, 409
FRAGMENTS = {
    "summary": "figures",
    "matches": "matches",
    "proposed": "proposed",
    "months": "monthly",
}
"""The partial that answers htmx, by the id of what it swaps; the whole form for any other."""


@require_safe
@customer_view(Right.VIEW)
def estimate_list(request: CustomerRequest) -> HttpResponseBase:
    """The customer's saved estimates."""
    words = ListForm(request.GET).words
    rows = matching(listed(request.customer, clock.now()), words)
    table = EstimateTable(rows, caption=_("Saved estimates")).configure(request)
    if file := export(request, table):
        return file
    context = {
        "table": table,
        "words": words,
        "new_url": new_url(request),
        "compare_url": compare_url(request.customer),
        "may_save": may_save(request),
    }
    response = render_page(request, "estimator/estimate_list.html", context, fragment="table")
    return announce(response, table.sorted_by) if is_fragment(request) else response


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.VIEW)
def estimate_new(request: CustomerRequest) -> HttpResponse:
    """The calculator, empty. Whoever may look may compute; saving has its own right."""
    return calculator(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.VIEW)
def estimate_edit(request: CustomerRequest, public_id: UUID) -> HttpResponse:
    """The calculator with a saved estimate."""
    estimates = Estimate.objects.for_customer(request.customer)
    rows = estimates.select_related("customer", "updated_by")
    estimate = get_object_or_404(rows, public_id=public_id)
    return calculator(request, estimate)


@require_POST
@customer_view(Right.ESTIMATE)
def estimate_duplicate(request: CustomerRequest, public_id: UUID) -> HttpResponse:
    """Save a copy under a new number and go there."""
    estimates = Estimate.objects.for_customer(request.customer).select_related("customer")
    estimate = get_object_or_404(estimates, public_id=public_id)
    try:
        saved = duplicate_estimate(
            estimate=estimate,
            asked=asked(request, copy_form(estimate)),
        )
    except CreditsError as error:
        messages.error(request, error.message)
        return redirect(request, edit_url(request, estimate))
    done(request, _("Copied to %(label)s.") % {"label": saved.estimate.label})
    return redirect(request, edit_url(request, saved.estimate))


def calculator(request: CustomerRequest, estimate: Estimate | None) -> HttpResponse:
    """Price what was typed, or save it: the same form, the same address."""
    data = request.POST if request.method == "POST" else None
    sheet = sheet_of(request.customer, estimate, data=data, query=request.GET, files=request.FILES)
    if sheet.act == "save":
        return save(request, sheet)
    return show(request, sheet, UNPROCESSABLE if sheet.is_refused else 200)


def save(request: CustomerRequest, sheet: Sheet) -> HttpResponse:
    """Save an estimate and go to its page; what cannot be saved stays as it was typed."""
    if not may_save(request):
        raise PermissionDenied(Right.ESTIMATE)
    sheet.form.need_name()
    sheet.lines.need_units()
    if not sheet.is_valid:
        return show(request, sheet, UNPROCESSABLE)
    try:
        saved = save_estimate(
            customer=request.customer,
            wanted=sheet.wanted,
            asked=asked(request, sheet.form_name),
        )
    except CreditsError as error:
        return refused(request, sheet, error)
    estimate = saved.estimate
    said = {"label": estimate.label, "version": estimate.version}
    done(request, _("Saved as %(label)s, version %(version)d.") % said)
    return redirect(request, edit_url(request, estimate, sheet.basis))


def refused(request: CustomerRequest, sheet: Sheet, error: CreditsError) -> HttpResponse:
    """The form again, with the reason; the next send is judged by what is true by then."""
    sheet.refuse(error)
    if isinstance(error, KeyConflict):
        return show(request, sheet, CONFLICT, key=mint_key(request, sheet.form_name))
    if isinstance(error, StaleView) and sheet.estimate is not None:
        sheet.estimate.refresh_from_db(fields=["version"])
        sheet.seen = sheet.estimate.version
    return show(request, sheet, UNPROCESSABLE)


def show(request: CustomerRequest, sheet: Sheet, status: int = 200, key: str = "") -> HttpResponse:
    """The page, or the part of it that a request made by htmx is for."""
    target = request.htmx.target if is_fragment(request) else ""
    fragment = FRAGMENTS.get(target or "", "calculator")
    context = {
        "sheet": sheet,
        "handed": None if is_fragment(request) else handed(sheet),
        "may_save": may_save(request),
        "key": key or form_key(request, sheet.form_name),
        "typing": fragment in ("figures", "monthly"),
        **links(request, sheet),
    }
    response = render_page(request, PAGE, context, fragment=fragment, status=status)
    if fragment == "figures" and target:
        said = {
            "level": credits_text(sheet.priced.level),
            "left": credits_text(sheet.remaining),
        }
        announce(response, _("Level to hold %(level)s, remaining %(left)s.") % said)
    return response


def handed(sheet: Sheet) -> HandOver | None:
    """How the estimate stands with sales; of the whole page only, not of what typing changes."""
    return latest_of(sheet.estimate) if sheet.estimate else None


def links(request: CustomerRequest, sheet: Sheet) -> dict[str, Any]:
    """Where one can go from the calculator."""
    found: dict[str, Any] = {"list_url": reverse("estimator:estimate-list", kwargs=slug(request))}
    if sheet.estimate is not None and may_save(request):
        kwargs = {**slug(request), "public_id": sheet.estimate.public_id}
        found["copy_url"] = reverse("estimator:estimate-duplicate", kwargs=kwargs)
        found["copy_key"] = mint_key(request, copy_form(sheet.estimate))
        found["share_url"] = reverse("estimator:estimate-links", kwargs=kwargs)
    if sheet.estimate is not None and Right.REQUEST_CREDITS in request.rights:
        found["hand_over_url"] = hand_over_url(sheet.estimate, sheet.basis)
        found["take_back_key"] = mint_key(request, hand_over_form(sheet.estimate))
    found["may_enter"] = Right.ENTER_PURCHASES in request.rights
    if found["may_enter"] and sheet.advice.buys:
        found["purchase_url"] = purchase_url(request, sheet.buys.headline)
    return found


def purchase_url(request: CustomerRequest, buy: Buy) -> str:
    """The purchase page with the advice filled in."""
    filled = {"credits": str(buy.credits), "first_day": buy.first_day.isoformat()}
    return f"{reverse('billing:purchase-new', kwargs=slug(request))}?{urlencode(filled)}"


def may_save(request: CustomerRequest) -> bool:
    return Right.ESTIMATE in request.rights


def copy_form(estimate: Estimate) -> str:
    return f"estimate-copy/{estimate.public_id}"


def hand_over_form(estimate: Estimate) -> str:
    return f"estimate-hand-over/{estimate.public_id}"


def hand_over_url(estimate: Estimate, basis: Basis) -> str:
    """Where an estimate is handed over, in the view that is open."""
    kwargs = {"slug": estimate.customer.slug, "public_id": estimate.public_id}
    url = reverse("estimator:estimate-hand-over", kwargs=kwargs)
    return url if basis == Basis.INSTEAD else f"{url}?basis={basis.value}"


def slug(request: CustomerRequest) -> dict[str, Any]:
    return {"slug": request.customer.slug}


def new_url(request: CustomerRequest) -> str:
    return reverse("estimator:estimate-new", kwargs=slug(request))


def edit_url(request: CustomerRequest, estimate: Estimate, basis: Basis = Basis.INSTEAD) -> str:
    """An estimate's page, in the view that is open."""
    url = reverse(
        "estimator:estimate-edit", kwargs={**slug(request), "public_id": estimate.public_id}
    )
    return url if basis == Basis.INSTEAD else f"{url}?basis={basis.value}"
