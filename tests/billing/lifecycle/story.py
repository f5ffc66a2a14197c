"""A customer whose life is recorded slot by slot."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.domain.lifecycle import advance
from billing.models import CustomerLife, LifeEvent
from credits import clock
from credits.models import Customer
from tests.billing.story import instant

TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)


SOON = timedelta(minutes=1)
"""How long after a slot is due the worker comes to it, if it is one of the slow ones."""


def run(when: str | datetime, *, late: timedelta = timedelta(0)) -> dict[str, int]:
    """The run of a slot, by a clock that stands at its instant, or later."""
    as_of = instant(when) if isinstance(when, str) else when
    with clock.moved_to(as_of + late):
        return advance(as_of)


def run_days(first: str, last: str, step: timedelta = timedelta(days=1)) -> None:
    """The runs of a whole stretch of time, one a step."""
    as_of = instant(first)
    while as_of <= instant(last):
        run(as_of)
        as_of += step


def life(customer: Customer) -> CustomerLife:
    return CustomerLife.objects.get(customer=customer)


def events(customer: Customer) -> list[tuple[str, str]]:
    """What was recorded of the customer's access, in order, with the instant of the terms."""
    found = LifeEvent.objects.filter(customer=customer, license__isnull=True)
    return [(event.kind, text_of(event.at)) for event in found]


def license_events(customer: Customer) -> list[tuple[str, str]]:
    """What was recorded of the customer's licenses."""
    found = LifeEvent.objects.filter(customer=customer, license__isnull=False)
    return [(event.kind, text_of(event.at)) for event in found]


def text_of(at: datetime) -> str:
    """2026-11-24T09:00, with seconds where there are some."""
    return at.isoformat(timespec="auto").removesuffix("+00:00").removesuffix(":00")
