"""Rates are booked customer by customer: killed, failing and in parallel, with one end state."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from kombu.exceptions import OperationalError

from credits import clock, tasks
from credits.domain import rate_run
from credits.domain.commands import Answer
from credits.domain.jobs import JobFailed
from credits.domain.post import bring_up_to_rates
from credits.domain.rate_run import RatesNotBooked, apply_rates
from credits.domain.rates import customers_behind
from credits.domain.verify import verify_books
from credits.models import Balance, Customer, JobRun, LedgerEntry
from tests.credits.rates.entering import enter
from tests.factories import credits as make

NOW = datetime(2027, 1, 10, 9, tzinfo=UTC)
MIDNIGHT = datetime(2027, 3, 1, tzinfo=UTC)


@pytest.fixture
def present(catalogue: None) -> Iterator[None]:
    with clock.moved_to(NOW):
        yield


@pytest.fixture
def holders(present: None) -> list[Customer]:
    """Five customers with 10 users of Email Core, behind by one rate."""
    found = [make.make_customer() for _ in range(5)]
    for customer in found:
        make.allocate(customer, "email-core", 10)
    enter(date(2027, 3, 1))
    return found


def booked() -> list[tuple[int, int]]:
    """The customers that have the rate, and what was booked for it."""
    found = LedgerEntry.objects.filter(effective_at=MIDNIGHT).order_by("customer")
    return list(found.values_list("customer", "credits"))


class Killed(BaseException):
    """The process ends in the middle."""


def failing(monkeypatch: pytest.MonkeyPatch, bad: Customer, error: type[BaseException]) -> None:
    """Booking for one customer goes wrong after its books were written."""

    def careless(customer: Customer) -> None:
        bring_up_to_rates(customer)
        if customer == bad:
            raise error("in the middle")

    monkeypatch.setattr(rate_run, "bring_up_to_rates", careless)


def test_every_customer_that_is_behind_is_booked_once(holders: list[Customer]) -> None:
    idle = make.make_customer()
    Balance.objects.filter(pk=idle.pk).update(rates_through=0)

    assert apply_rates() == 6
    assert apply_rates() == 0

    assert booked() == [(customer.pk, 50) for customer in holders]
    assert not customers_behind().exists()
    assert [verify_books(customer) for customer in holders] == [[]] * 5


def test_a_run_killed_in_the_third_customer_is_resumed_without_loss_or_doubling(
    holders: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        failing(patch, holders[2], Killed)
        with pytest.raises(Killed):
            apply_rates()
    assert booked() == [(customer.pk, 50) for customer in holders[:2]]

    assert apply_rates() == 3

    assert booked() == [(customer.pk, 50) for customer in holders]


def test_one_failing_customer_stops_nobody_else_and_the_run_fails(
    holders: list[Customer], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        failing(patch, holders[2], ValueError)
        with pytest.raises(RatesNotBooked, match="for 4 customers and failed for 1"):
            apply_rates()

    assert [pk for pk, _ in booked()] == [c.pk for c in holders if c != holders[2]]
    assert str(holders[2].public_id) in caplog.text
    assert apply_rates() == 1
    assert booked() == [(customer.pk, 50) for customer in holders]


def test_more_customers_than_a_batch_are_read_piece_by_piece(
    holders: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_run, "BATCH", 2)

    assert apply_rates() == 5
    assert len(booked()) == 5


def test_a_rate_entered_during_the_run_is_booked_by_it(
    holders: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    entered: list[Answer] = []

    def and_enter(customer: Customer) -> None:
        bring_up_to_rates(customer)
        if customer == holders[3] and not entered:
            entered.append(enter(date(2027, 4, 1), feature="email-pro"))

    monkeypatch.setattr(rate_run, "bring_up_to_rates", and_enter)

    apply_rates()

    assert entered
    assert not customers_behind().exists()


def test_the_command_says_how_many_and_fails_if_one_failed(
    holders: list[Customer], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    with monkeypatch.context() as patch:
        failing(patch, holders[0], ValueError)
        with pytest.raises(CommandError, match="failed for 1"):
            call_command("apply_rates")

    call_command("apply_rates")

    assert "Booked the newest rates for 1 customer." in capsys.readouterr().out


def test_the_task_books_and_fails_with_the_run(
    holders: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        failing(patch, holders[0], ValueError)
        with pytest.raises(JobFailed):
            tasks.apply_rates()

    assert JobRun.objects.get(job="apply-rates").problem.startswith("RatesNotBooked")
    assert tasks.apply_rates() == 1
    assert JobRun.objects.get(job="apply-rates").counts == {"customers": 1}


def test_without_a_queue_the_start_is_only_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.run_slot, "apply_async", down)

    with caplog.at_level(logging.WARNING):
        tasks.start_applying_rates()

    assert "job_not_started job=apply-rates" in caplog.text


def test_a_customer_costs_the_same_queries_among_few_and_many(present: None) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            apply_rates()
        return len(captured)

    def hold(count: int) -> None:
        for _ in range(count):
            make.allocate(make.make_customer(), "email-core", 10)

    hold(2)
    enter(date(2027, 3, 1))
    two = queries()
    hold(2)
    enter(date(2027, 4, 1))
    four = queries()
    hold(4)
    enter(date(2027, 5, 1))

    assert queries() - four == 2 * (four - two)
