"""Moving credits between features in whole units."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits import clock
from credits.domain.allocations import Allocate, Release, Undo
from credits.domain.billing_choice import SwitchBillingModel
from credits.domain.figures import standing
from credits.domain.moving import Move, most_units
from credits.domain.post import post
from credits.domain.sources import SetUsageSource
from credits.domain.verify import verify_books
from credits.exceptions import CreditsError, InvalidCommand, NotAllowed, UnknownObject
from credits.models import Customer, Feature, Operation
from tests.factories import credits as make

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def holding(customer: Customer) -> Customer:
    """Ten email users and forty endpoints hold credits, and little is left."""
    with clock.moved_to(NOON - timedelta(days=1)):
        make.grant(customer, 4000, date(2026, 1, 1), date(2027, 12, 31))
        make.allocate(customer, "email-core", 10)
        make.allocate(customer, "endpoint-core", 40, group="endpoint-packages")
    return customer


def move(customer: Customer, source: str, units: Any, target: str) -> dict[str, Any]:
    with clock.moved_to(NOON):
        return post(
            Move(
                customer=customer,
                asked=make.asked(),
                source=source,
                units=Decimal(units),
                target=target,
            )
        ).data


def held(customer: Customer) -> dict[str, int]:
    live = standing(customer, now=NOON).live
    keys = dict(Feature.objects.values_list("pk", "key"))
    return {keys[pk]: credits for pk, credits in live.by_feature.items()}


def test_the_target_gets_the_whole_units_that_are_paid_for_and_the_rest_returns(
    holding: Customer,
) -> None:
    answer = move(holding, "email-core", 10, "endpoint-core")

    assert {name: answer[name] for name in ("freed", "units", "credits", "returned")} == {
        "freed": 250,
        "units": 5,
        "credits": 225,
        "returned": 25,
    }
    assert held(holding) == {"endpoint-core": 45 * 45}
    assert verify_books(holding) == []


def test_a_part_can_be_moved(holding: Customer) -> None:
    answer = move(holding, "endpoint-core", 1, "email-core")

    assert (answer["units"], answer["returned"]) == (1, 20)
    assert held(holding) == {"email-core": 11 * 25, "endpoint-core": 39 * 45}


def test_a_target_priced_by_blocks_gets_units_to_the_end_of_what_is_paid_for(
    holding: Customer,
) -> None:
    with clock.moved_to(NOON - timedelta(hours=1)):
        make.grant(holding, 40_000, date(2026, 1, 1), date(2027, 12, 31))
        make.allocate(holding, "email-core", 600)
    answer = move(holding, "email-core", 500, "network-virtual-sensor")

    assert (answer["freed"], answer["units"], answer["returned"]) == (12_500, 500, 0)


def test_a_target_that_is_off_starts_from_zero_units(holding: Customer) -> None:
    feature = Feature.objects.get(key="email-core")
    with clock.moved_to(NOON - timedelta(hours=1)):
        asked = make.asked()
        post(Release(customer=holding, asked=asked, group="email-core", features=[feature]))
    answer = move(holding, "endpoint-core", 10, "email-core")

    assert answer["units"] == 18
    assert held(holding) == {"email-core": 18 * 25, "endpoint-core": 30 * 45}


def packages(customer: Customer, released: str) -> None:
    """A hundred Core and five Pro endpoints, one of the two packages switched off again."""
    with clock.moved_to(NOON - timedelta(hours=1)):
        make.grant(customer, 90_000, date(2026, 1, 1), date(2027, 12, 31))
        quantities = {"endpoint-core": Decimal(100), "endpoint-pro": Decimal(5)}
        asked = make.asked(confirmed_shortfall=10**9)
        group = "endpoint-packages"
        post(Allocate(customer=customer, asked=asked, group=group, quantities=quantities))
        feature = Feature.objects.get(key=released)
        post(Release(customer=customer, asked=make.asked(), group=group, features=[feature]))


def test_neighbors_that_are_off_stay_off_on_both_sides(holding: Customer) -> None:
    packages(holding, "endpoint-pro")
    answer = move(holding, "endpoint-core", 50, "email-core")

    assert (answer["freed"], answer["units"]) == (50 * 45, 90)
    assert held(holding) == {"endpoint-core": 50 * 45, "email-core": 100 * 25}

    answer = move(holding, "email-core", 9, "endpoint-core")

    assert (answer["freed"], answer["units"]) == (225, 5)
    assert held(holding) == {"endpoint-core": 55 * 45, "email-core": 91 * 25}
    assert verify_books(holding) == []


def test_nothing_is_moved_to_a_feature_on_pay_as_you_go(holding: Customer) -> None:
    with clock.moved_to(NOON - timedelta(hours=1)):
        make.grant(holding, 90_000, date(2026, 1, 1), date(2027, 12, 31))
        ends = datetime(2027, 1, 1, tzinfo=UTC)
        post(
            SwitchBillingModel(
                customer=holding,
                asked=make.asked(),
                feature="file-security-storage-buckets",
                contract_ends_at=ends,
            )
        )
        make.allocate(holding, "email-core", 1000)

    with pytest.raises(NotAllowed, match="pay-as-you-go"):
        move(holding, "email-core", 800, "file-security-storage-buckets")


def test_undoing_a_move_undoes_both_sides(holding: Customer) -> None:
    before = held(holding)
    move(holding, "email-core", 10, "endpoint-core")
    operation = Operation.objects.filter(customer=holding).latest("pk")
    with clock.moved_to(NOON):
        post(Undo(customer=holding, asked=make.asked(), operation=operation.public_id))

    assert held(holding) == before


@pytest.mark.parametrize(
    ("source", "units", "target", "error"),
    [
        ("email-core", 0, "endpoint-core", InvalidCommand),
        ("email-core", 11, "endpoint-core", InvalidCommand),
        ("email-core", "0.5", "endpoint-core", InvalidCommand),
        ("email-core", "NaN", "endpoint-core", InvalidCommand),
        ("email-core", "-1", "endpoint-core", InvalidCommand),
        ("email-core", 1, "email-core", InvalidCommand),
        ("endpoint-core", 1, "endpoint-pro", InvalidCommand),
        ("email-core", 1, "ztsa-ai-access", InvalidCommand),
        ("email-core", 1, "cloud-risk", InvalidCommand),
        ("email-core", 1, "endpoint-core", NotAllowed),
        ("email-core", 1, "no-such-feature", UnknownObject),
        ("no-such-feature", 1, "email-core", UnknownObject),
        ("email-sensor", 1, "email-core", InvalidCommand),
    ],
)
def test_what_cannot_be_moved_is_refused_and_changes_nothing(
    holding: Customer, source: str, units: Any, target: str, error: type[CreditsError]
) -> None:
    before, operations = held(holding), Operation.objects.count()

    with pytest.raises(error):
        move(holding, source, units, target)

    assert (held(holding), Operation.objects.count()) == (before, operations)


def test_units_that_a_system_reports_are_not_moved(holding: Customer) -> None:
    with clock.moved_to(NOON - timedelta(hours=1)):
        asked = make.asked()
        post(SetUsageSource(customer=holding, asked=asked, group="email-core", name="Directory"))

    for source, target in (("email-core", "endpoint-core"), ("endpoint-core", "email-core")):
        with pytest.raises(NotAllowed, match="reported by Directory"):
            move(holding, source, 10, target)


def test_support_moves_them_with_a_reason(holding: Customer) -> None:
    with clock.moved_to(NOON - timedelta(hours=1)):
        asked = make.asked()
        post(SetUsageSource(customer=holding, asked=asked, group="email-core", name="Directory"))
    wanted = Move(
        customer=holding,
        asked=make.asked(),
        source="email-core",
        units=Decimal(10),
        target="endpoint-core",
        by_support=True,
    )

    with clock.moved_to(NOON):
        with pytest.raises(NotAllowed, match="Give a reason"):
            post(wanted)
        post(replace(wanted, asked=make.asked(reason="the directory counts guests")))

    assert held(holding) == {"endpoint-core": 45 * 45}


def test_a_reservation_frees_nothing_before_its_period_ends(holding: Customer) -> None:
    with clock.moved_to(NOON - timedelta(hours=1)):
        make.allocate(holding, "xdr-for-cloud", 10)

    with pytest.raises(NotAllowed, match="frees no credits"):
        move(holding, "xdr-for-cloud", 5, "email-core")


@given(
    steps=st.lists(st.integers(0, 50), min_size=1, max_size=60),
    credits=st.integers(0, 900),
    limit=st.integers(0, 60),
)
def test_no_more_units_and_no_fewer_are_paid_for(
    steps: list[int], credits: int, limit: int
) -> None:
    def cost(units: int) -> int:
        whole, rest = divmod(units, len(steps))
        return whole * sum(steps) + sum(steps[:rest])

    affordable = next(n for n in count() if n == limit or cost(n + 1) > credits)

    assert most_units(cost, credits, limit) == affordable
