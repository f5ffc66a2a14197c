"""What to buy and when at the latest: one credit fewer, or one day later, is too little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from credits import clock
from credits.domain.boundaries import boundary_at
from credits.domain.commands import Decision, OfficeCommand
from credits.domain.figures import Position, standing
from credits.domain.post import post_office
from credits.models import Customer, Feature, FeatureRate
from estimator.domain.advice import Advice, Buy, advise, least_buys
from estimator.domain.course import term_end
from estimator.domain.estimates import Draft
from estimator.domain.needs import Basis
from estimator.domain.price_list import read_price_list
from tests.factories import credits as make

START = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
ESSENTIALS = "endpoint-essentials"
PACKAGES = "endpoint-packages"

courses = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from([0, 9, 23]), st.integers(-50, 50)),
    min_size=1,
    max_size=12,
    unique_by=lambda step: (step[0], step[1]),
).map(
    lambda steps: sorted(
        (clock.start_of(START.date()) + timedelta(days=day, hours=hour), balance)
        for day, hour, balance in steps
    )
)


def is_safe(course: Sequence[tuple[datetime, int]], buys: Sequence[Buy]) -> bool:
    """Whether the balance stays at or above zero at every instant, counted one by one."""
    return all(
        balance + sum(buy.credits for buy in buys if clock.start_of(buy.first_day) <= at) >= 0
        for at, balance in course
    )


def changed(buys: Sequence[Buy], place: int, *, fewer: int = 0, later: int = 0) -> list[Buy]:
    """The buys with one of them changed."""
    found = list(buys)
    buy = found[place]
    found[place] = Buy(buy.credits - fewer, buy.first_day + later * DAY)
    return found


@given(course=courses)
def test_buys_keep_the_balance_and_none_can_be_smaller_or_later(
    course: list[tuple[datetime, int]],
) -> None:
    buys = least_buys(course)

    assert is_safe(course, buys)
    for place in range(len(buys)):
        assert not is_safe(course, changed(buys, place, fewer=1))
        assert not is_safe(course, changed(buys, place, later=1))


@given(course=courses)
def test_all_at_once_is_the_least_single_buy(course: list[tuple[datetime, int]]) -> None:
    buys = least_buys(course)
    needed = sum(buy.credits for buy in buys)

    if not buys:
        assert min(balance for _, balance in course) >= 0
        return
    once = [Buy(needed, buys[0].first_day)]
    assert is_safe(course, once)
    assert not is_safe(course, changed(once, 0, fewer=1))
    assert not is_safe(course, changed(once, 0, later=1))


@pytest.fixture
def halden(customer: Customer) -> Customer:
    """Two licenses with different ends, and 310 endpoints held."""
    with clock.moved_to(START - 30 * DAY):
        make.grant(customer, 15_000, date(2026, 10, 1), date(2027, 3, 31))
        make.grant(customer, 12_000, date(2026, 10, 1), date(2027, 8, 31))
        make.allocate(customer, ESSENTIALS, 310, group=PACKAGES)
    return customer


def live(customer: Customer) -> Position:
    now = clock.now()
    return standing(customer, now=now, boundary=boundary_at(now)).live


def advice_for(customer: Customer, draft: Draft, basis: Basis = Basis.INSTEAD) -> Advice:
    position = live(customer)
    return advise(draft, read_price_list(position.at), position, basis)


def falls_short(customer: Customer, units: int, buys: Sequence[Buy], until: datetime) -> bool:
    """Whether the real books are short before an instant once buys and units are entered."""
    with transaction.atomic():
        for buy in buys:
            if buy.credits:
                make.grant(customer, buy.credits, buy.first_day, date(2035, 12, 31))
        make.allocate(customer, ESSENTIALS, units, group=PACKAGES)
        position = live(customer)
        balances = [position.figure.balance]
        balances += [step.figure.balance for step in position.ahead if step.at < until]
        transaction.set_rollback(True)
    return min(balances) < 0


@pytest.mark.parametrize("years", [1, 2])
def test_the_books_agree_over_two_terms(halden: Customer, years: int) -> None:
    with clock.moved_to(START):
        advice = advice_for(halden, Draft({ESSENTIALS: Decimal(400)}, years))

        assert advice.buys == (
            Buy(400 * 65 - 12_000, date(2027, 4, 1)),
            Buy(12_000, date(2027, 9, 1)),
        )
        assert not falls_short(halden, 400, advice.buys, advice.ends_at)
        for place in range(2):
            fewer = changed(advice.buys, place, fewer=1)
            later = changed(advice.buys, place, later=1)
            assert falls_short(halden, 400, fewer, advice.ends_at)
            assert falls_short(halden, 400, later, advice.ends_at)


def test_the_books_agree_where_a_rate_rises_within_the_term(halden: Customer) -> None:
    with clock.moved_to(START):
        raise_rate(ESSENTIALS, Decimal(90), clock.start_of(date(2027, 2, 1)))

        advice = advice_for(halden, Draft({ESSENTIALS: Decimal(310)}))

        assert advice.buys[0] == Buy(310 * 90 - 27_000, date(2027, 2, 1))
        assert not falls_short(halden, 310, advice.buys, advice.ends_at)
        for place in range(len(advice.buys)):
            fewer = changed(advice.buys, place, fewer=1)
            later = changed(advice.buys, place, later=1)
            assert falls_short(halden, 310, fewer, advice.ends_at)
            assert falls_short(halden, 310, later, advice.ends_at)


def test_more_than_the_balance_is_bought_from_today(halden: Customer) -> None:
    with clock.moved_to(START):
        advice = advice_for(halden, Draft({ESSENTIALS: Decimal(600)}))

    assert advice.buys[0] == Buy(600 * 65 - 27_000, START.date())


def test_on_top_counts_what_is_held_as_well(halden: Customer) -> None:
    with clock.moved_to(START):
        advice = advice_for(halden, Draft({ESSENTIALS: Decimal(310)}), Basis.ON_TOP)

    assert advice.buys[0] == Buy(2 * 310 * 65 - 27_000, START.date())


def test_nothing_is_bought_where_the_balance_holds(customer: Customer) -> None:
    with clock.moved_to(START):
        make.grant(customer, 7_000, START.date(), date(2027, 11, 24))
        advice = advice_for(customer, Draft({ESSENTIALS: Decimal(100)}))

    assert advice.buys == ()
    assert (advice.credits, advice.lowest) == (0, 500)


def test_a_license_that_ends_a_day_before_the_term_leaves_one_day_to_buy(
    customer: Customer,
) -> None:
    with clock.moved_to(START):
        make.grant(customer, 7_000, START.date(), date(2027, 11, 23))
        advice = advice_for(customer, Draft({ESSENTIALS: Decimal(100)}))

    assert advice.buys == (Buy(6_500, date(2027, 11, 24)),)


def test_an_estimate_of_what_is_held_needs_what_the_books_need_without_it(
    halden: Customer,
) -> None:
    with clock.moved_to(START):
        with_it = advice_for(halden, Draft({ESSENTIALS: Decimal(310)}))
        without = advice_for(halden, Draft({}))

    assert with_it == without


def test_term_of_an_estimate_ends_on_the_eve_of_its_anniversary() -> None:
    leap = datetime(2028, 2, 29, 12, tzinfo=UTC)

    assert term_end(START, 1) == datetime(2027, 11, 25, tzinfo=UTC)
    assert term_end(leap, 1) == datetime(2029, 3, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class EnterRate(OfficeCommand):
    """A dated rate, entered as the catalogue's file would."""

    kind: ClassVar[str] = "enter-rate"

    rate: FeatureRate

    def content(self) -> dict[str, str]:
        return {"rate": str(self.rate)}

    def decide(self, now: datetime) -> Decision:
        return Decision(facts=[self.rate])


def raise_rate(feature: str, credits: Decimal, at: datetime) -> None:
    """State another rate from an instant on, and let every customer's books know it."""
    rate = FeatureRate(
        feature=Feature.objects.get(key=feature), at=at, model="package", credits=credits
    )
    post_office(EnterRate(asked=make.asked(), rate=rate))
