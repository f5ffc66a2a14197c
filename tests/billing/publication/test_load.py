"""Hours closed again and again while processes write, some of them killed: nothing is missing."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from billing.domain.publication import GateBusy, publish_hours
from credits import clock
from credits.domain import verify
from credits.domain.boundaries import DELAY, GATE
from credits.domain.figures import Figure, figure, levels, standing
from credits.models import Customer, LedgerEntry
from tests.billing.publication.hours import closed, problems, records
from tests.billing.publication.loading import (
    HOUR,
    START,
    Child,
    Course,
    Writer,
    close_until_killed,
    write,
    write_until_killed,
)
from tests.factories import credits as make
from tests.races.racing import race

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

Shown = dict[tuple[int, datetime], Figure]


@pytest.mark.parametrize(
    ("seconds", "inside", "busy"),
    [
        pytest.param(3.0, False, False, id="short"),
        pytest.param(40.0, False, True, id="long", marks=pytest.mark.nightly),
        pytest.param(40.0, True, True, id="long-killed-inside", marks=pytest.mark.nightly),
    ],
)
def test_nothing_is_missing_and_nothing_changes_while_hours_close_under_load(
    catalogue: None, seconds: float, inside: bool, busy: bool
) -> None:
    customers = [found(n) for n in range(4)]
    shown: Shown = {}
    wrong: list[str] = []
    gates: Counter[str] = Counter()

    with children(customers, inside=inside) as (writer, victim, closer):
        course = Course(time.monotonic(), seconds)
        for child in (writer, victim, closer):
            child.told(course)
        own = Writer([customer.pk for customer in customers], seed=3)
        clients: list[Callable[[], None]] = [
            partial(until_over, course, lambda: own.act(course.now())),
            partial(until_over, course, lambda: close(course, gates)),
            partial(until_over, course, lambda: look(customers, course, shown, wrong)),
            partial(kill_when_told, victim),
            partial(kill_when_told, closer),
        ]
        if busy:
            clients.append(partial(stay_between, course))
        results = race(clients)
        written = writer.heard()
        writer.end()

    assert results == [None] * len(clients)
    publish_hours(course.now() + 8 * HOUR)

    assert wrong == []
    assert problems() == []
    assert recorded_too_late() == 0
    assert dict(hours_of_entries()) == {at: count for at, count, *_ in records() if count}
    assert changed(customers, shown) == []
    assert [found for one in customers for found in verify.verify_books(one)] == []
    # That all of it was put to the test.
    assert min(written, own.acts) > 3
    assert len(closed()) > seconds / 0.06 > 20
    assert len({at for _, at in shown}) > 5
    assert told_late() > 0
    assert booked_ahead(course) > 0
    assert bool(gates["busy"]) == busy


def found(number: int) -> Customer:
    """A customer with credits and an allocation, before the run."""
    with clock.moved_to(START - 3 * HOUR):
        customer = make.make_customer(name=f"Customer {number}")
        today = clock.day_of(START)
        make.grant(customer, 10_000, today, today + timedelta(days=365))
        make.allocate(customer, "email-core", 10)
    return customer


@contextmanager
def children(customers: list[Customer], *, inside: bool) -> Iterator[tuple[Child, Child, Child]]:
    """Two processes that write and one that closes, ready to begin; none is left behind."""
    database = str(connection.settings_dict["NAME"])
    ids = [customer.pk for customer in customers]
    crew = (
        Child(write, database, ids, 1),
        Child(write_until_killed, database, ids, 2),
        Child(partial(close_until_killed, inside=inside), database),
    )
    try:
        for child in crew:
            assert child.heard() == "ready"
        yield crew
    finally:
        for child in crew:
            if child.process.is_alive():
                child.kill()


def until_over(course: Course, act: Callable[[], None]) -> None:
    while not course.is_over:
        act()


def close(course: Course, gates: Counter[str]) -> None:
    """One run of the job, and a breath."""
    try:
        publish_hours(course.now())
    except GateBusy:
        gates["busy"] += 1
    threading.Event().wait(0.01)


def kill_when_told(child: Child) -> None:
    """Kill a child at the point it speaks of."""
    child.heard()
    child.kill()


def stay_between(course: Course) -> None:
    """A writer that holds the gate for longer than a closing waits, towards the end of the run."""
    threading.Event().wait(course.seconds * 0.75)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [GATE])
        threading.Event().wait(5)


def look(customers: list[Customer], course: Course, shown: Shown, wrong: list[str]) -> None:
    """What the page shows of each customer: with what is pending it is live, and it stands."""
    for customer in customers:
        stands = standing(customer, now=course.now())
        if stands.boundary is None or stands.unpublished:
            continue
        figures = stands.shown.figure
        if figures.balance + stands.pending_balance != stands.live.figure.balance:
            wrong.append(f"{customer} {stands.boundary}: shown and pending are not live")
        if stands.shown.at != stands.boundary:
            wrong.append(f"{customer} {stands.boundary}: shown at {stands.shown.at}")
        if shown.setdefault((customer.pk, stands.boundary), figures) != figures:
            wrong.append(f"{customer} {stands.boundary}: what was shown has changed")
    threading.Event().wait(0.01)


# What is left


def changed(customers: list[Customer], shown: Shown) -> list[str]:
    """The samples that the ledger tells otherwise today."""
    by_id = {customer.pk: customer for customer in customers}
    found = []
    for (pk, at), before in shown.items():
        sums = levels(by_id[pk], at=at, known=at).values()
        if figure(by_id[pk], at=at, known=at) != before or not sums:
            found.append(f"{by_id[pk]} {at}: {before}")
    return found


def hours_of_entries() -> Counter[datetime]:
    """How many entries each closed boundary has to hold: the first at or after they count."""
    hours: Counter[datetime] = Counter()
    first, last = closed()[0], closed()[-1]
    for entry in LedgerEntry.objects.all():
        at = entry.visible_at
        hour = at.replace(minute=0, second=0, microsecond=0)
        hour = max(first, hour if hour == at else hour + HOUR)
        if hour <= last:
            hours[hour] += 1
    return hours


def recorded_too_late() -> int:
    """Entries written after a boundary was closed and recorded at or below it: always none.

    In the order of the transactions themselves, whatever any clock said: a boundary's is given its
    number while no writer is between.
    """
    return count(
        "SELECT count(*) FROM credits_ledgerentry AS entry JOIN credits_boundary AS boundary"
        " ON entry.recorded_at <= boundary.at AND age(entry.xmin) < age(boundary.xmin)"
    )


def told_late() -> int:
    """Entries about instants that were published before they were told."""
    return count(
        "SELECT count(*) FROM credits_ledgerentry"
        " WHERE recorded_at > effective_at + interval '4 hours'"
    )


def booked_ahead(course: Course) -> int:
    """Entries that waited for their day, and were published then."""
    due = {"due": course.now() - DELAY}
    return count(
        "SELECT count(*) FROM credits_ledgerentry"
        " WHERE effective_at > recorded_at + interval '2 hours' AND effective_at <= %(due)s",
        due,
    )


def count(statement: str, parameters: dict[str, Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        (number,) = cursor.fetchone()
    return int(number)
