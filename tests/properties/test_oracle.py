"""The oracle itself, held against the examples that the rules give."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from tests.oracle import Oracle, Rate, Report
from tests.oracle_reservation import Event, running, years_after

JUNE = datetime(2026, 6, 10, 8, tzinfo=UTC)


def on(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def typed(at: datetime, quantity: int) -> Event:
    return Event(at, is_on=True, quantity=Fraction(quantity), typed=True)


def used(at: datetime, quantity: int) -> Event:
    return Event(at, is_on=True, quantity=Fraction(quantity))


def highest(events: list[Event], at: datetime) -> Fraction | None:
    period = running(events, at)
    return period.highest if period else None


def test_80_typed_95_used_and_60_typed_hold_95_until_the_period_ends_and_then_60() -> None:
    events = [typed(on(2026, 4, 1, 9), 80), used(JUNE, 95), typed(on(2026, 7, 5), 60)]

    assert highest(events, on(2026, 5, 1)) == 80
    assert highest(events, on(2027, 3, 31, 23)) == 95
    assert highest(events, on(2027, 4, 1)) == 60
    assert highest(events, on(2040, 4, 1)) == 60


def test_zero_typed_ends_the_chain_at_the_roll_over_and_the_next_quantity_begins_another() -> None:
    events = [typed(on(2026, 4, 1), 80), typed(on(2026, 5, 1), 0), used(on(2027, 6, 1, 5), 7)]

    assert highest(events, on(2027, 3, 31)) == 80
    assert highest(events, on(2027, 4, 1)) is None
    period = running(events, on(2027, 7, 1))
    assert period is not None
    assert (period.start, period.end) == (on(2027, 6, 1), on(2028, 6, 1))


def test_with_nothing_typed_the_next_period_starts_at_the_last_usage() -> None:
    events = [used(on(2026, 4, 1), 80), used(on(2026, 9, 1), 30)]

    assert highest(events, on(2027, 4, 1)) == 30


def test_off_keeps_the_period_and_begins_no_other() -> None:
    off = Event(on(2026, 5, 1), is_on=False)
    unheard = Event(on(2026, 6, 1), is_on=False, quantity=Fraction(99))
    events = [typed(on(2026, 4, 1), 80), off, unheard]

    assert highest(events, on(2027, 3, 31)) == 80
    assert highest(events, on(2027, 4, 1)) is None


def test_periods_from_29_february_end_with_28_february_and_meet_the_leap_day_again() -> None:
    ends = [years_after(on(2028, 2, 29), years) for years in (1, 3, 4)]

    assert ends == [on(2029, 3, 1), on(2031, 3, 1), on(2032, 2, 29)]


@pytest.mark.parametrize(("revision", "credits"), [(0, 9), (1, 7), (2, 7)])
def test_at_one_instant_the_higher_revision_wins_then_the_later_operation(
    revision: int, credits: int
) -> None:
    oracle = Oracle()
    oracle.state(
        Rate(
            operation=0,
            recorded_at=on(2024, 1, 1),
            at=on(2024, 1, 1),
            about="mail",
            group="mail",
            model="per_user",
            credits=Fraction(1),
        )
    )
    for number, (units, own) in enumerate(((9, 1), (7, revision)), start=1):
        oracle.state(
            Report(
                operation=number,
                recorded_at=JUNE,
                at=JUNE,
                about="mail",
                units={"mail": Fraction(units)},
                revision=own,
            )
        )

    assert oracle.figure(JUNE, JUNE) == (0, credits)
