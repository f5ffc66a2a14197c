"""Which shortage a request is about: that of its day, else the first one after."""

from __future__ import annotations

import pytest

from billing.domain.shortages import Shortage, shortage_on
from credits import clock
from credits.domain.figures import standing
from credits.models import Customer
from tests.billing.ordering import today
from tests.billing.requests.asking import FEATURE, in_days
from tests.factories import credits as make


def found(customer: Customer, days: int) -> Shortage | None:
    live = standing(customer, now=clock.now()).live
    return shortage_on(live, in_days(days))


def told(customer: Customer, days: int) -> tuple[int, int, str] | None:
    """Days until it begins, credits, and the license that ends."""
    shortage = found(customer, days)
    if shortage is None:
        return None
    label = shortage.license.label if shortage.license else ""
    return (shortage.first_day - today()).days, shortage.credits, label


@pytest.fixture
def twice_short(customer: Customer) -> Customer:
    """700 held: short by 600 from day 10 to 20, and by 700 from day 50."""
    make.grant(customer, 700, today(), in_days(9))
    make.grant(customer, 100, today(), in_days(49))
    make.grant(customer, 900, in_days(20), in_days(49))
    make.allocate(customer, FEATURE, 100)
    return customer


@pytest.mark.parametrize(
    ("day", "shortage"),
    [
        (0, (10, 600, "L-201")),
        (9, (10, 600, "L-201")),
        (10, (10, 600, "L-201")),
        (19, (10, 600, "L-201")),
        (20, (50, 700, "L-203")),
        (50, (50, 700, "L-203")),
        (500, (50, 700, "L-203")),
    ],
)
def test_the_shortage_of_a_day_or_the_next_one(
    twice_short: Customer, day: int, shortage: tuple[int, int, str]
) -> None:
    assert told(twice_short, day) == shortage


def test_a_present_shortage_is_that_of_any_day_until_it_ends(customer: Customer) -> None:
    make.allocate(customer, FEATURE, 10)
    make.grant(customer, 100, in_days(5), in_days(9))

    assert told(customer, 0) == told(customer, 4) == (0, 70, "")
    assert told(customer, 5) == (10, 70, "L-201")


def test_who_holds_nothing_is_never_short(customer: Customer) -> None:
    make.grant(customer, 100, today(), in_days(9))

    assert found(customer, 0) is None
