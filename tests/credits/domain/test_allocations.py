"""Allocate and release: groups, requirements, closed rates, stale pages, bad quantities."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from credits import clock
from credits.domain.figures import standing
from credits.domain.verify import verify_books
from credits.exceptions import InvalidCommand, NotAllowed, RateClosed, StaleView, UnknownObject
from credits.models import Customer, FeatureChoice, LedgerEntry, UsageReport
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

AUTUMN = datetime(2025, 11, 1, 12, tzinfo=UTC)
"""Before the retirements of 2025-11-10 and 2025-12-31."""

PACKAGES = "endpoint-packages"
ACCESS = "ztsa-internet-ai"
INTERNET, AI, BUNDLE = "ztsa-internet-access", "ztsa-ai-access", "ztsa-internet-ai-bundle"


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.moved_to(NOON):
        yield


@pytest.mark.parametrize(
    ("feature", "units", "credits"),
    [
        ("email-core", 250, 6250),
        ("endpoint-sandbox-submission", 310, 2170),
        ("sandbox-daily-reserve", 50, 2500),
        ("network-virtual-sensor", "500.1", 25000),
        ("file-security-sdk", 1_200_000, 15000),
        ("file-security-storage-buckets", 3, 28908),
        ("collaboration-sensor", 400, 0),
        ("cloud-risk", {"one": 501, "two": 9000}, 10000),
    ],
)
def test_a_feature_holds_what_its_model_says(
    customer: Customer, feature: str, units: Any, credits: int
) -> None:
    allocate(customer, feature, {feature: units})

    assert held(customer, feature) == credits
    assert figure(customer) == (0, credits)


def test_an_allocation_is_a_level_and_not_a_sum(customer: Customer) -> None:
    allocate(customer, "email-core", 5)
    allocate(customer, "email-core", 8)
    allocate(customer, "email-core", 8)

    assert held(customer, "email-core") == 200
    assert [entry.credits for entry in LedgerEntry.objects.filter(customer=customer)] == [125, 75]


def test_release_returns_credits_to_the_balance_at_once(customer: Customer) -> None:
    grant(customer, 1000)
    allocate(customer, "email-core", 8)

    release(customer, "email-core")

    assert figure(customer) == (1000, 0)


def test_release_is_a_choice_and_keeps_what_was_reported(customer: Customer) -> None:
    allocate(customer, "email-core", 8)

    release(customer, "email-core")

    report = UsageReport.objects.get(customer=customer)
    assert report.quantities == {"email-core": "8"}
    choice = FeatureChoice.objects.get(customer=customer)
    assert not choice.is_on


def test_packages_are_counted_each_by_its_own_number(customer: Customer) -> None:
    allocate(customer, PACKAGES, {"endpoint-core": 10, "endpoint-pro": 2})

    assert held(customer, "endpoint-core") == 450
    assert held(customer, "endpoint-pro") == 600
    release(customer, "endpoint-pro", group=PACKAGES)
    assert held(customer, "endpoint-core") == 450
    assert held(customer, "endpoint-pro") == 0


def test_a_bundle_stands_in_for_its_parts_while_both_are_on(customer: Customer) -> None:
    allocate(customer, ACCESS, {"units": 120}, on={INTERNET})
    assert [held(customer, key) for key in (INTERNET, AI, BUNDLE)] == [7200, 0, 0]

    allocate(customer, ACCESS, {"units": 120}, on={INTERNET, AI})
    assert [held(customer, key) for key in (INTERNET, AI, BUNDLE)] == [0, 0, 10200]

    release(customer, AI, group=ACCESS)
    assert [held(customer, key) for key in (INTERNET, AI, BUNDLE)] == [7200, 0, 0]


def test_releasing_a_bundle_releases_its_parts(customer: Customer) -> None:
    allocate(customer, ACCESS, {"units": 120}, on={INTERNET, AI})

    release(customer, BUNDLE, group=ACCESS)

    assert figure(customer) == (0, 0)
    assert verify_books(customer) == []


def test_a_required_feature_comes_first(customer: Customer) -> None:
    with nothing_written(customer), pytest.raises(NotAllowed, match="needs"):
        allocate(customer, "endpoint-sap-scanner", 1)

    allocate(customer, PACKAGES, {"endpoint-pro": 1})
    allocate(customer, "endpoint-sap-scanner", 1)

    assert held(customer, "endpoint-sap-scanner") == 4800


def test_either_of_two_alternatives_serves(customer: Customer) -> None:
    allocate(customer, ACCESS, {"units": 10}, on={AI})

    allocate(customer, "ztsa-static-ip", "0.5")

    assert held(customer, "ztsa-static-ip") == 4000


def test_a_bundle_in_use_puts_its_parts_in_use(customer: Customer) -> None:
    allocate(customer, ACCESS, {"units": 10}, on={INTERNET, AI})

    allocate(customer, "ztsa-sandbox", 10)

    assert held(customer, "ztsa-sandbox") == 70


def test_what_others_need_is_not_released(customer: Customer) -> None:
    allocate(customer, PACKAGES, {"endpoint-pro": 1})
    allocate(customer, "endpoint-sap-scanner", 1)

    with nothing_written(customer):
        with pytest.raises(NotAllowed, match="needs"):
            release(customer, "endpoint-pro", group=PACKAGES)
        with pytest.raises(NotAllowed, match="needs"):
            allocate(customer, PACKAGES, {"endpoint-core": 5})

    release(customer, "endpoint-sap-scanner")
    release(customer, "endpoint-pro", group=PACKAGES)
    assert figure(customer) == (0, 0)


def test_a_need_that_was_broken_before_does_not_stand_against_other_releases(
    customer: Customer,
) -> None:
    pro = allocate(customer, PACKAGES, {"endpoint-pro": 1})
    allocate(customer, "endpoint-sap-scanner", 1)
    allocate(customer, "email-core", 1)
    undo(customer, pro)

    release(customer, "email-core")

    assert held(customer, "email-core") == 0


def test_what_a_retired_feature_holds_stays_and_may_fall(customer: Customer) -> None:
    with clock.moved_to(AUTUMN):
        allocate(customer, "endpoint-advanced-protection", 10)

    assert held(customer, "endpoint-advanced-protection") == 450
    with nothing_written(customer), pytest.raises(RateClosed) as refusal:
        allocate(customer, "endpoint-advanced-protection", 11)
    assert refusal.value.field == "endpoint-advanced-protection"
    allocate(customer, "endpoint-advanced-protection", 10)
    allocate(customer, "endpoint-advanced-protection", 4)
    assert held(customer, "endpoint-advanced-protection") == 180
    with pytest.raises(RateClosed):
        allocate(customer, "endpoint-advanced-protection", 5)


def test_a_retired_feature_that_was_released_is_not_allocated_anew(customer: Customer) -> None:
    with clock.moved_to(AUTUMN):
        allocate(customer, "endpoint-advanced-protection", 10)
    release(customer, "endpoint-advanced-protection")

    with nothing_written(customer), pytest.raises(RateClosed):
        allocate(customer, "endpoint-advanced-protection", 10)


def test_the_last_day_for_new_allocations_is_open_to_its_end(customer: Customer) -> None:
    end = datetime(2025, 11, 11, tzinfo=UTC)

    with clock.moved_to(end - DAY / 86_400_000_000):
        allocate(customer, "endpoint-advanced-protection", 1)
    with clock.moved_to(end), pytest.raises(RateClosed):
        allocate(customer, "endpoint-advanced-protection", 2)


def test_a_dated_rate_is_booked_ahead_for_what_is_held(customer: Customer) -> None:
    with clock.moved_to(AUTUMN):
        allocate(customer, "cloud-risk", {"cloud-risk": {"one": 501, "two": 9000}})
        allocate(customer, PACKAGES, {"endpoint-pro-without-xdr": 10})
        change, steps = datetime(2025, 11, 11, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC)

        assert held(customer, "endpoint-pro-without-xdr") == 2800
        assert held(customer, "endpoint-pro-without-xdr", change) == 3000
        assert held(customer, "cloud-risk") == 16000
        assert held(customer, "cloud-risk", steps) == 10000
        assert verify_books(customer) == []


def test_a_page_drawn_before_a_change_of_its_group_writes_nothing(customer: Customer) -> None:
    allocate(customer, "email-core", 5)
    seen = standing(customer, now=clock.now(), boundary=clock.now()).seq
    allocate(customer, "email-core", 8)

    with nothing_written(customer), pytest.raises(StaleView):
        allocate(customer, "email-core", 9, seen=seen)
    with nothing_written(customer), pytest.raises(StaleView):
        release(customer, "email-core", seen=seen)


def test_a_change_of_another_group_does_not_make_a_page_stale(customer: Customer) -> None:
    allocate(customer, "email-core", 5)
    seen = standing(customer, now=clock.now(), boundary=clock.now()).seq
    allocate(customer, "email-pro", 8)

    allocate(customer, "email-core", 9, seen=seen)

    assert held(customer, "email-core") == 225


@pytest.mark.parametrize(
    "units",
    [
        Decimal(-1),
        Decimal("0.5"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        Decimal("-Infinity"),
        Decimal(10) ** 20,
        Decimal(10**9 + 1),
        Decimal("1e999"),
    ],
    ids=str,
)
def test_a_quantity_that_makes_no_sense_is_refused_at_its_field(
    customer: Customer, units: Decimal
) -> None:
    with nothing_written(customer), pytest.raises(InvalidCommand) as refusal:
        allocate(customer, "email-core", units)

    assert refusal.value.field == "email-core"
    assert refusal.value.message.endswith(".")


def test_zero_units_are_a_level_of_nothing(customer: Customer) -> None:
    allocate(customer, "email-core", 5)
    allocate(customer, "email-core", 0)

    assert figure(customer) == (0, 0)
    assert verify_books(customer) == []


def test_measured_quantities_may_have_decimals(customer: Customer) -> None:
    allocate(customer, "network-virtual-sensor", "0.1")

    assert held(customer, "network-virtual-sensor") == 12500


@pytest.mark.parametrize("name", ["", "   ", "a\0b", "line\nbreak", "x" * 201])
def test_an_account_needs_a_name_that_can_be_shown(customer: Customer, name: str) -> None:
    with nothing_written(customer), pytest.raises(InvalidCommand) as refusal:
        allocate(customer, "cloud-risk", {"cloud-risk": {name: 5}})

    assert refusal.value.field == "cloud-risk"


def test_an_unknown_group_or_feature_is_refused(customer: Customer) -> None:
    with nothing_written(customer):
        with pytest.raises(UnknownObject):
            allocate(customer, "no-such-group", 1)
        with pytest.raises(InvalidCommand):
            allocate(customer, "email-core", {"email-pro": 1})
        with pytest.raises(InvalidCommand):
            allocate(customer, ACCESS, {"units": 1}, on={"email-core"})
        with pytest.raises(UnknownObject):
            release(customer, "email-pro", group="email-core")
        with pytest.raises(InvalidCommand):
            release(customer, group="email-core")


def test_a_feature_with_no_rate_yet_takes_nothing(customer: Customer) -> None:
    before_its_first_day = clock.moved_to(datetime(2024, 6, 1, tzinfo=UTC))

    with before_its_first_day, nothing_written(customer), pytest.raises(InvalidCommand):
        allocate(customer, "cyber-risk-core", 1)
