"""Licenses as their pages show them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.domain.licenses import (
    LicenseState,
    credits_in,
    in_states,
    licenses_of,
    matching,
    state_of,
    story_of,
)
from credits import clock
from credits.domain.allocations import Undo
from credits.domain.boundaries import boundary_at
from credits.domain.figures import standing
from credits.domain.licenses import ExtendLicense, ReduceLicense, VoidLicense
from credits.domain.post import post
from credits.models import Customer, License, User
from tests.billing.ordering import buy, line, today
from tests.factories import credits as make

DAY = timedelta(days=1)


@pytest.fixture
def licenses(customer: Customer) -> dict[str, License]:
    """One license of each state."""
    found = {
        "valid": make.grant(customer, 100, today(), today() + DAY),
        "upcoming": make.grant(customer, 200, today() + 5 * DAY, today() + 9 * DAY),
        "ended": make.grant(customer, 400, today() - 9 * DAY, today() - DAY),
        "voided": make.grant(customer, 800, today(), today() + 9 * DAY),
    }
    post(VoidLicense(customer=customer, asked=make.asked(), license=found["voided"]))
    return found


def test_each_license_stands_in_one_way(customer: Customer, licenses: dict[str, License]) -> None:
    now = clock.now()
    found: dict[int, Any] = {license.pk: license for license in licenses_of(customer, now)}

    for state, license in licenses.items():
        assert found[license.pk].state == state
        assert state_of(found[license.pk], now) == state


def test_a_license_is_valid_to_the_last_instant_of_its_last_day(customer: Customer) -> None:
    license = make.grant(customer, 100, today(), today())
    end = clock.start_of(today() + DAY)
    instant = timedelta(microseconds=1)

    assert state_of(license, end - instant) == LicenseState.VALID
    assert state_of(license, end) == LicenseState.ENDED
    assert licenses_of(customer, end - instant).filter(pk=license.pk).get().state == "valid"  # type: ignore[attr-defined]
    assert licenses_of(customer, end).filter(pk=license.pk).get().state == "ended"  # type: ignore[attr-defined]


def test_the_valid_ones_sum_up_to_the_valid_figure(
    customer: Customer, licenses: dict[str, License]
) -> None:
    now = clock.now() + timedelta(seconds=1)
    valid = in_states(licenses_of(customer, now), [LicenseState.VALID])

    live = standing(customer, now=now, boundary=boundary_at(now)).live

    assert credits_in(valid) == live.figure.valid == 100


@pytest.mark.parametrize(
    ("words", "found"), [("l-201", 1), ("201", 1), ("so-77", 1), ("%", 0), ("9" * 40, 0)]
)
def test_licenses_are_found_by_number_and_order(customer: Customer, words: str, found: int) -> None:
    buy(customer, "SO-77", line())

    assert matching(licenses_of(customer, clock.now()), words).count() == found


def test_an_ended_license_is_found_like_any_other(
    customer: Customer, licenses: dict[str, License]
) -> None:
    ended = licenses["ended"]

    assert list(matching(licenses_of(customer, clock.now()), ended.label)) == [ended]


def test_other_customers_licenses_are_not_listed(
    customer: Customer, other_customer: Customer
) -> None:
    make.grant(other_customer, 100, today(), today())

    assert not licenses_of(customer, clock.now()).exists()


def test_the_story_of_a_license_is_told_in_order(customer: Customer, support: User) -> None:
    license = buy(customer, "SO-1", line()).lines.get().license
    later = license.ends_at + 30 * DAY
    why = make.asked(actor=support, reason="Agreed on the phone.")
    post(ExtendLicense(customer=customer, asked=why, license=license, ends_at=later))
    post(ReduceLicense(customer=customer, asked=make.asked(), license=license, credits=9_000))
    post(VoidLicense(customer=customer, asked=make.asked(), license=license))

    story = story_of(license)

    assert [chapter.kind for chapter in story] == ["grant", "extend", "reduce", "void"]
    assert [chapter.change for chapter in story] == [15_000, 0, -6_000, -9_000]
    granted, extended, reduced, voided = story
    assert granted.before is None
    assert extended.after is not None
    assert extended.after.until == later
    assert extended.operation.actor == support
    assert extended.reason == "Agreed on the phone."
    assert reduced.reason == ""
    assert voided.after is None


def test_an_undone_operation_is_told_as_undone(customer: Customer, support: User) -> None:
    license = buy(customer, "SO-1", line()).lines.get().license
    reduced = post(
        ReduceLicense(customer=customer, asked=make.asked(), license=license, credits=9_000)
    )
    undo = Undo(
        customer=customer,
        asked=make.asked(actor=support),
        operation=reduced.operation.public_id,
        kinds=frozenset({"reduce"}),
    )
    post(undo)

    story = story_of(license)

    assert [chapter.kind for chapter in story] == ["grant", "reduce", "withdrawn"]
    assert story[-1].change == 6_000
    assert story[-1].after is not None
    assert story[-1].after.credits == 15_000
