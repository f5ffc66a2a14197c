"""Where a notice leads: paths inside the portal, and the words of their links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.models import RequestCause
from credits.models import Customer


@dataclass(frozen=True)
class Place:
    """A path inside the portal and the words that lead there."""

    words: str
    path: str


def license_page(customer: Customer, public_id: str, label: str) -> Place:
    """See L-204."""
    path = reverse("billing:license-detail", args=[customer.slug, public_id])
    return Place(_("See %(license)s") % {"license": label}, path)


def forecast(customer: Customer) -> Place:
    """The balance at every future date."""
    return Place(_("See the forecast"), reverse("billing:forecast", args=[customer.slug]))


def allocate(customer: Customer) -> Place:
    """Where credits that are not needed are released."""
    path = reverse("credits:allocation-list", args=[customer.slug])
    return Place(_("Release what is not needed"), path)


def request_credits(
    customer: Customer,
    credits: int,
    on: datetime | None = None,
    cause: RequestCause = RequestCause.SHORTAGE,
) -> Place:
    """The form that asks sales for credits, filled in; from today where no instant is named."""
    asked = {"credits": str(credits)} if credits > 0 else {}
    asked["cause"] = cause.value
    if on is not None:
        asked["on"] = f"{on.astimezone(UTC):%Y-%m-%d}"
    path = reverse("billing:request-new", args=[customer.slug])
    return Place(_("Request credits"), f"{path}?{urlencode(asked)}")


def explanation(customer: Customer, at: datetime) -> Place:
    """The rows behind a balance, at an instant as known then."""
    asked = urlencode({"through": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}, safe=":")
    path = reverse("billing:explain", args=[customer.slug])
    return Place(_("See the rows behind it"), f"{path}?{asked}")


def annual_credits(customer: Customer) -> Place:
    """The customer's first page."""
    path = reverse("billing:annual-credits", args=[customer.slug])
    return Place(_("Open Annual credits"), path)


def what_ended(customer: Customer) -> Place:
    """The page that stands in for all others once access has ended."""
    path = reverse("billing:annual-credits", args=[customer.slug])
    return Place(_("See what ended and whom to ask"), path)


def notice_settings(customer: Customer) -> Place:
    """Where a customer's admins see who is told, and choose that and of what."""
    path = reverse("billing:notice-settings", args=[customer.slug])
    return Place(_("Choose who gets notices, and which"), path)
