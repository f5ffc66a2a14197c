"""Two runs at once share the work; a locked customer is nobody's reason to stand still."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from django.db import connection, connections, transaction

from credits.domain.locks import lock_customer
from credits.domain.rate_run import RateRun, apply_rates
from credits.domain.rates import customers_behind
from credits.domain.verify import verify_books
from credits.models import Customer, LedgerEntry
from tests.credits.rates.entering import enter
from tests.factories import credits as make
from tests.races.racing import deadlocks, race

pytestmark = pytest.mark.django_db(transaction=True)
FIRST = date(2999, 3, 1)


@pytest.fixture
def holders(catalogue: None) -> list[Customer]:
    found = [make.make_customer() for _ in range(12)]
    for customer in found:
        make.allocate(customer, "email-core", 10)
    enter(FIRST)
    return found


def test_parallel_runs_book_every_customer_once(holders: list[Customer]) -> None:
    before = deadlocks()

    counts = race([apply_rates] * 4)

    assert all(isinstance(count, int) for count in counts), counts
    assert sum(counts) == 12  # type: ignore[arg-type]
    assert not customers_behind().exists()
    booked = LedgerEntry.objects.filter(effective_at__year=2999)
    assert sorted(booked.values_list("customer", "credits")) == [(c.pk, 50) for c in holders]
    assert deadlocks() == before
    assert [verify_books(customer) for customer in holders[:3]] == [[]] * 3


def test_a_customer_whose_books_are_locked_is_passed_over_and_found_again(
    holders: list[Customer],
) -> None:
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                lock_customer(holders[0].pk)
                locked.set()
                release.wait(timeout=30)
        finally:
            connections.close_all()

    holding = threading.Thread(target=hold)
    holding.start()
    assert locked.wait(timeout=30)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        run = RateRun()
        assert run.sweep(wait=False) == 11
        assert list(customers_behind()) == [holders[0]]
    finally:
        release.set()
        holding.join()
    assert run.failed == set()
    assert apply_rates() == 1
