"""Where the "as of" menu of Annual credits leads: other instants, in the time machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from billing.web.links import machine_url
from credits import clock
from credits.models import Customer

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Moment:
    """One instant of the past, with what is known today and as it was known then."""

    name: str
    at: datetime
    url: str
    known_url: str


def moments(customer: Customer, shown: datetime) -> list[Moment]:
    """Yesterday and a week ago at the hour shown, and the last minute of the last month (UTC)."""
    month = clock.start_of(clock.day_of(shown).replace(day=1))
    found = [
        (_("Yesterday"), shown - DAY),
        (_("A week ago"), shown - 7 * DAY),
        (_("End of last month"), month - MINUTE),
    ]
    return [
        Moment(name, at, machine_url(customer, at=at), machine_url(customer, at=at, known=at))
        for name, at in found
    ]
