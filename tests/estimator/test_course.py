"""The course of an estimate and what to buy, against a sum made day by day without its code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credits import clock
from credits.domain.catalogue import Offer
from credits.domain.figures import Figure, Position, Step
from credits.domain.pricing import Quantity
from credits.models import (
    AllocationGroup,
    Feature,
    FeatureRate,
    LedgerEntry,
    Side,
    Solution,
)
from estimator.domain.advice import Advice, Buy, advice_of
from estimator.domain.course import Course, Moment, course_of
from estimator.domain.estimates import Draft
from estimator.domain.needs import Basis
from estimator.domain.plans import Plan, Reserve, units_in
from estimator.domain.price_list import PriceList
from estimator.web.months import Months
from tests.estimator import brute
from tests.estimator.brute import BUNDLE, PARTS, Line, Units, World, days_of, end_of

DAY = timedelta(days=1)
EVER = date(2020, 1, 1)
BEGINS = (date(2026, 11, 25), date(2027, 1, 1), date(2028, 2, 29), date(2026, 12, 31))
PACKAGES = ("basic", "plus")
MODELS = {
    "seats": ("per_user", Fraction(25), Fraction(1), None),
    "flow": ("throughput_block", Fraction(12_500), Fraction(500), None),
    "cloud": ("tiered", Fraction(1_000), Fraction(500), 8_000),
    "basic": ("package", Fraction(65), Fraction(1), None),
    "plus": ("package", Fraction(180), Fraction(1), None),
    "web": ("per_user", Fraction(60), Fraction(1), None),
    "mail": ("per_user", Fraction(50), Fraction(1), None),
    "both": ("bundle", Fraction(85), Fraction(1), None),
}
"""Model, rate, block and cap of each feature."""


@st.composite
def lines(draw: st.DrawFn, key: str, begins: date) -> Line:
    """A line with a plan, or without one."""
    ramp = draw(st.sampled_from([0, 0, 1, 2, 5, 13]))
    growth = draw(st.sampled_from(["0", "0", "10", "33.33", "-20", "150"]))
    starts = draw(st.sampled_from([None, None, -14, 0, 1, 5, 11, 12, 30]))
    return Line(
        units=draw(units_of(key, decimals=not ramp)),
        growth=Fraction(growth),
        starts=None if starts is None else months_on(begins, starts),
        ramp=ramp,
    )


def units_of(key: str, *, decimals: bool) -> st.SearchStrategy[Units]:
    counts = st.integers(0, 400).map(Fraction)
    if key == "cloud":
        return st.lists(st.integers(0, 4_000).map(Fraction), min_size=1, max_size=3).map(tuple)
    if key == "flow" and decimals:
        return st.integers(0, 30_000).map(lambda tenths: Fraction(tenths, 10))
    return counts


def months_on(day: date, months: int) -> date:
    place = 12 * day.year + day.month - 1 + months
    return date(place // 12, place % 12 + 1, 1)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Lines of several models, rates that change, what is held and valid, and what ends when."""
    begins, years = draw(st.sampled_from(BEGINS)), draw(st.sampled_from([1, 1, 2]))
    days = st.integers(1, 366 * years + 20).map(lambda n: begins + n * DAY)
    keys = draw(st.lists(st.sampled_from(sorted(MODELS)), min_size=1, max_size=4, unique=True))
    features = {
        key: brute.Feature(
            model=model,
            rates=(
                (EVER, rate),
                *sorted(
                    (draw(days), rate * Fraction(share, 4))
                    for share in draw(st.lists(st.sampled_from([3, 5, 7]), max_size=1))
                ),
            ),
            block=block,
            cap=cap,
        )
        for key, (model, rate, block, cap) in MODELS.items()
    }
    likely = [*keys, *keys, *sorted(MODELS)]
    holding = draw(st.lists(st.sampled_from(likely), max_size=3, unique=True))
    percents = [Fraction(0), Fraction(0), Fraction(10), Fraction(25, 2)]
    return World(
        begins=begins,
        years=years,
        lines={key: draw(lines(key, begins)) for key in keys},
        features=features,
        allocated={key: draw(changes(begins, days, 9_000)) for key in holding},
        valid=[
            change
            for _ in range(draw(st.integers(0, 3)))
            for change in draw(changes(begins, days, 60_000))
        ],
        reserve_credits=draw(st.sampled_from([0, 0, 700])),
        reserve_percent=draw(st.sampled_from(percents)),
        instead=draw(st.booleans()),
        overlap=draw(st.booleans()),
        packages=frozenset(PACKAGES),
    )


@st.composite
def changes(
    draw: st.DrawFn, begins: date, days: st.SearchStrategy[date], most: int
) -> list[tuple[date, int]]:
    """Credits that hold from the first day, or a later one, and perhaps end again."""
    credits = draw(st.integers(1, most))
    first = draw(st.one_of(st.just(begins), days))
    last = draw(st.one_of(st.none(), days))
    ends = [(last, -credits)] if last is not None and last > first else []
    return [(first, credits), *ends]


def priced(world: World) -> PriceList:
    """The world's rates as the catalogue holds them."""
    at = instant_of(world)
    solution = Solution(key="all", name="All")
    rates: dict[str, list[FeatureRate]] = {}
    for place, (key, feature) in enumerate(world.features.items(), start=1):
        group = "shared" if key in (*PARTS, BUNDLE) else "packages" if key in PACKAGES else key
        own = AllocationGroup(key=group, name=group, solution=solution)
        row = Feature(pk=place, key=key, name=key, group=own)
        rates[key] = [
            FeatureRate(
                feature=row,
                at=clock.start_of(day),
                model=feature.model,
                credits=decimal(rate),
                block=decimal(feature.block),
                cap=feature.cap,
                parts=list(PARTS) if key == BUNDLE else [],
            )
            for day, rate in feature.rates
        ]
    offers = {key: Offer(own[0].feature, own[0], is_open=True) for key, own in rates.items()}
    return PriceList(at=at, offers=offers, rates=rates)


def drafted(world: World) -> Draft:
    """The world's lines as an estimate."""
    plans = {
        key: Plan(decimal(line.growth), line.starts, line.ramp) for key, line in world.lines.items()
    }
    return Draft(
        quantities={key: stated(line.units) for key, line in world.lines.items()},
        years=world.years,
        overlap=world.overlap,
        plans={key: plan for key, plan in plans.items() if not plan.is_flat},
        reserve=Reserve(world.reserve_credits, decimal(world.reserve_percent)),
    )


def stated(units: Units) -> Quantity:
    if isinstance(units, tuple):
        return {str(place): decimal(number) for place, number in enumerate(units)}
    return decimal(units)


def standing_of(world: World, prices: PriceList) -> Position:
    """What is held and valid as the books have it, all that comes later booked ahead."""
    ids = {key: pk for pk, key in prices.keys.items()}
    by_day: dict[date, list[LedgerEntry]] = defaultdict(list)
    for key, own in world.allocated.items():
        for day, credits in own:
            entry = LedgerEntry(side=Side.ALLOCATED, feature_id=ids[key], credits=credits)
            by_day[day].append(entry)
    for place, (day, credits) in enumerate(world.valid, start=1):
        by_day[day].append(LedgerEntry(side=Side.VALID, license_id=place, credits=credits))
    valid = allocated = 0
    held: dict[int, int] = {}
    ahead = []
    for day in sorted(by_day):
        for entry in by_day[day]:
            if entry.side == Side.VALID:
                valid += entry.credits
            else:
                allocated += entry.credits
        figure = Figure(valid, allocated)
        if day > world.begins:
            ahead.append(Step(clock.start_of(day), figure, tuple(by_day[day])))
        else:
            now = figure
            for entry in by_day[day]:
                if entry.feature_id:
                    held[entry.feature_id] = held.get(entry.feature_id, 0) + entry.credits
    return Position(
        at=prices.at,
        known=prices.at,
        figure=now if world.begins in by_day else Figure(0, 0),
        by_license={},
        by_feature=held,
        ahead=tuple(ahead),
    )


def decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def instant_of(world: World) -> datetime:
    return datetime.combine(world.begins, time(9, 30), tzinfo=UTC)


def coursed(world: World) -> tuple[Course, Months]:
    """What the product makes of a world."""
    prices, draft = priced(world), drafted(world)
    position = standing_of(world, prices)
    basis = Basis.INSTEAD if world.instead else Basis.ON_TOP
    course = course_of(draft, prices, position, basis)
    return course, Months(None, draft, prices, position, course, advice_of(course))


def by_day(course: Course) -> Iterator[Moment]:
    """The moment in force at the end of each day of a term."""
    moments = list(course.moments)
    day, end = clock.day_of(course.begins_at), clock.day_of(course.ends_at)
    current = moments.pop(0)
    while day < end:
        while moments and clock.day_of(moments[0].at) <= day:
            current = moments.pop(0)
        yield current
        day += DAY


def falls_short(days: Sequence[brute.Day], buys: Sequence[Buy]) -> bool:
    """Whether the balance is below zero on any day, with these buys."""
    return any(
        one.balance + sum(buy.credits for buy in buys if buy.first_day <= one.day) < 0
        for one in days
    )


def months_of(days: Sequence[brute.Day]) -> list[list[brute.Day]]:
    found: dict[tuple[int, int], list[brute.Day]] = defaultdict(list)
    for one in days:
        found[one.day.year, one.day.month].append(one)
    return list(found.values())


@settings(max_examples=40)
@given(world=worlds())
def test_every_day_month_and_buy_is_what_brute_force_finds(world: World) -> None:
    assert_as_brute_force(world, days_of(world))


@pytest.mark.nightly
@settings(max_examples=500)
@given(world=worlds())
def test_many_more_worlds_are_what_brute_force_finds(world: World) -> None:
    assert_as_brute_force(world, days_of(world, each=True))


def assert_as_brute_force(world: World, days: Sequence[brute.Day]) -> None:
    """Every day, month and buy; one credit fewer or one day later is too little."""
    course, months = coursed(world)
    buys = months.advice.buys

    found = list(by_day(course))
    assert clock.day_of(course.ends_at) == end_of(world)
    assert [moment.level for moment in found] == [one.level for one in days]
    assert [moment.balance for moment in found] == [one.balance for one in days]
    assert course.highest.level == max(one.level for one in days)
    assert course.credit_years == sum(highest_by_year(world, days))
    assert_months(months, days)

    assert not falls_short(days, buys)
    for place, buy in enumerate(buys):
        others = [*buys[:place], *buys[place + 1 :]]
        assert falls_short(days, [*others, replace(buy, credits=buy.credits - 1)])
        assert falls_short(days, [*others, replace(buy, first_day=buy.first_day + DAY)])


def highest_by_year(world: World, days: Sequence[brute.Day]) -> Iterator[int]:
    for year in range(world.years):
        start, end = (end_of(replace(world, years=number)) for number in (year, year + 1))
        yield max(one.level for one in days if start <= one.day < end)


def assert_months(months: Months, days: Sequence[brute.Day]) -> None:
    """Each month shows its highest level and its lowest balance, with and without buying."""
    for row, own in zip(months.rows, months_of(days), strict=True):
        bought = [
            sum(buy.credits for buy in months.advice.buys if buy.first_day <= one.day)
            for one in own
        ]
        assert clock.day_of(row.begins_at) == own[0].day
        assert row.month.level == max(one.level for one in own)
        assert row.without == min(one.balance for one in own)
        assert row.figure.balance - row.added == row.without
        assert row.with_buys == min(
            one.balance + more for one, more in zip(own, bought, strict=True)
        )
        assert row.bought == bought[-1]


@given(
    units=st.integers(0, 10**6),
    growth=st.integers(-9_000, 50_000),
    starts=st.one_of(st.none(), st.integers(-30, 30)),
    ramp=st.integers(0, 60),
    months=st.integers(0, 119),
)
def test_units_of_a_month_are_those_of_fractions(
    units: int, growth: int, starts: int | None, ramp: int, months: int
) -> None:
    begins, day = date(2026, 11, 25), months_on(date(2026, 11, 1), months)
    first = None if starts is None else months_on(begins, starts)
    plan = Plan(Decimal(growth) / 100, first, ramp)
    line = Line(Fraction(units), Fraction(growth, 100), first, ramp)
    world = World(begins, 10, {"seats": line}, {}, {}, [])

    assert units_in(Decimal(units), plan, begins, day) == brute.units_on(world, "seats", day)


def planned(plan: Plan, units: int = 100, **others: object) -> World:
    """100 endpoints at 65 that change as a plan says, with nothing held."""
    line = Line(Fraction(units), Fraction(plan.growth), plan.starts_on, plan.ramp)
    feature = brute.Feature("per_user", ((EVER, Fraction(65)),))
    given: Mapping[str, object] = {"years": 3, "allocated": {}, "valid": [], **others}
    return World(date(2026, 11, 25), lines={"seats": line}, features={"seats": feature}, **given)  # type: ignore[arg-type]


def advised(world: World) -> Advice:
    return coursed(world)[1].advice


def test_growth_is_bought_as_it_comes() -> None:
    advice = advised(planned(Plan(growth=Decimal(12)), units=1_000))

    assert advice.buys[:3] == (
        Buy(65_000, date(2026, 11, 25)),
        Buy(650, date(2026, 12, 1)),
        Buy(650, date(2027, 1, 1)),
    )


def test_what_starts_later_is_bought_later() -> None:
    advice = advised(planned(Plan(starts_on=date(2027, 4, 1))))

    assert advice.buys == (Buy(6_500, date(2027, 4, 1)),)


def test_a_ramp_is_bought_in_its_steps() -> None:
    advice = advised(planned(Plan(starts_on=date(2027, 4, 1), ramp=4)))

    assert [buy.credits for buy in advice.buys] == [1_625] * 4
    assert advice.buys[-1].first_day == date(2027, 7, 1)


@pytest.mark.parametrize("plan", [Plan(starts_on=date(2027, 4, 1)), Plan(ramp=6)])
def test_what_is_held_stays_until_all_of_a_line_has_arrived(plan: Plan) -> None:
    begins = date(2026, 11, 25)
    held = planned(plan, allocated={"seats": [(begins, 5_000)]}, valid=[(begins, 5_000)])

    course, months = coursed(held)

    assert course.moments[0].balance == 0
    assert months.advice.credits == 1_500
    assert months.advice.buys[-1].first_day == date(2027, 4, 1)


def test_a_reserve_is_bought_as_well_and_shrinks_with_the_lines() -> None:
    world = planned(Plan(growth=Decimal(-50)), reserve_percent=Fraction(10))

    course, months = coursed(world)

    assert course.moments[0].level == 7_150
    assert months.advice.buys == (Buy(7_150, date(2026, 11, 25)),)
    assert course.moments[-1].reserve < 650
