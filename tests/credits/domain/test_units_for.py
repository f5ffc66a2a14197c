"""How many whole units free a number of credits (docs/rules.md#move)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from credits import clock
from credits.domain.moving import units_for
from credits.domain.preview import open_draft
from credits.exceptions import CreditsError, InvalidCommand
from credits.models import Customer
from tests.factories import credits as make

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def holding(customer: Customer) -> Customer:
    """Forty endpoints at 45, and 1,200 Mbps in blocks of 500 at 12,500."""
    with clock.moved_to(NOON - timedelta(days=1)):
        make.grant(customer, 90_000, date(2026, 1, 1), date(2027, 12, 31))
        make.allocate(customer, "endpoint-core", 40, group="endpoint-packages")
        make.allocate(customer, "network-virtual-sensor", 1200)
        make.allocate(customer, "xdr-for-cloud", 10)
    return customer


def units(customer: Customer, feature: str, credits: int) -> int:
    with clock.moved_to(NOON):
        return int(units_for(open_draft(customer).books, feature, credits))


@pytest.mark.parametrize(
    ("feature", "credits", "expected"),
    [
        ("endpoint-core", 1, 1),
        ("endpoint-core", 45, 1),
        ("endpoint-core", 46, 2),
        ("endpoint-core", 500, 12),
        ("endpoint-core", 1800, 40),
        ("network-virtual-sensor", 1, 200),
        ("network-virtual-sensor", 12_500, 200),
        ("network-virtual-sensor", 12_501, 700),
        ("network-virtual-sensor", 37_500, 1200),
    ],
)
def test_they_are_the_fewest_that_free_as_many(
    holding: Customer, feature: str, credits: int, expected: int
) -> None:
    assert units(holding, feature, credits) == expected


@pytest.mark.parametrize("credits", [0, -1, 1801])
def test_more_than_is_held_is_refused_with_what_is(holding: Customer, credits: int) -> None:
    with pytest.raises(InvalidCommand, match="Move from 1 to 1,800 credits") as refused:
        units(holding, "endpoint-core", credits)

    assert refused.value.field == "units"


@pytest.mark.parametrize("feature", ["xdr-for-cloud", "email-core", "cloud-risk", "ztsa-ai-access"])
def test_what_frees_nothing_is_refused(holding: Customer, feature: str) -> None:
    with pytest.raises(CreditsError) as refused:
        units(holding, feature, 100)

    assert refused.value.field == "source"
