"""Answers that suit both a plain request and one made by htmx, from the same view and URL."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

SEE_OTHER = 303
ANNOUNCEMENT = "portal:announce"


def is_fragment(request: HttpRequest) -> bool:
    """Whether only a part of the page is wanted: htmx, not boosted, not a history restore."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    if not htmx:
        return False
    return not (htmx.boosted or htmx.history_restore_request)


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    fragment: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page, or its partial named `fragment` where only that is wanted.

    Going back to a page that was refused shows it again; htmx restores nothing but a success.
    """
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    if htmx and htmx.history_restore_request:
        status = 200
    name = f"{template}#{fragment}" if fragment and is_fragment(request) else template
    response = render(request, name, dict(context or {}), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def redirect(request: HttpRequest, url: str) -> HttpResponse:
    """Go on to `url` after an act.

    htmx fetches it itself and swaps the body, so that the reader keeps the place on the page; it
    says that it is boosted, so that the view there answers with the whole page.
    """
    if not is_fragment(request):
        return HttpResponse(status=SEE_OTHER, headers={"Location": url})
    there = {"path": url, "target": "body", "headers": {"HX-Boosted": "true"}}
    return HttpResponse(headers={"HX-Location": json.dumps(there)})


def reload_to(url: str) -> HttpResponse:
    """Leave the page for `url`, for a fragment whose session has expired: nothing is swapped in."""
    return HttpResponse(status=204, headers={"HX-Redirect": url})


def announce(response: HttpResponse, text: str) -> HttpResponse:
    """Have the page's live region say what changed."""
    response["HX-Trigger"] = json.dumps({ANNOUNCEMENT: {"text": text}})
    return response
