"""Slots of notices as the worker runs them, and what they told."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.domain.notices import send_notices
from billing.domain.notices.choosing import SetNotices
from billing.models import Notice
from credits import clock
from credits.domain.post import post
from credits.models import Customer, OutgoingMail
from tests.billing.story import Story, instant
from tests.factories import credits as make

DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


def morning(day: str) -> datetime:
    """The present of a day's slot: 06:00 UTC."""
    return instant(f"{day}T06:00")


def run(day: str) -> dict[str, int]:
    """Run the slot of a day, in time."""
    return run_at(morning(day))


def run_at(as_of: datetime) -> dict[str, int]:
    """Run a slot with a present of its own, in time."""
    with clock.moved_to(as_of):
        return send_notices(as_of)


def run_days(first: str, last: str) -> None:
    """Run every slot from one day to another, each in time."""
    as_of = morning(first)
    while as_of <= morning(last):
        run_at(as_of)
        as_of += DAY


def run_around(*days: str) -> None:
    """Run the slots of days, and those just before and after, each once and in order."""
    for as_of in sorted({morning(day) + n * DAY for day in days for n in (-1, 0, 1)}):
        run_at(as_of)


def told(customer: Customer) -> list[str]:
    """The kinds of a customer's notices, in the order they were told."""
    return list(
        Notice.objects.filter(customer=customer).order_by("pk").values_list("kind", flat=True)
    )


def told_by_day(customer: Customer) -> list[tuple[str, str]]:
    """The same with the UTC day of their slot."""
    found = Notice.objects.filter(customer=customer).order_by("pk")
    return [(f"{notice.at:%Y-%m-%d}", notice.kind) for notice in found]


def only(customer: Customer, kind: str) -> Notice:
    """The one notice of a kind."""
    return Notice.objects.get(customer=customer, kind=kind)


def newest_mail() -> OutgoingMail:
    """The mail that was written last."""
    found = OutgoingMail.objects.order_by("pk").last()
    assert found is not None
    return found


def choose(
    story: Story, when: str, *levels: int, days_ahead: int = 30, weekly: bool = True
) -> None:
    """Choose what is told, as the story's admin does."""
    with clock.moved_to(instant(when)):
        post(
            SetNotices(
                customer=story.customer,
                asked=make.asked(actor=story.admin),
                low_levels=levels,
                days_ahead=days_ahead,
                weekly=weekly,
            )
        )
