"""The allocate page: what every feature holds, and a drawer for each allocation group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from credits.domain.activity import one_act
from credits.domain.allocate_many import SwitchOn
from credits.domain.allocations import UNDONE_BY_CUSTOMERS, Release, Undo
from credits.domain.boundaries import shown_from
from credits.domain.commands import Answer, Asked
from credits.domain.people import Right
from credits.domain.post import post
from credits.domain.preview import open_draft
from credits.domain.snapshot import one_snapshot
from credits.domain.telling import AllocateAndTell
from credits.exceptions import (
    ConfirmationNeeded,
    CreditsError,
    InvalidCommand,
    KeyConflict,
    UnknownObject,
)
from credits.forms.allocations import AllocationForm, UnreadableForm, posted, seen_seq
from credits.forms.filters import operation_id
from credits.tables.effects import effect_rows
from credits.templatetags.figures import credits_text, signed
from credits.views.allocation_drawer import Drawer
from credits.views.allocation_listing import list_context
from credits.views.allocation_reading import (
    SWITCH_ON,
    form_name,
    list_url,
    open_drawer,
    open_group,
    redraw,
    switched_on,
)
from credits.web.access import CustomerRequest, customer_view
from credits.web.asking import asked, confirmed_shortfall
from credits.web.exports import export
from credits.web.feedback import done
from credits.web.htmx import announce, is_fragment, redirect, render_page
from credits.web.links import with_state

INVALID, CONFLICT = 422, 409


@require_safe
@customer_view(Right.VIEW)
def allocation_list(request: CustomerRequest) -> HttpResponseBase:
    """Every feature with what it holds now; or all that match the filter as a file."""
    context = list_context(request)
    if file := export(request, context["table"]):
        return file
    response = render_page(request, "credits/allocation_list.html", context, fragment="table")
    return announce(response, context["said"]) if is_fragment(request) else response


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.VIEW)
def allocation_edit(request: CustomerRequest, group: str) -> HttpResponse:
    """The drawer of one allocation group; sending it allocates, releases or only tries."""
    if request.method != "POST":
        return show(request, open_drawer(request, group))
    if Right.ALLOCATE not in request.rights:
        raise PermissionDenied(Right.ALLOCATE)
    act = request.POST.get("act", "")
    if act in ("preview", "more"):
        with one_snapshot():
            return show(request, redraw(request, group, more=act == "more"))
    try:
        answer, text = act_of(request)(request, group)
    except CreditsError as error:
        with one_snapshot():
            drawer = redraw(request, group, error, release=act == "release")
            return show(request, drawer, status=status_of(error))
    shown = shown_from(answer.operation.recorded_at)
    text += " " + _("Annual credits shows it from %(hour)s UTC.") % {"hour": f"{shown:%H:%M}"}
    done(request, text, undo_url(request, answer))
    return redirect(request, list_url(request))


@require_POST
@customer_view(Right.ALLOCATE)
def allocation_undo(request: CustomerRequest) -> HttpResponse:
    """Undo an allocation or a release; below zero it asks first, on a page of its own."""
    command = undo_command(request)
    try:
        answer = post(command)
    except UnknownObject as unknown:
        raise Http404(unknown.message) from None
    except CreditsError as error:
        context = undo_context(request, command, error)
        status = status_of(error)
        return render_page(request, "credits/allocation_undo.html", context, status=status)
    act = one_act(request.customer, answer.operation.public_id)
    done(request, f"{act.words}." if act else _("Undone."))
    return redirect(request, back_url(request))


def act_of(request: CustomerRequest) -> Callable[[CustomerRequest, str], tuple[Answer, str]]:
    """What a sent drawer asks for."""
    if request.POST.get("act") == "release":
        return release
    return switch_on if SWITCH_ON in request.POST else allocate


def status_of(error: CreditsError) -> int:
    """The status of a page that says why nothing was changed."""
    return CONFLICT if isinstance(error, KeyConflict) else INVALID


def show(request: CustomerRequest, drawer: Drawer, status: int = 200) -> HttpResponse:
    """The drawer over its page, as a fragment, or only its effect while typing."""
    context: dict[str, Any] = {"drawer": drawer}
    is_live = request.htmx.target == "effect"
    if not is_fragment(request):
        context |= list_context(request)
    response = render_page(
        request,
        "credits/allocation_edit.html",
        context,
        fragment="effect" if is_live else "drawer",
        status=status,
    )
    return announce(response, drawer.said) if is_live else response


def allocate(request: CustomerRequest, group: str) -> tuple[Answer, str]:
    """Post what the form states. The group is not read for it: the command checks it."""
    form = posted(request.POST)
    if form.is_empty or not form.is_valid():
        raise UnreadableForm(first_problem(form))
    answer = post(
        AllocateAndTell(
            customer=request.customer,
            asked=asked(
                request,
                form_name(request.customer, group),
                reason=form.cleaned_data["note"],
                confirmed_shortfall=confirmed_shortfall(request),
            ),
            group=group,
            quantities=form.quantities,
            on=form.on,
            seen=seen_seq(request.POST),
        )
    )
    return answer, told_text(answer)


def release(request: CustomerRequest, group: str) -> tuple[Answer, str]:
    """Switch everything of the group off that holds credits."""
    form = posted(request.POST)
    form.is_valid()
    command = Release(
        customer=request.customer,
        asked=asked(
            request,
            form_name(request.customer, group),
            reason=form.cleaned_data.get("note", ""),
        ),
        group=group,
        features=open_group(request.customer, group)[1].releasable,
        seen=seen_seq(request.POST),
    )
    if not command.features:
        raise InvalidCommand(_("There is nothing here to release."))
    answer = post(command)
    return answer, _("%(subject)s: released.") % {"subject": answer.operation.subject}


def switch_on(request: CustomerRequest, group: str) -> tuple[Answer, str]:
    """Let what a system reports of a feature count again."""
    ask = asked(
        request,
        form_name(request.customer, group),
        confirmed_shortfall=confirmed_shortfall(request),
    )
    command = SwitchOn(
        customer=request.customer,
        asked=ask,
        group=group,
        features=switched_on(request, open_group(request.customer, group)[1]),
        seen=seen_seq(request.POST),
    )
    answer = post(command)
    return answer, told_text(answer)


def first_problem(form: AllocationForm) -> str:
    """What is wrong with a form, where no field of the group can say it."""
    for sentences in form.errors.values():
        return str(sentences[0])
    return _("The form states no units, so nothing was changed.")


def told_text(answer: Answer) -> str:
    """What an allocation made of the credits: 6,250 → 2,500 credits (+ or - so many)."""
    before, after = answer.data["before"], answer.data["after"]
    words = {"subject": answer.operation.subject, "after": credits_text(after)}
    if before == after:
        return _("%(subject)s: saved, %(after)s credits as before.") % words
    words |= {"before": credits_text(before), "change": signed(after - before)}
    return _("%(subject)s: %(before)s → %(after)s credits (%(change)s).") % words


def undo_command(request: CustomerRequest) -> Undo:
    """The undoing of the operation named in the address; asked twice it is the same act."""
    operation = operation_id(request.GET.get("operation", ""))
    if operation is None:
        raise Http404("no such operation")
    own = Asked(
        source="portal",
        key=f"undo/{operation}",
        actor=request.user,
        confirmed_shortfall=confirmed_shortfall(request),
    )
    return Undo(
        customer=request.customer, asked=own, operation=operation, kinds=UNDONE_BY_CUSTOMERS
    )


def undo_url(request: CustomerRequest, answer: Answer) -> str:
    """Where the act that was just done can be undone."""
    path = reverse("credits:allocation-undo", kwargs={"slug": request.customer.slug})
    return with_state(path, operation=str(answer.operation.public_id))


def back_url(request: CustomerRequest) -> str:
    """The page an undo was asked from."""
    name = "activity" if request.GET.get("from") == "activity" else "allocation-list"
    return reverse(f"credits:{name}", kwargs={"slug": request.customer.slug})


def undo_context(request: CustomerRequest, command: Undo, error: CreditsError) -> dict[str, Any]:
    """What an undo would do, and why it was not done yet."""
    act = one_act(request.customer, command.operation)
    if act is None:
        raise Http404("no such operation")
    needs_confirmation = isinstance(error, ConfirmationNeeded)
    features = {e.feature_id: e.feature for e in act.facts.entries if e.feature is not None}
    preview = open_draft(request.customer).preview(command) if needs_confirmation else None
    return {
        "act": act,
        "error": error,
        "needs_confirmation": needs_confirmation,
        "effect": effect_rows(preview, features.values(), request.customer) if preview else (),
        "action": request.get_full_path(),
        "close_url": back_url(request),
    }
