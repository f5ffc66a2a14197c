"""What an order would do, told before it is entered, equals what it does once it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from billing.domain.order_effect import Effect, Event, Happening, effect_of
from billing.domain.orders import LineOrder
from billing.domain.renewals import joint, licenses_around, likely_line
from credits import clock
from credits.domain.boundaries import boundary_at
from credits.domain.figures import Figure, Position, Step, standing
from credits.models import Customer, LedgerEntry, Side
from tests.billing.ordering import buy, line, today
from tests.factories import credits as make

DAY = timedelta(days=1)
FEATURE = "endpoint-sandbox-submission"
"""7 credits a unit."""


def live(customer: Customer) -> Position:
    now = clock.now()
    return standing(customer, now=now, boundary=boundary_at(now)).live


def effect(customer: Customer, *lines: LineOrder) -> Effect:
    position = live(customer)
    around = licenses_around(customer, position.at)
    return effect_of(dict(enumerate(lines)), position, around)


def days(found: Effect) -> list[tuple[date, int, int]]:
    return [(clock.day_of(row.at), row.before, row.after) for row in found.rows]


@pytest.fixture
def held(customer: Customer) -> Customer:
    """1,000 credits for 100 days, 700 of them allocated."""
    make.grant(customer, 1_000, today() - 10 * DAY, today() + 99 * DAY)
    make.allocate(customer, FEATURE, 100)
    return customer


def test_without_a_license_the_course_is_what_is_known(held: Customer) -> None:
    found = effect(held)

    assert days(found) == [(today(), 300, 300), (today() + 100 * DAY, -700, -700)]
    assert found.covered_until is not None
    assert clock.day_of(found.covered_until) == today() + 100 * DAY
    assert found.short is None


def test_a_license_that_continues_leaves_no_shortage(held: Customer) -> None:
    after = today() + 100 * DAY

    found = effect(held, line(1_000, after, last_day=after + 364 * DAY))

    assert days(found) == [
        (today(), 300, 300),
        (after, -700, 300),
        (after + 365 * DAY, -700, -700),
    ]
    assert found.rows[1].helps
    assert [h.event for h in found.rows[1].happenings] == [Event.ENDS]
    assert [h.event for h in found.rows[2].happenings] == [Event.NEW_ENDS]
    assert found.short is None


def test_a_gap_before_a_license_is_a_shortage(held: Customer) -> None:
    after = today() + 100 * DAY

    found = effect(held, line(1_000, after + 5 * DAY))

    assert found.short is not None
    assert clock.day_of(found.short.at) == after
    assert found.suggestion is not None
    assert found.suggestion.credits == 1_000
    assert found.suggestion.renews == held.licenses.get()


def test_too_few_credits_leave_a_shortage_and_say_how_many_are_missing(held: Customer) -> None:
    after = today() + 100 * DAY
    old = held.licenses.get()

    found = effect(held, line(600, after, renews=old))

    assert found.short is not None
    assert found.short.after == -100
    assert found.suggestion is not None
    assert (found.suggestion.credits, found.suggestion.renews) == (100, None)


def test_a_shortage_of_today_is_said_to_be_today(customer: Customer) -> None:
    make.allocate(customer, FEATURE, 10)

    found = effect(customer, line(50))

    assert found.short_now
    assert found.rows[0].after == -20
    assert found.suggestion is not None
    assert (found.suggestion.first_day, found.suggestion.credits) == (today(), 20)


def test_a_license_that_is_over_changes_nothing_from_today_on(held: Customer) -> None:
    over = line(5_000, today() - 50 * DAY, last_day=today() - DAY)

    assert days(effect(held, over)) == days(effect(held))


@pytest.mark.parametrize(
    "lots",
    [
        [(1_000, 100, 464)],
        [(500, 0, 30), (700, 20, 400)],
        [(2_000, -20, 200), (10, 50, 60), (5, 60, 99)],
        [(900, 101, 200)],
    ],
)
def test_what_is_told_is_what_happens(held: Customer, lots: list[tuple[int, int, int]]) -> None:
    lines = [line(n, today() + a * DAY, last_day=today() + z * DAY) for n, a, z in lots]
    told = effect(held, *lines)

    buy(held, "SO-1", *lines)

    position = live(held)
    for row in told.rows[1:]:
        figure = position.figure_at(row.at)
        assert (row.after, row.valid_after) == (figure.balance, figure.valid)
    assert told.rows[0].after == position.figure.balance


def test_known_changes_of_allocated_are_told_as_one() -> None:
    now = clock.now()
    changes = [
        LedgerEntry(side=Side.ALLOCATED, feature_id=feature, credits=credits)
        for feature, credits in ((1, 65), (2, -5))
    ]
    step = Step(now + DAY, Figure(100, 60), tuple(changes))
    position = Position(
        at=now, known=now, figure=Figure(100, 0), by_license={}, by_feature={}, ahead=(step,)
    )

    found = effect_of({}, position, [])

    assert found.rows[1].happenings == (Happening(Event.ALLOCATED, 60),)
    assert (found.rows[1].before, found.rows[1].after) == (40, 40)


def test_many_dates_are_shown_on_demand(customer: Customer) -> None:
    for n in range(12):
        make.grant(customer, 10, today(), today() + n * DAY)

    found = effect(customer)

    assert len(found.first_rows) == 10
    assert found.first_rows + found.more_rows == found.rows
    assert len(found.rows) == 13


def test_the_likely_line_renews_what_ends_before_a_shortage(held: Customer) -> None:
    position = live(held)
    old = held.licenses.get()

    likely = likely_line(position, licenses_around(held, position.at))

    assert (likely.first_day, likely.credits, likely.renews) == (today() + 100 * DAY, 1_000, old)


def test_the_likely_line_starts_today_where_no_shortage_follows(customer: Customer) -> None:
    make.grant(customer, 1_000, today(), today() + 99 * DAY)
    position = live(customer)

    likely = likely_line(position, licenses_around(customer, position.at))

    assert (likely.first_day, likely.credits, likely.renews) == (today(), None, None)


def test_what_has_lapsed_is_renewed_from_today(held: Customer, at: Callable[..., Any]) -> None:
    with at(clock.now() + 110 * DAY):
        position = live(held)
        likely = likely_line(position, licenses_around(held, position.at))

        assert likely.first_day == clock.day_of(position.at)
        assert likely.renews == held.licenses.get()


def test_a_renewed_license_is_not_offered_again(held: Customer) -> None:
    old = held.licenses.get()
    buy(held, "SO-1", line(500, old.ends_at.date(), renews=old))
    position = live(held)

    likely = likely_line(position, licenses_around(held, position.at))
    found = effect(held)

    assert likely.renews != old
    assert found.suggestion is not None
    assert found.suggestion.renews is None


@pytest.mark.parametrize(("shift", "gap", "overlap"), [(0, 0, 0), (5, 5, 0), (-7, -7, 7)])
def test_a_renewal_says_its_gap_or_overlap(
    held: Customer, shift: int, gap: int, overlap: int
) -> None:
    old = held.licenses.get()
    first = old.ends_at.date() + shift * DAY

    found = joint(first, old, [old])

    assert found is not None
    assert (found.gap, found.overlap, found.renews) == (gap, overlap, True)


def test_a_new_license_is_said_to_continue_one_that_ends_just_before(held: Customer) -> None:
    old = held.licenses.get()

    found = joint(old.ends_at.date(), None, [old])

    assert found is not None
    assert (found.license, found.gap, found.renews) == (old, 0, False)
    assert joint(old.ends_at.date() + DAY, None, [old]) is None
    assert joint(None, old, [old]) is None
