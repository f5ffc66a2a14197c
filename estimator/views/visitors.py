"""The calculator for people without an account, where the installation offers it.

Nothing is stored: no session, no cookie, no row but how often an address asked
(docs/rules.md#visitors).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from credits.templatetags.figures import credits_text
from credits.web.access import public_view
from credits.web.address import client_address
from credits.web.htmx import announce, is_fragment, render_page
from estimator.domain.statement import Statement
from estimator.domain.visiting import TooManyVisits, count_visit
from estimator.files import FILES
from estimator.views.estimates import FRAGMENTS, UNPROCESSABLE
from estimator.web.files import file_response
from estimator.web.reading import sheet_of
from estimator.web.sheet import Sheet

PAGE = "estimator/visitor_estimate.html"
WAIT = "estimator/visitor_wait.html"
TOO_MANY, NOT_ALLOWED = 429, 405

View = Callable[..., HttpResponse]


def for_visitors(*methods: str) -> Callable[[View], View]:
    """A page that exists only where visitors are let in, is counted, and is kept by no cache."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not settings.ANONYMOUS_ESTIMATES:
                raise Http404("no such page")
            response = answered(request, *args, **kwargs)
            add_never_cache_headers(response)
            return response

        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in methods:
                return HttpResponse(status=NOT_ALLOWED, headers={"Allow": ", ".join(methods)})
            try:
                count_visit(client_address(request))
            except TooManyVisits as error:
                return wait(request, error)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


# A form that another site sends on somebody's behalf changes nothing here and shows that site
# nothing; the token that guards other forms would need a cookie.
@public_view("whoever may buy can see what it would take; off unless the installation says so")
@csrf_exempt
@for_visitors("GET", "HEAD", "POST")
def visitor_estimate(request: HttpRequest) -> HttpResponse:
    """The catalogue and the calculator of nobody in particular."""
    data = request.POST if request.method == "POST" else None
    sheet = sheet_of(None, None, data=data, query=request.GET, files=request.FILES)
    return show(request, sheet, UNPROCESSABLE if sheet.is_refused else 200)


@public_view("what a visitor typed, as a file; off unless the installation says so")
@csrf_exempt
@for_visitors("POST")
def visitor_estimate_file(request: HttpRequest, kind: str) -> HttpResponse:
    """What is typed as a spreadsheet, a CSV or a quote; the page again where it cannot be meant."""
    if kind not in FILES:
        raise Http404("no such kind of file")
    sheet = sheet_of(None, None, data=request.POST, query=request.GET)
    sheet.lines.need_units()
    if not sheet.lines.inputs:
        sheet.refusals.append(_("Add what you want to protect: an empty estimate makes no file."))
    if not sheet.is_valid:
        # The page that comes back is the calculator's own, and its form is sent there.
        request.path = reverse("estimator:visitor-estimate")
        return show(request, sheet, UNPROCESSABLE)
    return file_response(statement_of(sheet), kind)


def statement_of(sheet: Sheet) -> Statement:
    """What was typed, as all files and quotes are drawn from it."""
    return Statement(
        name=sheet.form.cleaned_data.get("name") or _("Plan"),
        label="",
        version=0,
        customer="",
        at=sheet.prices.at,
        draft=sheet.draft,
        prices=sheet.prices,
    )


def show(request: HttpRequest, sheet: Sheet, status: int = 200) -> HttpResponse:
    """The page, or the part of it that a request made by htmx is for."""
    htmx: Any = getattr(request, "htmx", None)
    target = (htmx.target or "") if is_fragment(request) else ""
    fragment = FRAGMENTS.get(target, "calculator")
    context = {
        "sheet": sheet,
        "may_save": False,
        "typing": fragment in ("figures", "monthly"),
        "files": file_links(),
    }
    response = render_page(request, PAGE, context, fragment=fragment, status=status)
    if fragment == "figures" and target:
        level = credits_text(sheet.priced.level)
        announce(response, _("Level to hold %(level)s.") % {"level": level})
    return response


def file_links() -> Mapping[str, str]:
    """Where each kind of file is asked for."""
    return {
        kind: reverse("estimator:visitor-estimate-file", kwargs={"kind": kind}) for kind in FILES
    }


def wait(request: HttpRequest, error: TooManyVisits) -> HttpResponse:
    """Say when to go on. What was typed stays: in the page that asked, or in a form to send again.

    Nothing of the catalogue is read for it.
    """
    headers = {"Retry-After": str(error.seconds)}
    if is_fragment(request):
        said = "text/plain; charset=utf-8"
        return HttpResponse(error.message, status=TOO_MANY, headers=headers, content_type=said)
    typed = [(name, value) for name, values in request.POST.lists() for value in values]
    context = {"message": error.message, "typed": typed, "again": request.get_full_path()}
    response = render(request, WAIT, context, status=TOO_MANY)
    for name, value in headers.items():
        response[name] = value
    return response
