"""Stating units by a file: a template to fill in, a preview with every problem, one act."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from credits.domain.allocate_many import AllocateMany
from credits.domain.boundaries import shown_from
from credits.domain.commands import Answer
from credits.domain.people import Right
from credits.domain.post import post
from credits.domain.preview import open_draft
from credits.domain.snapshot import one_snapshot
from credits.domain.sources import reporting
from credits.domain.usage_file import read_file, write_file
from credits.domain.usage_lines import rows_in_force
from credits.exceptions import CreditsError, InvalidCommand, KeyConflict, StaleView
from credits.forms.allocations import seen_seq
from credits.forms.units_upload import PlanForm, UnitsFileForm, read_plan
from credits.templatetags.figures import credits_text, signed
from credits.views.allocations import status_of, undo_url
from credits.views.units_preview import UploadPage, try_lines, try_plan
from credits.web.access import CustomerRequest, customer_view
from credits.web.asking import asked, confirmed_shortfall
from credits.web.feedback import done
from credits.web.htmx import redirect, render_page

UNPROCESSABLE = 422
PAGE = "credits/units_upload.html"


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.ALLOCATE)
def units_upload(request: CustomerRequest) -> HttpResponse:
    """Choose a file; sent, see what it would do; confirmed, all of it is done, or nothing."""
    if request.method != "POST":
        return show(request, UploadPage(request.customer))
    if request.POST.get("act") == "confirm":
        return confirm(request)
    form = UnitsFileForm(request.POST, request.FILES)
    if not form.is_valid():
        sentences = [str(sentence) for found in form.errors.values() for sentence in found]
        return show(request, UploadPage(request.customer, error=sentences[0]), UNPROCESSABLE)
    lines, problems = read_file(form.data_read)
    with one_snapshot():
        page = (
            UploadPage(request.customer, problems=problems)
            if problems
            else try_lines(request, lines)
        )
        return show(request, page, UNPROCESSABLE if page.problems else 200)


@require_safe
@customer_view(Right.ALLOCATE)
def units_template(request: CustomerRequest) -> HttpResponse:
    """The units in force as a file that can be changed and uploaded again."""
    draft = open_draft(request.customer)
    text = write_file(rows_in_force(draft.books, reporting(request.customer)))
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    name = f"{request.customer.slug}-units.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def confirm(request: CustomerRequest) -> HttpResponse:
    """Do what was previewed. Below zero it asks first; a newer state is shown to compare."""
    form = PlanForm(request.POST)
    statements = read_plan(request.user, request.customer, request.POST.get("plan", ""))
    if statements is None or not form.is_valid():
        error = _("This preview cannot be used any more. Upload the file again.")
        if statements is not None:
            error = str(next(iter(form.errors.values()))[0])
        return show(request, UploadPage(request.customer, error=error), UNPROCESSABLE)
    try:
        ask = asked(
            request,
            PlanForm.name(request.customer),
            reason=form.cleaned_data["note"],
            confirmed_shortfall=confirmed_shortfall(request),
        )
        seen = seen_seq(request.POST)
        command = AllocateMany(
            customer=request.customer, asked=ask, statements=statements, seen=seen
        )
        answer = post(command)
    except CreditsError as error:
        return refuse(request, statements, error)
    shown = shown_from(answer.operation.recorded_at)
    text = told_text(answer) + " "
    text += _("Annual credits shows it from %(hour)s UTC.") % {"hour": f"{shown:%H:%M}"}
    done(request, text, undo_url(request, answer))
    path = reverse("credits:allocation-list", kwargs={"slug": request.customer.slug})
    return redirect(request, path)


def refuse(request: CustomerRequest, statements: Any, error: CreditsError) -> HttpResponse:
    """The preview again, as things are now, with why nothing was changed."""
    if isinstance(error, InvalidCommand):
        return show(request, UploadPage(request.customer, error=error.message), UNPROCESSABLE)
    with one_snapshot():
        is_new = isinstance(error, StaleView | KeyConflict)
        page = try_plan(request, statements, error, is_new=is_new)
        return show(request, page, status_of(error))


def show(request: CustomerRequest, page: UploadPage, status: int = 200) -> HttpResponse:
    """The page, with the form to choose a file or with the preview."""
    path = reverse("credits:allocation-list", kwargs={"slug": request.customer.slug})
    context = {"page": page, "close_url": path, "action": request.path}
    return render_page(request, PAGE, context, status=status)


def told_text(answer: Answer) -> str:
    """What an upload made of the credits of the groups it states."""
    before, after = answer.data["before"], answer.data["after"]
    words = {
        "subject": answer.operation.subject,
        "before": credits_text(before),
        "after": credits_text(after),
        "change": signed(after - before),
    }
    return _("%(subject)s: %(before)s → %(after)s credits (%(change)s).") % words
