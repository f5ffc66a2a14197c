"""Changing the units of several features at once: a number for each, one act."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from credits.domain.allocate_many import AllocateMany
from credits.domain.boundaries import shown_from
from credits.domain.commands import Answer
from credits.domain.groups import GroupSettings, Layout, read_group
from credits.domain.holdings import Holding
from credits.domain.people import Right
from credits.domain.post import post
from credits.domain.preview import Draft, open_draft
from credits.domain.snapshot import one_snapshot
from credits.domain.sources import reporting
from credits.exceptions import CreditsError, InvalidCommand, UnknownObject
from credits.forms.allocations import UnreadableForm, seen_seq
from credits.forms.units_many import DRAWN, UnitsManyForm, drawn_numbers
from credits.views.allocation_reading import list_url
from credits.views.allocations import status_of, undo_url
from credits.views.change_page import MOST, ChangePage, draw_page, form_name, redraw_page
from credits.views.choosing import chosen
from credits.views.leaving_out import LeftOut, left_out
from credits.views.units_upload import told_text
from credits.web.access import CustomerRequest, customer_view
from credits.web.asking import asked, confirmed_shortfall
from credits.web.feedback import done
from credits.web.htmx import announce, redirect, render_page

PAGE = "credits/allocation_change.html"
INVALID = 422


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.ALLOCATE)
def allocation_change(request: CustomerRequest) -> HttpResponse:
    """A number of units for each feature chosen; confirmed, all is stated at once, or nothing."""
    if request.method != "POST":
        draft = open_draft(request.customer)
        groups, left = choose(request, draft)
        page = draw_page(request, groups, draft) if groups else None
        return show(request, page, left=left)
    try:
        if request.POST.get("act") != "allocate":
            return tried(request)
        answer = change(request)
    except CreditsError as error:
        return refuse(request, error)
    shown = shown_from(answer.operation.recorded_at)
    text = told_text(answer) + " "
    text += _("Annual credits shows it from %(hour)s UTC.") % {"hour": f"{shown:%H:%M}"}
    done(request, text, undo_url(request, answer))
    return redirect(request, list_url(request))


def choose(request: CustomerRequest, draft: Draft) -> tuple[list[GroupSettings], list[LeftOut]]:
    """The groups of the features chosen that take a number here, and what is left out."""
    sources = reporting(request.customer)
    groups: dict[str, GroupSettings] = {}
    left: list[tuple[str, Holding]] = []
    for row in chosen(request):
        group = row.offer.feature.group
        why = ""
        if group.key not in groups and len(groups) >= MOST:
            why = _("One page changes up to %(most)d. Upload a file for more.") % {"most": MOST}
        elif source := sources.get(group.pk):
            why = _("%(name)s reports the units.") % {"name": source.name}
        elif group.key not in groups:
            settings = read_group(draft.books, group.key)
            why = against(settings)
            if not why:
                groups[group.key] = settings
        if why:
            left.append((why, row))
    return list(groups.values()), left_out(request.customer, left)


def against(settings: GroupSettings) -> str:
    """Why a group is not changed by one number for each feature; nothing where it is."""
    if settings.layout is Layout.ACCOUNTS:
        return _("It is stated by account. Change it in its drawer.")
    if all(setting.payg for setting in settings.features):
        return _("It is on pay-as-you-go and holds no credits.")
    if settings.layout is Layout.SHARED and not any(s.is_on for s in settings.features):
        return _("Nothing of it is switched on. Switch it on in its drawer.")
    return ""


def tried(request: CustomerRequest) -> HttpResponse:
    """What would be, with all that was typed."""
    with one_snapshot():
        page = redraw_page(request)
        is_wrong = bool(page.form.errors) and request.htmx.target != "effect"
        return show(request, page, INVALID if is_wrong else 200)


def change(request: CustomerRequest) -> Answer:
    """Post what the form states. Raises what AllocateMany and the form refuse."""
    form = UnitsManyForm(drawn_numbers(request.POST.get(DRAWN, "")), request.POST)
    if not form.is_valid():
        raise UnreadableForm(str(next(iter(form.errors.values()))[0]))
    if not form.statements:
        raise UnreadableForm(_("Type another number first. Nothing would change."))
    command = AllocateMany(
        customer=request.customer,
        asked=asked(
            request,
            form_name(request.customer),
            reason=form.cleaned_data["note"],
            confirmed_shortfall=confirmed_shortfall(request),
        ),
        statements=form.statements,
        seen=seen_seq(request.POST),
    )
    return post(command)


def refuse(request: CustomerRequest, error: CreditsError) -> HttpResponse:
    """The page again with why nothing was changed; without its numbers only the sentence."""
    with one_snapshot():
        try:
            page = redraw_page(request, error)
        except (InvalidCommand, UnknownObject) as unreadable:
            return show(request, None, INVALID, error=unreadable.message)
        return show(request, page, status_of(error))


def show(
    request: CustomerRequest,
    page: ChangePage | None,
    status: int = 200,
    *,
    left: Sequence[LeftOut] = (),
    error: str = "",
) -> HttpResponse:
    """The page, or only its effect while typing."""
    context = {
        "page": page,
        "left": left,
        "error": error,
        "action": request.get_full_path(),
        "close_url": list_url(request),
        "upload_url": reverse("credits:units-upload", kwargs={"slug": request.customer.slug}),
    }
    is_live = request.htmx.target == "effect" and page is not None
    fragment = "effect" if is_live else ""
    response = render_page(request, PAGE, context, fragment=fragment, status=status)
    return announce(response, page.label) if is_live and page else response
