"""Closing an hour while others close it and while writers write, on connections of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from billing.domain import publication
from billing.domain.publication import GateBusy, close_boundary, publish_hours
from credits import clock
from credits.domain.boundaries import GATE, HOUR
from credits.models import Boundary, Customer, LedgerEntry, Operation, Publication
from tests.billing.publication.hours import closed, problems
from tests.billing.story import instant
from tests.factories import credits as make
from tests.races.racing import race

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

B = instant("2027-03-01T09:00")
DUE = B + 2 * HOUR
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def books(catalogue: None) -> Customer:
    """A customer with credits, recorded before the boundary."""
    with clock.moved_to(B - 3 * HOUR):
        customer = make.make_customer(name="Halden Energy")
        today = clock.day_of(B)
        make.grant(customer, 10_000, today, today + timedelta(days=365))
    return customer


def visible(at: datetime) -> int:
    return sum(entry.visible_at <= at for entry in LedgerEntry.objects.all())


def test_five_at_once_close_and_record_each_hour_once(books: Customer) -> None:
    publish_hours(DUE - 6 * HOUR)

    results = race([lambda: publish_hours(DUE) for _ in range(5)])

    assert [one for one in results if isinstance(one, Exception)] == []
    assert closed() == [B - n * HOUR for n in range(6, -1, -1)]
    assert Publication.objects.count() == 7
    assert problems() == []


def test_five_at_once_on_a_fresh_installation_close_one_hour(books: Customer) -> None:
    results = race([lambda: publish_hours(DUE) for _ in range(5)])

    assert [one for one in results if isinstance(one, Exception)] == []
    assert closed() == [B]
    assert problems() == []


def test_a_closing_waits_for_a_writer_that_is_between(books: Customer) -> None:
    """What was recorded before the boundary and commits late is in its publication."""
    written, close = threading.Event(), threading.Event()

    def write() -> None:
        with clock.moved_to(B - MICROSECOND), transaction.atomic():
            make.allocate(books, "email-core", 10)
            written.set()
            # Long enough for a closing that does not wait to be over.
            close.wait(timeout=0.7)

    def close_hour() -> None:
        written.wait(timeout=30)
        publish_hours(DUE)
        close.set()

    assert race([write, close_hour]) == [None, None]
    assert Publication.objects.get().entries == visible(B) == 2
    assert problems() == []


def test_a_writer_whose_clock_is_behind_records_after_the_newest_boundary(books: Customer) -> None:
    publish_hours(DUE)

    with clock.moved_to(B - HOUR):
        customer = make.make_customer(name="Borealis Freight")
        make.allocate(books, "email-core", 10)

    assert Operation.objects.get(customer=books, kind="allocate").recorded_at == B + MICROSECOND
    assert Operation.objects.latest("pk").recorded_at > B
    assert customer.pk
    assert problems() == []


def test_no_entry_at_or_below_a_boundary_is_missing_while_writers_race_the_closing(
    books: Customer,
) -> None:
    """Writers around a boundary, some with a clock behind it, and closings one after the other."""
    others = [make.make_customer() for _ in range(3)]
    writers = [books, *others]
    going = threading.Event()

    def write(customer: Customer) -> Callable[[], None]:
        def act() -> None:
            for turn in range(12):
                with clock.moved_to(B + turn * HOUR - MICROSECOND):
                    make.allocate(customer, "email-core", turn + 1)

        return act

    def close() -> None:
        for turn in range(12):
            going.wait(timeout=0.05)
            publish_hours(DUE + turn * HOUR)

    results = race([*(write(customer) for customer in writers), close, close])

    assert [one for one in results if isinstance(one, Exception)] == []
    publish_hours(DUE + 12 * HOUR)
    assert problems() == []
    newest = Boundary.objects.latest("at").at
    total = sum(Publication.objects.values_list("entries", flat=True))
    assert total == visible(newest)


def test_a_writer_that_stays_too_long_keeps_the_hour_for_the_next_run(books: Customer) -> None:
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [GATE])
            holding.set()
            release.wait(timeout=30)

    def close() -> None:
        holding.wait(timeout=30)
        try:
            with pytest.raises(GateBusy):
                publish_hours(DUE)
        finally:
            release.set()

    assert race([hold, close]) == [None, None]
    assert closed() == []
    publish_hours(DUE)
    assert closed() == [B]


def test_a_run_leaves_the_work_to_the_one_whose_turn_it_is(books: Customer) -> None:
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            assert publication.has_turn()
            holding.set()
            release.wait(timeout=30)

    def close() -> None:
        holding.wait(timeout=30)
        try:
            assert close_boundary(B, DUE) is None
            assert publish_hours(DUE) == []
        finally:
            release.set()

    assert race([hold, close]) == [None, None]
    assert closed() == []
