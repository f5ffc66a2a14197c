"""A customer's licenses: what is valid until when, what is over, and each one's story."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from billing.domain.licenses import (
    CURRENT,
    OVER,
    LicenseState,
    credits_in,
    in_states,
    licenses_of,
    matching,
    state_of,
    story_of,
)
from billing.forms.lists import KeptForm
from billing.tables.licenses import LicenseTable
from billing.web.exports import stream_csv
from billing.web.links import Explain
from credits import clock
from credits.domain.people import Right
from credits.models import License, Side
from credits.web.access import CustomerRequest, customer_view
from credits.web.htmx import announce, render_page

HEADER = (
    "license",
    "credits",
    "kind",
    "order_number",
    "channel",
    "first_day",
    "last_day",
    "days_left",
    "status",
    "renews",
)


@require_safe
@customer_view(Right.VIEW)
def license_list(request: CustomerRequest) -> HttpResponseBase:
    """Every license: those that count or will, and apart from them those that are over."""
    now = clock.now()
    found, keep, words = wanted(request, now)
    over_region = request.htmx.target == "over"
    current = table_of(request, found, CURRENT, now, region="table")
    over = table_of(request, found, OVER, now, region="over", prefix="over_")
    context = {
        "table": current,
        "over": over,
        "shows_current": keep in CURRENT or not keep,
        "shows_over": keep in OVER or (not keep and len(over.rows) > 0),
        "holds_any": bool(len(current.rows) or len(over.rows) or keep or words),
        "keep": keep,
        "words": words,
        "states": LicenseState.choices,
        "count": len(current.rows) + len(over.rows),
        "may_enter": Right.ENTER_PURCHASES in request.rights,
        "now": now,
    }
    fragment = "over" if over_region else "table"
    response = render_page(request, "billing/license_list.html", context, fragment=fragment)
    return announce(response, (over if over_region else current).sorted_by)


@require_safe
@customer_view(Right.EXPORT)
def license_export(request: CustomerRequest) -> HttpResponseBase:
    """The whole filtered list as CSV, read while it is sent."""
    now = clock.now()
    found, _keep, _words = wanted(request, now)
    name = f"licenses-{request.customer.slug}-{clock.day_of(now)}.csv"
    return stream_csv(name, HEADER, exported(found, now))


@require_safe
@customer_view(Right.VIEW)
def license_detail(request: CustomerRequest, public_id: UUID) -> HttpResponseBase:
    """One license: how it stands, and what happened to it since it was granted."""
    now = clock.now()
    license = get_object_or_404(licenses_of(request.customer, now), public_id=public_id)
    story = story_of(license)
    state = state_of(license, now)
    known = max(now, story[-1].operation.recorded_at)
    explain = Explain(request.customer, known, known)
    context = {
        "license": license,
        "state": state,
        "explain": explain(Side.VALID, license=str(public_id)) if state == CURRENT[0] else "",
        "line": getattr(license, "purchase_line", None),
        "renewal": getattr(license, "renewal", None),
        "story": story,
        "may_enter": Right.ENTER_PURCHASES in request.rights,
        "now": now,
    }
    return render_page(request, "billing/license_detail.html", context)


def wanted(request: CustomerRequest, now: datetime) -> tuple[QuerySet[License], str, str]:
    """The licenses that the address asks for, with the status and the words it names."""
    form = KeptForm(request.GET)
    keep = form.kept(LicenseState.values)
    found = matching(licenses_of(request.customer, now), form.words)
    return (in_states(found, [keep]) if keep else found), keep, form.words


def table_of(
    request: CustomerRequest,
    licenses: QuerySet[License],
    states: tuple[str, ...],
    now: datetime,
    *,
    region: str,
    prefix: str = "",
) -> LicenseTable:
    """One of the two tables, with the sum of its credits."""
    rows = in_states(licenses, states)
    table = LicenseTable(
        rows, now=now, totals={"credits": credits_in(rows)}, region=region, prefix=prefix
    )
    table.configure(request)
    return table


def exported(licenses: QuerySet[License], now: datetime) -> Iterator[tuple[Any, ...]]:
    """One row a license, in the order of the page."""
    for license in licenses.iterator(chunk_size=500):
        line = getattr(license, "purchase_line", None)
        left = -((now - license.ends_at) // clock.DAY)
        state = LicenseState(license.state)  # type: ignore[attr-defined]
        yield (
            license.label,
            license.credits,
            license.get_kind_display(),
            line.purchase.order_number if line else "",
            line.purchase.get_channel_display() if line else "",
            clock.day_of(license.starts_at),
            clock.day_of(license.ends_at - clock.DAY),
            left if state == LicenseState.VALID else "",
            state.label,
            license.renews.label if license.renews else "",
        )
