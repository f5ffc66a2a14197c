"""The inbox of a customer's people, and what its admins want to be told of."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.domain.notices.choosing import SetNotices, settings_of
from billing.domain.notices.inbox import mark_read, newest, notices, reader_of, unread_count
from billing.forms.notices import NOT_HERE, NoticeFilter, NoticeSettingsForm, ReadForm
from billing.tables.notices import NoticeTable, told_rows
from credits.domain.members import NoLongerAllowed, told_members
from credits.domain.people import Right
from credits.domain.post import post
from credits.domain.snapshot import one_snapshot
from credits.exceptions import CreditsError, KeyConflict, UnknownObject
from credits.models import Customer
from credits.web.access import CustomerRequest, customer_view
from credits.web.asking import asked, form_key
from credits.web.exports import export
from credits.web.feedback import done
from credits.web.htmx import announce, is_fragment, redirect, render_page
from credits.web.links import with_state

INVALID, CONFLICT = 422, 409
LIST, READ, SETTINGS = "billing:notice-list", "billing:notice-read", "billing:notice-settings"
FORM = "settings/notices"


@require_safe
@customer_view(Right.VIEW)
def notice_list(request: CustomerRequest) -> HttpResponseBase:
    """What the customer was told, newest first, and what of it one has not read."""
    context = listing(request)
    if file := export(request, context["table"]):
        return file
    response = render_page(request, "billing/notice_list.html", context, fragment="table")
    if is_fragment(request):
        return announce(response, listed(context))
    return response


@require_POST
@customer_view(Right.VIEW)
def notice_read(request: CustomerRequest) -> HttpResponseBase:
    """Mark a notice and all older ones as read; the bell follows."""
    if request.acting_as_staff:
        raise PermissionDenied
    form = ReadForm(request.POST)
    if form.is_valid():
        try:
            mark_read(request.customer, request.user, form.cleaned_data["through"])
        except UnknownObject:
            form.add_error("through", NOT_HERE)
    if form.errors:
        context = listing(request) | {"problem": NOT_HERE}
        return render_page(
            request, "billing/notice_list.html", context, fragment="table", status=INVALID
        )
    if not is_fragment(request):
        done(request, _("Marked as read."))
        return redirect(request, listing_url(request))
    unread = unread_count(request.customer, request.user)
    request.access = replace(request.access, unread=unread)
    context = listing(request)
    marked = form.cleaned_data["through"]
    # The button is gone: the reader goes on from its notice, or where that is gone from the count.
    listed_still = any(row.notice.public_id == marked for row in context["rows"])
    context |= {"marked": marked, "lost_focus": not listed_still}
    response = render_page(request, "billing/notice_list.html", context, fragment="marked")
    return announce(response, _("Marked as read. %(count)d unread.") % {"count": unread})


def listing(request: CustomerRequest) -> dict[str, Any]:
    """The list that the address asks for, with all that the page shows beside it."""
    customer = request.customer
    reader = None if request.acting_as_staff else reader_of(customer, request.reader)
    wanted = NoticeFilter(request.GET, reads=reader is not None)
    table = NoticeTable(customer, wanted.asking(), reader, caption=_("Notifications"))
    table.home = place(LIST, customer)
    table.configure(request)
    page = notices(customer, wanted.asking(), reader, size=table.per_page)
    here, state = place(LIST, customer), state_of(wanted)
    may_ask = Right.REQUEST_CREDITS in request.rights
    return {
        "filter": wanted,
        "rows": told_rows(page.notices, reader, may_ask=may_ask),
        "is_member": reader is not None,
        "table": table,
        "here": here,
        "newest": newest(customer) if request.access.unread else None,
        "read_url": with_state(place(READ, customer), **state, **position_of(wanted)),
        "older_url": with_state(here, **state, before=str(page.older)) if page.older else "",
        "newer_url": with_state(here, **state, after=str(page.newer)) if page.newer else "",
        "settings_url": place(SETTINGS, customer),
    }


def listing_url(request: CustomerRequest) -> str:
    """The list as it was when something of it was marked."""
    wanted = NoticeFilter(request.GET, reads=True)
    return with_state(place(LIST, request.customer), **state_of(wanted), **position_of(wanted))


def state_of(wanted: NoticeFilter) -> dict[str, str]:
    """What the address keeps of a filter."""
    return {name: wanted.kept(name) for name in ("group", "unread")}


def position_of(wanted: NoticeFilter) -> dict[str, str]:
    """Where in the list the address is."""
    asking = wanted.asking()
    return {name: str(getattr(asking, name) or "") for name in ("before", "after")}


def listed(context: dict[str, Any]) -> str:
    """What the live region says of a list."""
    return _("%(count)d notifications listed.") % {"count": len(context["rows"])}


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.VIEW)
def notice_settings(request: CustomerRequest) -> HttpResponse:
    """What is told, when, and to whom: read by everybody, changed by the customer's admins."""
    customer = request.customer
    if request.method != "POST":
        return show_settings(request)
    if Right.CHANGE_SETTINGS not in request.rights:
        raise PermissionDenied(Right.CHANGE_SETTINGS)
    form = NoticeSettingsForm(settings_of(customer), request.POST)
    if not form.is_valid():
        return show_settings(request, form, status=INVALID)
    try:
        post(SetNotices(customer=customer, asked=asked(request, FORM), **form.cleaned_data))
    except NoLongerAllowed as refusal:
        raise PermissionDenied(refusal.message) from None
    except CreditsError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        status = CONFLICT if isinstance(error, KeyConflict) else INVALID
        return show_settings(request, form, status=status)
    done(request, _("What is told has been changed."))
    return redirect(request, place(SETTINGS, customer))


def show_settings(
    request: CustomerRequest, sent: NoticeSettingsForm | None = None, *, status: int = 200
) -> HttpResponse:
    """The page; a form that was sent keeps what was typed, and its key."""
    customer = request.customer
    with one_snapshot() if request.method == "POST" else nullcontext():
        now = settings_of(customer)
        context = {
            "form": sent or NoticeSettingsForm(now),
            "key": form_key(request, FORM),
            "may_change": Right.CHANGE_SETTINGS in request.rights,
            "now_set": now,
            "recipients": told_members(customer),
            "here": place(SETTINGS, customer),
        }
        return render_page(
            request, "billing/notice_settings.html", context, fragment="form", status=status
        )


def place(name: str, customer: Customer) -> str:
    """A page of the customer."""
    return reverse(name, kwargs={"slug": customer.slug})
