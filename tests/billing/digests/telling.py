"""Weeks as the digests' tests tell them: Monday 30 November 2026, 06:00 UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from credits import clock
from credits.models import Customer, License, OutgoingMail, User
from tests.credits.usage.reports import SANDBOX, report, set_source
from tests.factories import credits as make

MONDAY = datetime(2026, 11, 30, 6, tzinfo=UTC)
WEEK = timedelta(days=7)


def licensed(
    customer: Customer, credits: int = 52_000, last_day: date = date(2027, 9, 30)
) -> License:
    """Credits since September, until the end of the September after."""
    with clock.moved_to(datetime(2026, 9, 1, 8, tzinfo=UTC)):
        return make.grant(customer, credits, date(2026, 9, 1), last_day)


def reported_by(customer: Customer, *groups: str) -> None:
    """Let systems report these groups from October on."""
    with clock.moved_to(datetime(2026, 10, 1, 8, tzinfo=UTC)):
        for group in groups or (SANDBOX,):
            set_source(customer, group, f"{group} inventory")


def told_at(
    customer: Customer,
    units: int,
    at: datetime,
    group: str = SANDBOX,
    late: timedelta | None = None,
) -> None:
    """A system reports units at an instant, and is heard then or so much later."""
    with clock.moved_to(at + (late or timedelta(0))):
        report(customer, units, at, group=group)


def mails_to(person: User, kind: str) -> list[OutgoingMail]:
    """The mails of a kind to a person, oldest first."""
    return list(OutgoingMail.objects.filter(recipient=person, kind=kind).order_by("pk"))
