"""Seat licenses: what a customer has, entered by sales, added by an activation code."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from billing.domain.conversion import guessing
from billing.domain.conversion.activating import Offered, activate_code, offer
from billing.domain.conversion.codes import clean_code
from billing.domain.conversion.in_force import likely_renewal
from billing.domain.conversion.listing import SeatState, matching, seat_rows
from billing.domain.conversion.seats import Seats
from billing.domain.conversion.terms import enter_entitlement, renew_entitlement
from billing.domain.orders import UnusualTerm
from billing.forms.lists import KeptForm
from billing.forms.seats import CodeForm, SeatForm, seal, unseal
from billing.models import Entitlement, EntitlementTerm
from billing.tables.seats import SeatTable
from billing.views.sales import show_count
from billing.web.seat_page import (
    SeatEffect,
    entitlement_named,
    license_url,
    prefilled,
    told,
    typed_seats,
)
from credits import clock
from credits.domain.door import Delayed
from credits.domain.figures import standing
from credits.domain.members import NoLongerAllowed
from credits.domain.people import Right
from credits.domain.terms import YEAR, last_day
from credits.exceptions import CreditsError, KeyConflict
from credits.web.access import CustomerRequest, customer_view
from credits.web.address import client_address
from credits.web.asking import asked, form_key
from credits.web.exports import export
from credits.web.feedback import done
from credits.web.htmx import announce, is_fragment, redirect, render_page

CONFLICT, REFUSED, TOO_MANY = 409, 422, 429
EFFECT = "effect"


@require_safe
@customer_view(Right.VIEW)
def seat_list(request: CustomerRequest) -> HttpResponseBase:
    """Every term of every seat license with its arithmetic, and the codes that wait."""
    now = clock.now()
    may_add, may_enter = (
        right in request.rights for right in (Right.ADD_LICENSES, Right.ENTER_PURCHASES)
    )
    wanted = KeptForm(request.GET)
    keep = wanted.kept(SeatState.values)
    rows = seat_rows(request.customer, now, shows_codes=may_add)
    found = matching(rows, wanted.words, keep)
    table = SeatTable(
        found, may_add=may_add, may_enter=may_enter, caption=_("Seat licenses")
    ).configure(request)
    if file := export(request, table):
        return file
    context = {
        "table": table,
        "holds_any": bool(rows),
        "words": wanted.words,
        "keep": keep,
        "states": SeatState.choices,
        "may_add": may_add,
        "may_enter": may_enter,
    }
    response = render_page(request, "billing/seat_list.html", context, fragment="table")
    return announce(response, table.sorted_by)


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.ENTER_PURCHASES)
def seat_new(request: CustomerRequest) -> HttpResponseBase:
    """Enter a seat license or its renewal: the arithmetic and the effect first, then saved."""
    request.desk = "sales"
    sent = request.POST if request.method == "POST" else request.GET
    renews = entitlement_named(request.customer, sent.get("renews", ""))
    if sent.get("renews") and renews is None:
        raise Http404("no such seat license")
    if request.method != "POST":
        initial = sent.dict() if is_fragment(request) else prefilled(likely(request, renews))
        return show_form(request, SeatForm(initial=initial), renews)
    if "preview" in request.POST:
        return show_form(request, SeatForm(initial=request.POST.dict()), renews)
    form = SeatForm(request.POST)
    if not form.is_valid():
        return show_form(request, form, renews, REFUSED)
    try:
        made = enter(request, form, renews)
    except NoLongerAllowed as refusal:
        raise PermissionDenied(refusal.message) from None
    except CreditsError as refusal:
        form.asks_unusual = form.asks_unusual or isinstance(refusal, UnusualTerm)
        form.put(refusal.message, refusal.field)
        status = CONFLICT if isinstance(refusal, KeyConflict) else REFUSED
        return show_form(request, form, renews, status)
    done(request, told(made))
    return redirect(request, license_url(made))


def enter(request: CustomerRequest, form: SeatForm, renews: Entitlement | None) -> EntitlementTerm:
    """Carry out what a valid form asks."""
    ask = asked(request, form_name(request, renews))
    code, right = form.cleaned_data["code"], Right.ENTER_PURCHASES
    if renews is None:
        return enter_entitlement(request.customer, form.seats(), ask, code=code, right=right)
    return renew_entitlement(renews, form.seats(), ask, code=code, right=right)


def likely(request: CustomerRequest, renews: Entitlement | None) -> Seats:
    """What the form begins with: the renewal, or a year from today."""
    now = clock.now()
    if renews is not None:
        return likely_renewal(renews, now)
    today = clock.day_of(now)
    return Seats(product="", units=0, first_day=today, last_day=last_day(today, YEAR))


def show_form(
    request: CustomerRequest, form: SeatForm, renews: Entitlement | None, status: int = 200
) -> HttpResponse:
    """The form with its effect: the page, or only what typing changes."""
    is_typing = request.htmx.target == EFFECT
    if not is_fragment(request):
        show_count(request)
    typed = form.data if form.is_bound else form.initial
    if not form.is_bound and str(form.initial.get("units", "")) == "0":
        form.initial["units"] = ""
    live = standing(request.customer, now=clock.now()).live
    context = {
        "form": form,
        "form_key": form_key(request, form_name(request, renews)),
        "effect": SeatEffect(request.customer, live, typed_seats(typed)),
        "renews": renews,
    }
    fragment = EFFECT if is_typing else "seat"
    response = render_page(request, "billing/seat_new.html", context, fragment, status)
    return announce(response, context["effect"].outlook) if is_typing else response  # type: ignore[attr-defined]


def form_name(request: CustomerRequest, renews: Entitlement | None) -> str:
    """What the form's key is bound to, beside the person."""
    return f"seats/{request.customer.public_id}/{renews.public_id if renews else 'new'}"


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.ADD_LICENSES, open_when_locked=True)
def code_enter(request: CustomerRequest) -> HttpResponseBase:
    """Add a license by its activation code: what it would give first, then once and for all."""
    if request.method != "POST":
        return show_code(request, CodeForm())
    if request.POST.get("act") == "confirm":
        return confirm_code(request)
    form = CodeForm(request.POST)
    if not form.is_valid():
        return show_code(request, form, status=REFUSED)
    try:
        code = clean_code(form.cleaned_data["code"])
        place = guessing.take_place(request.user, request.customer, client_address(request))
        offered = offer(request.customer, code, clock.now())
    except CreditsError as refusal:
        return refuse_code(request, form, refusal)
    return show_offer(request, offered, place.pk)


def confirm_code(request: CustomerRequest) -> HttpResponseBase:
    """Use the code that a preview showed. Its text is not sent again."""
    seen = unseal(request.POST.get("seen", ""), request.user, request.customer)
    if seen is None:
        form = CodeForm({"code": ""})
        form.errors.clear()
        form.add_error("code", _("This preview cannot be used any more. Enter the code again."))
        return show_code(request, form, status=REFUSED)
    try:
        ask = asked(request, code_form_name(request))
        made = activate_code(request.customer, seen["code"], ask)
    except NoLongerAllowed as refusal:
        raise PermissionDenied(refusal.message) from None
    except CreditsError as refusal:
        form = CodeForm({"code": ""})
        form.errors.clear()
        return refuse_code(request, form, refusal)
    guessing.take_back(seen["place"], request.user)
    done(request, told(made))
    return redirect(request, license_url(made))


def refuse_code(request: CustomerRequest, form: CodeForm, refusal: CreditsError) -> HttpResponse:
    """The form again, with the sentence that the code deserves."""
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
    if isinstance(refusal, Delayed):
        response = show_code(request, form, status=TOO_MANY)
        response.headers["Retry-After"] = str(refusal.seconds)
        return response
    status = CONFLICT if isinstance(refusal, KeyConflict) else REFUSED
    return show_code(request, form, status=status)


def show_code(request: CustomerRequest, form: CodeForm, status: int = 200) -> HttpResponse:
    """The form of a code."""
    context = {"form": form, "offered": None, "is_shut": request.access.is_shut}
    return render_page(request, "billing/code_enter.html", context, status=status)


def show_offer(request: CustomerRequest, offered: Offered, place: int) -> HttpResponse:
    """What a code would give, with the button that uses it."""
    live = standing(request.customer, now=clock.now()).live
    is_shut = request.access.is_shut
    seen = {"code": str(offered.code.public_id), "place": place}
    context = {
        "form": CodeForm(),
        "offered": offered,
        "effect": SeatEffect(request.customer, live, offered.seats, is_shut=is_shut),
        "form_key": form_key(request, code_form_name(request)),
        "seen": seal(seen, request.user, request.customer),
        "is_shut": is_shut,
    }
    return render_page(request, "billing/code_enter.html", context)


def code_form_name(request: CustomerRequest) -> str:
    """What the key of a confirmation is bound to, beside the person."""
    return f"activation/{request.customer.public_id}"
