"""Annual credits: what a customer holds, what is in use, and until when."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpResponseBase
from django.utils.dateparse import parse_datetime
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from billing.domain.annual import AnnualCredits
from billing.web.annual_page import AnnualPage
from billing.web.regions import REGIONS, push_address, query_of
from credits import clock
from credits.domain.boundaries import newest_boundary
from credits.domain.people import Right
from credits.web.access import CustomerRequest, customer_view
from credits.web.exports import export, wants_file
from credits.web.htmx import announce, is_fragment, reload_to, render_page

TEMPLATE = "billing/annual_credits.html"
SHOWN_AT = "X-Shown-At"
LONGEST_OPEN = timedelta(hours=24)


@require_safe
@customer_view(Right.VIEW)
def annual_credits(request: CustomerRequest) -> HttpResponseBase:
    """The page, or the part of it that a filter, a sort or a range changes."""
    try:
        boundary = shown_boundary(request)
    except PageOutdated:
        return reload_to(request.get_full_path())
    region = (request.htmx.target or "") if is_fragment(request) else ""
    if region in REGIONS:
        request.GET = query_of(request, region)  # type: ignore[assignment]
    page = AnnualPage(request, AnnualCredits(request.customer, now=clock.now(), boundary=boundary))
    if wants_file(request) and (file := export(request, page.table, page.purchases)):
        return file
    is_wrong = region in ("", "history") and page.history.is_wrong
    status = 422 if is_wrong else 200
    if region not in REGIONS:
        return render_page(request, TEMPLATE, {"page": page}, status=status)
    response = render_page(request, TEMPLATE, {"page": page}, region, status=status)
    push_address(response, request)
    return announce(response, told(page, region))


class PageOutdated(Exception):
    """A fragment was asked for by a page whose boundary is too old or cannot be read."""


def shown_boundary(request: CustomerRequest) -> datetime | None:
    """The boundary a fragment keeps from the page it is swapped into; None for the newest.

    Raises PageOutdated where that page is older than a day, or its boundary cannot be read: then
    the whole page is loaded again, so that no two boundaries are mixed.
    """
    if not is_fragment(request) or SHOWN_AT not in request.headers:
        return None
    try:
        shown = parse_datetime(request.headers[SHOWN_AT])
    except ValueError:
        shown = None
    if shown is None or shown.tzinfo is None:
        raise PageOutdated
    newest = newest_boundary()
    if newest is None:
        return None
    if shown < newest - LONGEST_OPEN:
        raise PageOutdated
    return min(shown, newest)


def told(page: AnnualPage, region: str) -> str:
    """What the live region says of a part that has changed."""
    if region == "history":
        return page.history.told
    if region == "licenses":
        return page.licenses_listed
    if region == "purchases":
        return page.purchases.sorted_by
    count = len(page.table.rows)
    listed = ngettext("%(count)s feature listed.", "%(count)s features listed.", count)
    return f"{listed % {'count': count}} {page.table.sorted_by}".strip()
