"""The calendar file that goes with a notice of an end, so that its days stand in a calendar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from billing.domain.annual.words import grouped
from billing.domain.calendar_text import Event, calendar_text, end_key
from billing.domain.notices import places
from billing.domain.notices.instants import instant_of, last_day_text
from billing.models import Notice, NoticeKind
from credits import clock

AHEAD = (
    NoticeKind.LICENSE_90,
    NoticeKind.LICENSE_30,
    NoticeKind.LICENSE_7,
    NoticeKind.TRIAL_15,
)
"""What is told of a license before it ends."""

ACCESS_KEY = "access:ends"


def calendar_of(notices: Sequence[Notice]) -> str:
    """The ends of licenses, and of access with the last one; empty where nothing else is told."""
    events = {
        event.key: event
        for notice in notices
        for event in (*license_events(notice), *access_events(notice))
    }
    if not events:
        return ""
    first = notices[0]
    name = _("%(name)s: credits") % {"name": first.customer.name}
    return calendar_text(first.customer, name, events.values(), first.at)


def license_events(notice: Notice) -> Iterator[Event]:
    """The first day on which the license gives nothing any more, as in the forecast's file."""
    if notice.kind not in AHEAD:
        return
    license, customer = notice.facts["license"], notice.customer
    ends_at = instant_of(license["ends_at"])
    words = _("%(customer)s: %(license)s ends, last day %(day)s") % {
        "customer": customer.name,
        "license": license["label"],
        "day": last_day_text(ends_at),
    }
    description = _("From 00:00 UTC: %(credits)s credits fewer are valid.") % {
        "credits": grouped(license["credits"])
    }
    path = places.license_page(customer, license["id"], license["label"]).path
    yield Event(end_key(license["id"]), clock.day_of(ends_at), words, description, path)


def access_events(notice: Notice) -> Iterator[Event]:
    """The first day without access, where a grace goes before it."""
    access = notice.facts.get("access")
    if access is None or not access["has_grace"]:
        return
    customer, ends_at = notice.customer, instant_of(access["ends_at"])
    words = _("%(customer)s: access ends, last day %(day)s") % {
        "customer": customer.name,
        "day": last_day_text(ends_at),
    }
    description = _("From 00:00 UTC pages are closed, unless credits are bought before.")
    path = places.annual_credits(customer).path
    yield Event(ACCESS_KEY, clock.day_of(ends_at), words, description, path)
