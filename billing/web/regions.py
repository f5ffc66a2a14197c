"""The address of a page whose parts change apart: each part owns some names of the query."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from django.http import HttpResponse, QueryDict

from credits.web.access import PortalRequest
from credits.web.table_choice import COLUMNS, DENSITY, PER_PAGE

CHOICE = (COLUMNS, DENSITY, PER_PAGE)
"""What the address may say of the columns and rows of a table."""

REGIONS: Mapping[str, Collection[str]] = {
    "features": ("q", "solution", "model", "use", "sort", "page", *CHOICE),
    "history": ("range", "from", "to", "history"),
    "licenses": ("licenses",),
    "purchases": ("bought-sort", "bought-page", *(f"bought-{name}" for name in CHOICE)),
}


def query_of(request: PortalRequest, region: str) -> QueryDict:
    """What the address says once a part of the page has changed.

    The part's own names come from the request, all others from the address the reader sees: the
    links of one part cannot know what another has been set to since they were made.
    """
    own = REGIONS[region]
    seen = urlsplit(request.htmx.current_url_abs_path or "")
    others = QueryDict(seen.query) if seen.path == request.path else request.GET
    query = QueryDict(mutable=True)
    for name in others:
        if name not in own:
            query.setlist(name, others.getlist(name))
    for name in request.GET:
        if name in own and request.GET[name]:
            query.setlist(name, request.GET.getlist(name))
    return query


def push_address(response: HttpResponse, request: PortalRequest) -> None:
    """Have the address bar show the request's query."""
    query = request.GET.urlencode(safe=":")
    response["HX-Push-Url"] = f"{request.path}?{query}" if query else request.path
