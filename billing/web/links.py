"""Addresses of the rows behind a figure, each with the two clocks the figure was read at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse

from billing.models import Purchase
from credits.domain.figures import Position
from credits.models import Customer, License, Side
from credits.web.links import explain_query


def instant_text(at: datetime) -> str:
    """An instant as addresses carry it: 2026-11-24T09:00:00Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class Explain:
    """Makes the links of one page: all at the same instant, as known at the same instant.

    `at` may be given for a figure ahead; what is known stays what the page knows.
    """

    # A template hands it on to a tag as it is.
    do_not_call_in_templates = True

    customer: Customer
    at: datetime
    known: datetime

    @classmethod
    def of(cls, customer: Customer, position: Position) -> Explain:
        return cls(customer, position.at, position.known)

    def __call__(self, side: str, *, at: datetime | None = None, **subject: str) -> str:
        return explain_url(self.customer, side, at=at or self.at, known=self.known, **subject)


def license_rows(customer: Customer, license: License, known: datetime) -> str:
    """The rows of a license's credits, at the last instant up to `known` at which it gave them.

    One that starts later is asked about at its start. One that was voided before it started never
    gave any: it has no address.
    """
    over = min(license.ends_at, license.voided_at or license.ends_at)
    if over <= license.starts_at:
        return ""
    at = min(max(known, license.starts_at), over - timedelta(microseconds=1))
    return explain_url(customer, Side.VALID, at=at, known=known, license=str(license.public_id))


def machine_url(
    customer: Customer, *, at: datetime | None = None, known: datetime | None = None
) -> str:
    """The time machine at two clocks; what is no whole minute it takes as now."""
    clocks = {"at": at, "known": known}
    query = {
        name: f"{value.astimezone(UTC):%Y-%m-%dT%H:%M}"
        for name, value in clocks.items()
        if value is not None and is_minute(value)
    }
    path = reverse("billing:time-machine", kwargs={"slug": customer.slug})
    return f"{path}?{urlencode(query, safe=':')}" if query else path


def is_minute(at: datetime) -> bool:
    """Whether an instant can be asked for by its minute."""
    return (at.second, at.microsecond) == (0, 0)


def explain_url(
    customer: Customer, side: str, *, at: datetime, known: datetime, **subject: str
) -> str:
    """The rows of a figure; `subject` is license=<public id>, feature=<key> or solution=<key>."""
    path = reverse("billing:explain", kwargs={"slug": customer.slug})
    return f"{path}?{explain_query(side, at, known, **subject)}"


def purchase_url(purchase: Purchase) -> str:
    """The page of a purchase."""
    kwargs = {"slug": purchase.customer.slug, "public_id": purchase.public_id}
    return reverse("billing:purchase-detail", kwargs=kwargs)
