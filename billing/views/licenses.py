"""A customer's licenses: what is valid until when, what is over, and each one's story."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.domain.conversion.listing import arithmetic_of
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
from billing.tables.licenses import AllLicenseTable, LicenseTable, OverLicenseTable
from billing.web.license_clock import clock_of
from billing.web.links import Explain, license_rows
from billing.web.seat_page import row_arithmetic
from credits import clock
from credits.domain.figures import standing
from credits.domain.people import Right
from credits.models import License, LicenseKind
from credits.web.access import CustomerRequest, customer_view
from credits.web.exports import export
from credits.web.htmx import announce, render_page


@require_safe
@customer_view(Right.VIEW)
def license_list(request: CustomerRequest) -> HttpResponseBase:
    """Every license: those that count or will, and apart from them those that are over."""
    now = clock.now()
    found, keep, words = wanted(request, now)
    over_region = request.htmx.target == "over"
    current, over, every = tables_of(request, found, now)
    if file := export(request, current, over, every):
        return file
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
        "may_add": Right.ADD_LICENSES in request.rights,
        "now": now,
    }
    fragment = "over" if over_region else "table"
    response = render_page(request, "billing/license_list.html", context, fragment=fragment)
    return announce(response, (over if over_region else current).sorted_by)


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
    left = balance_after(license, now) if state in CURRENT else 0
    is_converted = license.kind != LicenseKind.BOUGHT
    seat = arithmetic_of(license) if is_converted else None
    context = {
        "license": license,
        "state": state,
        "explain": license_rows(request.customer, license, known),
        "left": left,
        "left_url": explain("balance", at=license.ends_at) if left < 0 else "",
        "line": getattr(license, "purchase_line", None),
        "renewal": getattr(license, "renewal", None),
        "story": story,
        "clock": clock_of(license),
        "may_enter": Right.ENTER_PURCHASES in request.rights,
        "seat": seat,
        "seat_arithmetic": row_arithmetic(seat) if seat else "",
        "now": now,
    }
    return render_page(request, "billing/license_detail.html", context)


def balance_after(license: License, now: datetime) -> int:
    """The live balance that is known for the instant at which a license ends (credits)."""
    return standing(license.customer, now=now).live.figure_at(license.ends_at).balance


def wanted(request: CustomerRequest, now: datetime) -> tuple[QuerySet[License], str, str]:
    """The licenses that the address asks for, with the status and the words it names."""
    form = KeptForm(request.GET)
    keep = form.kept(LicenseState.values)
    found = matching(licenses_of(request.customer, now), form.words)
    return (in_states(found, [keep]) if keep else found), keep, form.words


def tables_of(
    request: CustomerRequest, licenses: QuerySet[License], now: datetime
) -> tuple[LicenseTable, OverLicenseTable, AllLicenseTable]:
    """The licenses that count or will, those that are over, and for a file all of them."""
    current, over = in_states(licenses, CURRENT), in_states(licenses, OVER)
    first, second = credits_in(current), credits_in(over)
    table = LicenseTable(
        current, now=now, totals={"credits": first}, caption=_("Valid and not started")
    )
    over_table = OverLicenseTable(
        over,
        now=now,
        totals={"credits": second},
        caption=_("Ended and voided"),
        region="over",
        prefix="over_",
    )
    every = AllLicenseTable(
        licenses, now=now, totals={"credits": first + second}, caption=_("Licenses")
    )
    table.may_enter = Right.ENTER_PURCHASES in request.rights
    every.configure_order(request)
    table.configure(request)
    over_table.configure(request)
    return table, over_table, every
