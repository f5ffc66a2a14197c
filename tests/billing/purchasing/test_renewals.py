"""A renewal is counted from the anchor of its chain; a shared end is a part of a year."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from billing.domain.coterming import Share, share_of, together
from billing.domain.order_changes.cancelling import cancel, cancel_purchase
from billing.domain.renewals import (
    anchors_of,
    ending_together,
    licenses_around,
    months_to,
    renewable,
    renewal_from,
    renewal_number,
)
from credits import clock
from credits.domain.terms import last_day
from credits.models import Customer, License
from tests.billing.ordering import buy, line
from tests.factories import credits as make

pytestmark = pytest.mark.django_db


def chain(customer: Customer, first_day: date, months: int, count: int) -> list[date]:
    """Renew a license again and again as proposed; the last days."""
    last = last_day(first_day, months)
    buy(customer, "SO-1", line(10, first_day, last_day=last), unusual_confirmed=True)
    found = [last]
    for number in range(2, count + 1):
        license = License.objects.filter(customer=customer).latest("number")
        anchor = anchors_of(customer, [license])[license.pk]
        likely = renewal_from(license, first_day, anchor)
        assert likely.months == months
        renewed = line(10, likely.first_day, last_day=likely.last_day(anchor), renews=license)
        buy(customer, f"SO-{number}", renewed, unusual_confirmed=True)
        found.append(renewed.last_day)
    return found


def test_yearly_terms_from_a_leap_day_come_back_to_it(customer: Customer) -> None:
    ends = chain(customer, date(2024, 2, 29), 12, 4)

    assert [day.isoformat() for day in ends] == [
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-28",
    ]


def test_monthly_terms_from_the_last_of_a_month_keep_to_it(customer: Customer) -> None:
    ends = chain(customer, date(2027, 1, 31), 1, 4)

    assert [day.isoformat() for day in ends] == [
        "2027-02-28",
        "2027-03-30",
        "2027-04-30",
        "2027-05-30",
    ]


@pytest.mark.parametrize("months", [1, 6, 12, 24, 36])
@pytest.mark.parametrize(
    "first_day",
    [date(2024, 2, 29), date(2026, 1, 31), date(2026, 3, 1), date(2026, 12, 31), date(2027, 8, 30)],
    ids=str,
)
def test_months_are_found_again(first_day: date, months: int) -> None:
    after = date.fromordinal(last_day(first_day, months).toordinal() + 1)

    assert months_to(first_day, after) == months


def test_a_term_of_odd_days_is_renewed_for_a_year(customer: Customer) -> None:
    buy(customer, "SO-1", line(10, last_day=date(2028, 3, 7)))
    license = License.objects.get(customer=customer)

    assert anchors_of(customer, [license]) == {}
    assert renewal_from(license, clock.day_of(clock.now())).months == 12


def test_the_number_proposed_is_free(customer: Customer) -> None:
    license = buy(customer, "SO-1").lines.get().license
    assert renewal_number(license) == "SO-1-R1"
    taken = buy(customer, "so-1-r1", line(10))
    assert renewal_number(license) == "SO-1-R2"

    cancel_purchase(taken, cancel(taken, make.asked(reason="Doubled")))

    assert renewal_number(license) == "SO-1-R1"
    again = buy(customer, "SO-1-R1", line(10, renews=license)).lines.get().license
    assert renewal_number(again) == "SO-1-R2"


def test_a_license_without_an_order_proposes_no_number(customer: Customer) -> None:
    today = clock.day_of(clock.now())
    make.grant(customer, 10, today, last_day(today, 12))

    assert renewal_number(License.objects.get(customer=customer)) == ""


def test_all_that_end_on_one_day_are_renewed_together(customer: Customer) -> None:
    end = last_day(clock.day_of(clock.now()), 12)
    buy(
        customer,
        "SO-1",
        line(10, last_day=end),
        line(20, last_day=end),
        line(30, last_day=date(2029, 1, 1)),
    )
    around = renewable(licenses_around(customer, clock.now()))

    assert [one.credits for one in ending_together(around[1], around)] == [20, 10]


def test_last_days_ahead_are_offered_once_each(customer: Customer) -> None:
    end = last_day(clock.day_of(clock.now()), 12)
    buy(customer, "SO-1", line(10, last_day=end), line(20, last_day=end))

    found = together(licenses_around(customer, clock.now()), clock.now())

    assert [(one.last_day, len(one.licenses)) for one in found] == [(end, 2)]


@pytest.mark.parametrize(
    ("first", "last", "share", "percent", "price"),
    [
        (date(2026, 11, 24), date(2027, 3, 31), Share(128, 365), "35.07", "4208.22"),
        (date(2027, 4, 1), date(2028, 3, 31), Share(366, 366), "100.00", "12000.00"),
        (date(2027, 1, 1), date(2027, 1, 1), Share(1, 365), "0.27", "32.88"),
        (date(2027, 1, 1), date(2028, 6, 30), Share(547, 365), "149.86", "17983.56"),
    ],
    ids=["part", "leap", "day", "more"],
)
def test_the_part_of_a_year_is_its_days(
    first: date, last: date, share: Share, percent: str, price: str
) -> None:
    found = share_of(first, last)

    assert found == share
    assert str(found.percent) == percent
    assert str(found.price_of(Decimal(12_000))) == price


def test_an_end_before_the_start_is_no_part() -> None:
    assert share_of(date(2027, 1, 2), date(2027, 1, 1)) is None
