"""Credits or pay-as-you-go, feature by feature."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from credits import clock
from credits.domain import figures
from credits.domain.allocations import Allocate, Release, Undo
from credits.domain.billing_choice import SwitchBillingModel
from credits.domain.post import post
from credits.domain.sources import SetUsageSource
from credits.domain.verify import verify_books
from credits.exceptions import (
    ConfirmationNeeded,
    CreditsError,
    InvalidCommand,
    NotAllowed,
    UnknownObject,
)
from credits.models import Customer, Feature, FeatureChoice, Operation
from tests.factories import credits as make

KEY = "file-security-storage-buckets"
RATE = 9636
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
CONTRACT_ENDS = datetime(2026, 12, 1, tzinfo=UTC)
AGAIN = datetime(2026, 6, 3, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def holding(customer: Customer) -> Customer:
    """A customer whose three buckets hold credits."""
    with clock.moved_to(NOON - timedelta(days=1)):
        make.grant(customer, 40_000, date(2026, 1, 1), date(2027, 12, 31))
        make.allocate(customer, KEY, 3)
    return customer


def switch(
    customer: Customer,
    at: datetime,
    ends: datetime | None = CONTRACT_ENDS,
    *,
    feature: str = KEY,
    **fields: object,
) -> Operation:
    shortfall = fields.pop("confirmed_shortfall", None)
    with clock.moved_to(at):
        return post(
            SwitchBillingModel(
                customer=customer,
                asked=make.asked(confirmed_shortfall=shortfall),
                feature=feature,
                contract_ends_at=ends,
                **fields,  # type: ignore[arg-type]
            )
        ).operation


def held(customer: Customer, at: datetime, key: str = KEY) -> int:
    known = Operation.objects.latest("recorded_at").recorded_at
    feature = Feature.objects.get(key=key)
    return figures.level(customer, at=at, known=known, feature_id=feature.pk)


def test_on_pay_as_you_go_it_holds_nothing_until_the_contract_ends(holding: Customer) -> None:
    switch(holding, NOON)

    assert held(holding, NOON - MICROSECOND) == 3 * RATE
    assert held(holding, NOON) == 0
    assert held(holding, CONTRACT_ENDS - MICROSECOND) == 0
    assert held(holding, CONTRACT_ENDS) == 3 * RATE
    assert verify_books(holding) == []


def test_going_back_prices_what_is_in_force(holding: Customer) -> None:
    switch(holding, NOON)
    switch(holding, AGAIN, None)

    assert held(holding, AGAIN - MICROSECOND) == 0
    assert held(holding, AGAIN) == 3 * RATE
    assert held(holding, CONTRACT_ENDS) == 3 * RATE


def test_going_back_may_state_the_units_anew(holding: Customer) -> None:
    switch(holding, NOON)
    switch(holding, AGAIN, None, quantities={KEY: Decimal(2)})

    assert held(holding, AGAIN) == 2 * RATE


def test_units_that_a_system_reports_are_not_stated_anew_on_the_way_back(
    holding: Customer,
) -> None:
    switch(holding, NOON)
    with clock.moved_to(NOON + timedelta(hours=1)):
        post(SetUsageSource(customer=holding, asked=make.asked(), group=KEY, name="Storage"))

    with pytest.raises(NotAllowed, match="reported by Storage"):
        switch(holding, AGAIN, None, quantities={KEY: Decimal(2)})

    switch(holding, AGAIN, None)
    assert held(holding, AGAIN) == 3 * RATE


@pytest.mark.parametrize("early", [MICROSECOND, timedelta(days=29)])
def test_it_may_be_switched_again_from_the_30th_day_after(
    holding: Customer, early: timedelta
) -> None:
    switch(holding, NOON)

    with pytest.raises(NotAllowed, match="from 2026-06-03, 00:00 UTC"):
        switch(holding, AGAIN - early, None)

    switch(holding, AGAIN, None)
    assert held(holding, AGAIN) == 3 * RATE


def test_going_back_is_judged_like_any_increase(holding: Customer) -> None:
    switch(holding, NOON)
    with clock.moved_to(NOON + timedelta(days=1)):
        make.allocate(holding, "email-core", 1000)

    with pytest.raises(ConfirmationNeeded) as asked:
        switch(holding, AGAIN, None)

    assert asked.value.shortfall == 1000 * 25 + 3 * RATE - 40_000
    switch(holding, AGAIN, None, confirmed_shortfall=asked.value.shortfall)
    assert held(holding, AGAIN) == 3 * RATE


@pytest.mark.parametrize(
    ("feature", "ends", "error"),
    [
        ("email-core", CONTRACT_ENDS, NotAllowed),
        ("no-such-feature", CONTRACT_ENDS, UnknownObject),
        (KEY, NOON, InvalidCommand),
        (KEY, CONTRACT_ENDS + timedelta(hours=1), InvalidCommand),
        (KEY, None, NotAllowed),
    ],
)
def test_what_cannot_be_switched_is_refused(
    holding: Customer, feature: str, ends: datetime | None, error: type[CreditsError]
) -> None:
    count = Operation.objects.count()

    with pytest.raises(error):
        switch(holding, NOON, ends, feature=feature)

    assert Operation.objects.count() == count


def test_a_running_reservation_is_not_switched(holding: Customer) -> None:
    with clock.moved_to(NOON - timedelta(hours=1)):
        make.allocate(holding, "xdr-for-cloud", 10)

    with pytest.raises(NotAllowed, match="reservation"):
        switch(holding, NOON, feature="xdr-for-cloud")


def test_it_is_not_undone(holding: Customer) -> None:
    operation = switch(holding, NOON)

    with clock.moved_to(NOON + timedelta(hours=1)), pytest.raises(NotAllowed, match="Repeat"):
        post(Undo(customer=holding, asked=make.asked(), operation=operation.public_id))


def test_a_release_leaves_what_it_is_paid_with_as_it_is(holding: Customer) -> None:
    switch(holding, NOON)
    feature = Feature.objects.get(key=KEY)
    with clock.moved_to(NOON + timedelta(days=2)):
        post(Release(customer=holding, asked=make.asked(), group=KEY, features=[feature]))

    choice = FeatureChoice.objects.latest("pk")
    assert (choice.is_on, choice.billing_model, choice.until) == (False, "payg", CONTRACT_ENDS)
    assert held(holding, CONTRACT_ENDS) == 0


def test_nothing_is_allocated_to_it_meanwhile(holding: Customer) -> None:
    switch(holding, NOON)

    with clock.moved_to(NOON + timedelta(days=1)), pytest.raises(NotAllowed, match="pay-as"):
        make.allocate(holding, KEY, 5)

    assert held(holding, CONTRACT_ENDS) == 3 * RATE


def test_undoing_an_allocation_from_before_does_not_bring_it_back(holding: Customer) -> None:
    first = Operation.objects.filter(customer=holding, kind=Allocate.kind).latest("pk")
    with clock.moved_to(NOON - timedelta(hours=2)):
        make.allocate(holding, KEY, 2)
    switch(holding, NOON)
    with clock.moved_to(NOON + timedelta(hours=2)):
        post(Undo(customer=holding, asked=make.asked(), operation=first.public_id))

    assert held(holding, NOON + timedelta(hours=3)) == 0
    assert held(holding, CONTRACT_ENDS) == 2 * RATE
    assert verify_books(holding) == []
