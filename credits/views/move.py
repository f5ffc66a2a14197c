"""Moving credits from one feature to another, in whole units, after seeing what it does."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from credits.domain.activity import one_act
from credits.domain.boundaries import shown_from
from credits.domain.commands import Answer
from credits.domain.moving import Move
from credits.domain.people import Right
from credits.domain.post import post
from credits.domain.snapshot import one_snapshot
from credits.exceptions import CreditsError
from credits.forms.allocations import seen_seq
from credits.views.allocation_listing import live_figures
from credits.views.allocation_reading import list_url
from credits.views.allocations import status_of, undo_url
from credits.views.move_drawer import (
    MoveDrawer,
    agreed_units,
    form_name,
    move_form,
    open_move,
    redraw_move,
)
from credits.web.access import CustomerRequest, customer_view
from credits.web.asking import asked
from credits.web.feedback import done
from credits.web.htmx import announce, is_fragment, redirect, render_page

PAGE = "credits/allocation_move.html"
INVALID = 422


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.ALLOCATE)
def allocation_move(request: CustomerRequest) -> HttpResponse:
    """The drawer of a move. It is made only once its effect was shown for what is typed."""
    if request.method != "POST":
        return show(request, open_move(request))
    try:
        answer = move(request) if request.POST.get("act") == "move" else None
    except CreditsError as error:
        with one_snapshot():
            return show(request, redraw_move(request, error), status_of(error))
    if answer is None:
        with one_snapshot():
            drawer = redraw_move(request)
            is_wrong = bool(drawer.form.errors) and request.htmx.target != "effect"
            return show(request, drawer, INVALID if is_wrong else 200)
    shown = shown_from(answer.operation.recorded_at)
    act = one_act(request.customer, answer.operation.public_id)
    text = f"{act.words}. " if act else ""
    text += _("Annual credits shows it from %(hour)s UTC.") % {"hour": f"{shown:%H:%M}"}
    done(request, text, undo_url(request, answer))
    return redirect(request, list_url(request))


def move(request: CustomerRequest) -> Answer | None:
    """Post the move whose effect was shown; None where another one is typed by now."""
    form = move_form(request)
    units = agreed_units(form, request.POST.get("agreed", "")) if form.is_valid() else None
    if units is None:
        return None
    data = form.cleaned_data
    command = Move(
        customer=request.customer,
        asked=asked(request, form_name(request.customer), reason=data["note"]),
        source=data["source"],
        units=units,
        target=data["target"],
        seen=seen_seq(request.POST),
    )
    return post(command)


def show(request: CustomerRequest, drawer: MoveDrawer, status: int = 200) -> HttpResponse:
    """The drawer over the allocate page, as a fragment, or only its effect while typing."""
    context: dict[str, Any] = {"drawer": drawer, "form": drawer.form}
    is_live = request.htmx.target == "effect"
    if not is_fragment(request):
        context |= live_figures(request.customer, drawer.draft.position)
        context["may_allocate"] = True
    fragment = "effect" if is_live else "drawer"
    response = render_page(request, PAGE, context, fragment=fragment, status=status)
    return announce(response, drawer.said) if is_live else response
