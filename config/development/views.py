"""A page of the mails that were sent, for whoever watches a development installation.

It shows everybody's mail, so only the vendor's own people may open it, though whoever runs such an
installation could read the database as well. A link that sets a password is made while sending:
the rows that are shown here hold none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.forms.lists import ListForm
from config.development.mails import MailTable, found_mails
from credits.domain.people import is_sales
from credits.models import OutgoingMail
from credits.roles import StaffRole
from credits.web.access import ACCESS, PortalRequest, reading, to_login
from credits.web.htmx import announce, render_page

P = ParamSpec("P")


def staff_view(
    view: Callable[Concatenate[PortalRequest, P], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """A view for the vendor's people. Anonymous: to the log-in; anybody else: 404."""

    @wraps(view)
    def guarded(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_login(request)
        if not request.user.groups.filter(name__in=list(StaffRole)).exists():
            raise Http404("no such page")
        request.desk = "sales" if is_sales(request.user) else None
        with reading(request):
            return view(request, *args, **kwargs)

    setattr(guarded, ACCESS, "staff")
    return guarded


@require_safe
@staff_view
def mail_list(request: PortalRequest) -> HttpResponseBase:
    """The mails that went out and those that wait, newest first."""
    wanted = ListForm(request.GET)
    table = MailTable(found_mails(wanted.words), caption=_("Mails")).configure(request)
    context = {"table": table, "words": wanted.words}
    response = render_page(request, "development/mail_list.html", context, fragment="table")
    return announce(response, table.sorted_by)


@require_safe
@staff_view
def mail_detail(request: PortalRequest, public_id: UUID) -> HttpResponseBase:
    """One mail: whom it went to and when, and its text."""
    mails = OutgoingMail.objects.select_related("customer")
    mail = get_object_or_404(mails, public_id=public_id)
    return render_page(request, "development/mail_detail.html", {"mail": mail})


@require_safe
@staff_view
def mail_html(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """A mail as a mail program shows it, under the same strict rules as any page."""
    mail = get_object_or_404(OutgoingMail, public_id=public_id)
    return HttpResponse(mail.html)


@require_safe
@staff_view
def mail_calendar(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The calendar file that went with a mail."""
    mail = get_object_or_404(OutgoingMail.objects.exclude(calendar=""), public_id=public_id)
    return HttpResponse(
        mail.calendar,
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="dates.ics"'},
    )
