"""A person's act that raises allocated: confirmed, refused, or let through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from credits import clock
from credits.domain.commands import Answer
from credits.domain.licenses import GrantLicenses, Lot, VoidLicense
from credits.domain.post import post
from credits.exceptions import ConfirmationNeeded, ShortBalance
from credits.models import Customer, OverAllocation
from tests.credits.domain.acts import (
    DAY,
    NOON,
    allocate,
    figure,
    grant,
    held,
    nothing_written,
    release,
    undo,
)
from tests.factories import credits as make


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.moved_to(NOON):
        yield


@pytest.fixture
def strict(catalogue: None) -> Customer:
    """A customer who refuses to go below zero."""
    return make.make_customer(over_allocation=OverAllocation.REFUSE)


def submissions(
    customer: Customer, units: int, confirmed: int | None = None, **more: Any
) -> Answer:
    """Each unit of this feature holds seven credits."""
    more["confirmed_shortfall"] = confirmed
    return allocate(customer, "endpoint-sandbox-submission", units, **more)


def test_to_exactly_zero_needs_no_confirmation(customer: Customer) -> None:
    grant(customer, 700)

    submissions(customer, 100)

    assert figure(customer) == (700, 700)


def test_below_zero_asks_with_the_shortfall(customer: Customer) -> None:
    grant(customer, 699)

    with nothing_written(customer), pytest.raises(ConfirmationNeeded) as refusal:
        submissions(customer, 100)

    assert refusal.value.shortfall == 1
    assert "\N{MINUS SIGN}1 credits" in refusal.value.message


def test_a_confirmation_covers_its_shortfall_and_less_but_no_more(customer: Customer) -> None:
    grant(customer, 690)

    with nothing_written(customer), pytest.raises(ConfirmationNeeded):
        submissions(customer, 100, confirmed=9)
    submissions(customer, 100, confirmed=10)
    assert figure(customer) == (690, 700)


def test_a_shortfall_that_has_grown_meanwhile_asks_again_under_the_same_key(
    customer: Customer,
) -> None:
    grant(customer, 690)
    allocate(customer, "email-sensor", 1)

    with pytest.raises(ConfirmationNeeded) as refusal:
        submissions(customer, 100, confirmed=10, key="one-form")
    assert refusal.value.shortfall == 15
    answer = submissions(customer, 100, confirmed=15, key="one-form")

    assert not answer.repeated


def test_while_short_only_what_makes_it_worse_is_asked(customer: Customer) -> None:
    submissions(customer, 100, confirmed=700)

    submissions(customer, 100)
    submissions(customer, 60)
    with pytest.raises(ConfirmationNeeded) as refusal:
        submissions(customer, 61)

    assert refusal.value.shortfall == 427


def test_the_refusing_setting_takes_no_confirmation(strict: Customer) -> None:
    grant(strict, 699)

    with nothing_written(strict), pytest.raises(ShortBalance) as refusal:
        submissions(strict, 100, confirmed=10**9)

    assert not isinstance(refusal.value, ConfirmationNeeded)
    submissions(strict, 99)
    assert figure(strict) == (699, 693)


def test_an_undo_that_raises_allocated_is_judged_too(strict: Customer) -> None:
    license = grant(strict, 700)
    submissions(strict, 100)
    done = release(strict, "endpoint-sandbox-submission")
    post(VoidLicense(customer=strict, asked=make.asked(), license=license))

    with nothing_written(strict), pytest.raises(ShortBalance):
        undo(strict, done)


def test_taking_a_license_back_is_never_refused(strict: Customer) -> None:
    today = clock.start_of(clock.day_of(clock.now()))
    lot = Lot(credits=700, starts_at=today, ends_at=today + DAY)
    done = post(GrantLicenses(customer=strict, asked=make.asked(), lots=[lot]))
    submissions(strict, 100)

    undo(strict, done)

    assert figure(strict) == (0, 700)


def test_the_end_of_a_license_switches_nothing_off(strict: Customer) -> None:
    license = grant(strict, 700, days=3)
    submissions(strict, 100)

    with clock.moved_to(license.ends_at):
        assert figure(strict) == (0, 700)
        assert held(strict, "endpoint-sandbox-submission") == 700


def test_what_is_valid_only_later_does_not_count_today(customer: Customer) -> None:
    grant(customer, 10_000, start=1)

    with pytest.raises(ConfirmationNeeded):
        submissions(customer, 1)
