"""Credit requests: asked and withdrawn by a customer, answered by sales, seen by both."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.domain.request_lists import cause_text, requests_of
from billing.domain.requests import (
    WAITING,
    AnswerRequest,
    RequestCredits,
    WithdrawRequest,
    answer_request,
    request_credits,
    withdraw_request,
)
from billing.forms.requests import AnswerForm, RequestForm
from billing.models import CreditRequest, RequestCause, RequestState
from billing.tables.requests import RequestTable
from billing.web.links import explain_url
from billing.web.request_page import Asking, likely, story_of
from credits import clock
from credits.domain.figures import Position, standing
from credits.domain.members import NoLongerAllowed
from credits.domain.people import Right
from credits.exceptions import CreditsError, KeyConflict, UnknownObject
from credits.models import Customer
from credits.templatetags.figures import credits_text
from credits.web.access import CustomerRequest, customer_view
from credits.web.asking import asked, form_key
from credits.web.exports import export
from credits.web.feedback import done
from credits.web.htmx import announce, is_fragment, redirect, render_page

INVALID, CONFLICT = 422, 409
EFFECT = "effect"


@require_safe
@customer_view(Right.VIEW, open_when_locked=True)
def request_list(request: CustomerRequest) -> HttpResponseBase:
    """What was asked of sales, the newest first, each with its state."""
    table = RequestTable(requests_of(request.customer), caption=_("Requests"))
    table.configure(request)
    if file := export(request, table):
        return file
    context = {"table": table, "may_ask": Right.REQUEST_CREDITS in request.rights}
    response = render_page(request, "billing/request_list.html", context, fragment="table")
    return announce(response, table.sorted_by)


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.REQUEST_CREDITS, open_when_locked=True)
def request_new(request: CustomerRequest) -> HttpResponseBase:
    """The form of a request, filled in by the link that led here; sending it tells sales."""
    if request.method != "POST":
        live = live_of(request)
        return show_form(request, RequestForm(initial=prefilled(request, live)), live)
    if "preview" in request.POST:
        return show_form(request, RequestForm(initial=request.POST.dict()))
    form = RequestForm(request.POST)
    if not form.is_valid():
        return show_form(request, form, status=INVALID)
    try:
        made = request_credits(command_of(request, form))
    except NoLongerAllowed as refusal:
        raise PermissionDenied(refusal.message) from None
    except CreditsError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return show_form(request, form, status=status_of(error))
    text = _("Request %(number)s for %(credits)s credits is sent to sales.")
    done(request, text % {"number": made.label, "credits": credits_text(made.credits)})
    return redirect(request, detail_url(made))


def command_of(request: CustomerRequest, form: RequestForm) -> RequestCredits:
    """What a valid form asks for."""
    told = form.cleaned_data
    return RequestCredits(
        customer=request.customer,
        asked=asked(request, form_name(request.customer), reason=told["words"]),
        credits=told["credits"],
        needed_on=told["on"],
        cause=told["cause"],
    )


@require_safe
@customer_view(Right.VIEW, open_when_locked=True)
def request_detail(request: CustomerRequest, public_id: UUID) -> HttpResponseBase:
    """One request as a story in time order, with what may be done about it."""
    return show_detail(request, public_id, AnswerForm())


@require_POST
@customer_view(Right.REQUEST_CREDITS, open_when_locked=True)
def request_withdraw(request: CustomerRequest, public_id: UUID) -> HttpResponseBase:
    """Take a request back."""
    try:
        ask = asked(request, form_name(request.customer, public_id))
        found = withdraw_request(
            WithdrawRequest(customer=request.customer, asked=ask, public_id=public_id)
        )
    except CreditsError as error:
        return refused(request, public_id, error, AnswerForm())
    done(request, _("Request %(number)s is withdrawn.") % {"number": found.label})
    return redirect(request, detail_url(found))


@require_POST
@customer_view(Right.ENTER_PURCHASES)
def request_answer(request: CustomerRequest, public_id: UUID) -> HttpResponseBase:
    """Answer a request; who asked is told by mail."""
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return show_detail(request, public_id, form, status=INVALID)
    try:
        name = form_name(request.customer, public_id)
        ask = asked(request, name, reason=form.cleaned_data["answer"])
        found = answer_request(
            AnswerRequest(customer=request.customer, asked=ask, public_id=public_id)
        )
    except CreditsError as error:
        return refused(request, public_id, error, form)
    done(request, _("Request %(number)s is answered.") % {"number": found.label})
    return redirect(request, detail_url(found))


def refused(
    request: CustomerRequest, public_id: UUID, error: CreditsError, form: AnswerForm
) -> HttpResponseBase:
    """The page again with why nothing was changed, and what was typed."""
    if isinstance(error, UnknownObject):
        raise Http404(error.message)
    if isinstance(error, NoLongerAllowed):
        raise PermissionDenied(error.message)
    return show_detail(request, public_id, form, error=error.message, status=status_of(error))


def status_of(error: CreditsError) -> int:
    """The status of a page that says why nothing was changed."""
    return CONFLICT if isinstance(error, KeyConflict) else INVALID


def live_of(request: CustomerRequest) -> Position:
    """Where the customer stands now."""
    return standing(request.customer, now=clock.now()).live


def prefilled(request: CustomerRequest, live: Position) -> dict[str, Any]:
    """What a link brings (`credits`, `on`, `cause`); without credits the shortage that is known.

    What it can't mean is left out, so that a stale link still opens.
    """
    said = RequestForm(request.GET)
    said.is_valid()
    today = clock.day_of(clock.now())
    found: dict[str, Any] = {}
    if "cause" in said.cleaned_data:
        found["cause"] = said.cleaned_data["cause"]
    if "on" in said.cleaned_data:
        found["on"] = max(said.cleaned_data["on"], today).isoformat()
    if said.cleaned_data.get("credits"):
        found["credits"] = f"{said.cleaned_data['credits']:,}"
    elif not is_fragment(request):
        found = likely(live) | found
    found.setdefault("on", today.isoformat())
    found.setdefault("cause", RequestCause.OTHER)
    return found


def show_form(
    request: CustomerRequest, form: RequestForm, live: Position | None = None, status: int = 200
) -> HttpResponse:
    """The form with its effect: the page, or only what typing changes."""
    key = form_key(request, form_name(request.customer))
    page = Asking(
        request.customer,
        form,
        live or live_of(request),
        key=key,
        is_shut=request.access.is_shut,
    )
    is_typing = request.htmx.target == EFFECT
    fragment = EFFECT if is_typing else "request"
    context = {"page": page, "form": form}
    response = render_page(request, "billing/request_new.html", context, fragment, status)
    return announce(response, page.outlook) if is_typing else response


def show_detail(
    request: CustomerRequest,
    public_id: UUID,
    form: AnswerForm,
    *,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page of one request."""
    found = get_object_or_404(requests_of(request.customer), public_id=public_id)
    is_sales = Right.ENTER_PURCHASES in request.rights
    waits = found.state in WAITING
    context = {
        "row": found,
        "cause": cause_text(found),
        "cause_url": "" if request.access.is_shut else cause_url(found),
        "story": story_of(found),
        "form": form,
        "error": error,
        "key": form_key(request, form_name(request.customer, public_id)),
        "may_withdraw": waits and Right.REQUEST_CREDITS in request.rights,
        "may_answer": is_sales and found.state == RequestState.OPEN,
        "may_enter": is_sales and waits,
        "is_sales": is_sales,
    }
    return render_page(request, "billing/request_detail.html", context, status=status)


def cause_url(row: CreditRequest) -> str:
    """The rows of the balance that is short, as known when it was asked."""
    if row.short_at is None:
        return ""
    return explain_url(row.customer, "balance", at=row.short_at, known=row.asked_at)


def form_name(customer: Customer, public_id: UUID | None = None) -> str:
    """What a form's key is bound to, beside the person."""
    return f"request/{customer.public_id}/{public_id or 'new'}"


def detail_url(row: CreditRequest) -> str:
    """The page of a request."""
    kwargs = {"slug": row.customer.slug, "public_id": row.public_id}
    return reverse("billing:request-detail", kwargs=kwargs)
