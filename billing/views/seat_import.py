"""Many seat licenses from a file, at the sales desk: what it would do first, then all or none."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from billing.domain.conversion.importing import (
    Import,
    ImportLine,
    carry_out,
    read_import,
    try_import,
)
from billing.forms.seats import SeatFileForm, seal, unseal
from billing.views.sales import show_count
from credits.templatetags.figures import credits_text
from credits.web.access import PortalRequest, sales_view
from credits.web.feedback import done
from credits.web.htmx import redirect, render_page

REFUSED = 422
PAGE = "billing/seat_import.html"
SHOWN = 50


@sensitive_post_parameters("plan")
@require_http_methods(["GET", "HEAD", "POST"])
@sales_view
def seat_import(request: PortalRequest) -> HttpResponseBase:
    """Choose a file; sent, see what it would do; confirmed, all of it is entered, or nothing."""
    if request.method != "POST":
        return show(request)
    if request.POST.get("act") == "confirm":
        return confirm(request)
    form = SeatFileForm(request.POST, request.FILES)
    if not form.is_valid():
        sentences = [str(sentence) for found in form.errors.values() for sentence in found]
        return show(request, error=sentences[0], status=REFUSED)
    return show_tried(request, read_import(form.data_read, request.user))


def show_tried(request: PortalRequest, found: Import, error: str = "") -> HttpResponse:
    """What an import would do, or its problems; nothing stays of the try."""
    found = try_import(found, request.user)
    status = REFUSED if found.problems or error else 200
    return show(request, found, error=error, status=status)


def confirm(request: PortalRequest) -> HttpResponseBase:
    """Enter what was previewed, unless something stands against it by now."""
    plan = unseal(request.POST.get("plan", ""), request.user, "import")
    if plan is None:
        error = _("This preview cannot be used any more. Choose the file again.")
        return show(request, error=error, status=REFUSED)
    found = Import(lines=[ImportLine(**one) for one in plan])
    if request.POST.get("unusual") != "on":
        tried = try_import(Import(lines=found.lines), request.user)
        if tried.unusual:
            error = _("Confirm the terms that are far back or over.")
            return show(request, tried, error=error, status=REFUSED)
    found = carry_out(found, request.user)
    if found.problems:
        return show(request, found, status=REFUSED)
    done(request, told(found))
    return redirect(request, request.path)


def told(found: Import) -> str:
    """What is said after an import."""
    count = len(found.new)
    if not count:
        return _("Everything in the file had been entered before, so nothing was changed.")
    text = ngettext(
        "%(count)d seat license is entered: %(credits)s credits.",
        "%(count)d seat licenses are entered: %(credits)s credits.",
        count,
    )
    return text % {"count": count, "credits": credits_text(found.credits)}


def show(
    request: PortalRequest, found: Import | None = None, *, error: str = "", status: int = 200
) -> HttpResponse:
    """The page, with the form to choose a file or with the preview."""
    show_count(request)
    is_ready = found is not None and not found.problems
    context = {
        "found": found,
        "error": error,
        "is_ready": is_ready,
        "problems": found.problems[:SHOWN] if found else [],
        "more": max(0, len(found.problems) - SHOWN) if found else 0,
        "rows": found.entered[:SHOWN] if found and is_ready else [],
        "more_rows": max(0, len(found.entered) - SHOWN) if found else 0,
        "plan": seal([vars(one) for one in found.lines], request.user, "import")
        if found and is_ready
        else "",
    }
    return render_page(request, PAGE, context, status=status)
