"""What the frame says of a customer's access, and the page that stands in for all others.

Both tell the same two dates: the end of what was valid, and the end of access (docs/rules.md#r13).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credits import clock
from credits.domain.access import Access
from credits.domain.access_state import AccessState, Stage
from credits.domain.contacts import admin_contacts, sales_contacts
from credits.domain.people import Right
from credits.web.htmx import is_fragment

TRIAL_NOTICE = timedelta(days=15)
"""So long before its end a trial becomes something to act on: the day of its notice."""

FORBIDDEN = 403


@dataclass(frozen=True)
class AccessNotice:
    """What is said of one customer's access to one person."""

    access: Access
    now: datetime

    @property
    def state(self) -> AccessState:
        """Where access stands."""
        return self.access.state

    @property
    def stage(self) -> str:
        """What is said below the stripe: trial, grace or locked; nothing where all is well."""
        told = self.state.stage in (Stage.TRIAL, Stage.GRACE, Stage.LOCKED)
        return self.state.stage.value if told else ""

    @property
    def is_urgent(self) -> bool:
        """Whether it is about a day that comes soon, or has come."""
        until = self.state.valid_until
        return self.stage != Stage.TRIAL or until is None or until <= self.now + TRIAL_NOTICE

    @property
    def closes_with_trial(self) -> bool:
        """Whether nothing keeps the pages open after the trial."""
        return self.state.ends_at == self.state.valid_until

    @property
    def may_be_purged(self) -> bool:
        """Whether the time is over for which everything is kept at least."""
        return self.state.purge_from is not None and self.state.purge_from <= self.now

    @property
    def days(self) -> str:
        """In how many days the pages close, or the trial ends; the last day counts."""
        until = self.state.valid_until if self.stage == Stage.TRIAL else self.state.ends_at
        if until is None:
            return ""
        days = -int((self.now - until) // clock.DAY)
        return ngettext("in %(days)s day", "in %(days)s days", days) % {"days": days}

    @property
    def parked_at(self) -> datetime | None:
        """Since when people change nothing here, because support must look first (#r24)."""
        return self.access.parked_at

    @property
    def way_out(self) -> tuple[str, str] | None:
        """What the person can do about it, and where."""
        for right, label, name in (
            (Right.REQUEST_CREDITS, _("Request credits"), "billing:request-new"),
            (Right.ENTER_PURCHASES, _("Enter a purchase"), "billing:purchase-new"),
        ):
            if right in self.access.rights:
                return label, reverse(name, kwargs={"slug": self.access.customer.slug})
        return None

    @property
    def add_license_url(self) -> str:
        """Where a license is added by its activation code, by whoever may."""
        if Right.ADD_LICENSES not in self.access.rights:
            return ""
        return reverse("billing:code-enter", kwargs={"slug": self.access.customer.slug})


def locked_page(request: Any) -> HttpResponse:
    """The answer to a member on every page that is closed: 403, what ended, and what helps.

    403 for pages, files, forms and fragments alike: who asks is known and is refused. It is no
    redirect, so that the address works again after the renewal. A fragment carries no page; the
    page it was meant for is loaded anew, and says it.
    """
    if is_fragment(request):
        return HttpResponse(status=FORBIDDEN, headers={"HX-Refresh": "true"})
    customer = request.customer
    context = {
        "notice": AccessNotice(request.access, clock.now()),
        "sales": sales_contacts(customer),
        "admins": admin_contacts(customer),
    }
    return render(request, "credits/locked.html", context, status=FORBIDDEN)
