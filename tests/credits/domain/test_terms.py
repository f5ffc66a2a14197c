"""The calendar of terms."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits.domain.terms import last_day, term
from credits.exceptions import InvalidCommand


@pytest.mark.parametrize(
    ("first", "months", "last"),
    [
        (date(2026, 4, 1), 12, date(2027, 3, 31)),
        (date(2027, 4, 1), 12, date(2028, 3, 31)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 28)),
        (date(2027, 2, 28), 12, date(2028, 2, 27)),
        (date(2027, 3, 1), 12, date(2028, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 1, 31), 2, date(2026, 3, 30)),
        (date(2026, 1, 30), 1, date(2026, 2, 28)),
        (date(2026, 1, 29), 1, date(2026, 2, 28)),
        (date(2026, 1, 28), 1, date(2026, 2, 27)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 1, 1), 12, date(2026, 12, 31)),
        (date(2026, 12, 31), 12, date(2027, 12, 30)),
        (date(2026, 5, 31), 36, date(2029, 5, 30)),
    ],
)
def test_the_last_day_is_the_anniversary_minus_one(first: date, months: int, last: date) -> None:
    assert last_day(first, months) == last


@given(first=st.dates(date(2000, 1, 1), date(2090, 12, 31)), months=st.integers(1, 60))
def test_a_term_is_never_longer_than_its_months_and_grows_with_them(
    first: date, months: int
) -> None:
    last = last_day(first, months)

    assert first <= last < last_day(first, months + 1)
    assert (
        timedelta(days=28 * months - 1)
        < last - first + timedelta(days=1)
        <= timedelta(days=31 * months)
    )


@given(first=st.dates(date(2000, 1, 1), date(2090, 12, 31)))
def test_a_year_has_365_or_366_days(first: date) -> None:
    assert (last_day(first, 12) - first).days + 1 in (365, 366)


def test_the_last_day_is_usable_to_its_end() -> None:
    starts_at, ends_at = term(date(2028, 2, 28), date(2028, 2, 29))

    assert starts_at == datetime(2028, 2, 28, tzinfo=UTC)
    assert ends_at == datetime(2028, 3, 1, tzinfo=UTC)


def test_one_day_is_a_term() -> None:
    starts_at, ends_at = term(date(2026, 5, 1), date(2026, 5, 1))

    assert ends_at - starts_at == timedelta(days=1)


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        (date(2026, 5, 2), date(2026, 5, 1), "ends"),
        (date(1999, 12, 31), date(2026, 5, 1), "starts"),
        (date(2026, 5, 1), date(2101, 1, 1), "ends"),
        (date.min, date.max, "starts"),
        (date(2026, 1, 1), date.max, "ends"),
    ],
)
def test_a_term_that_makes_no_sense_is_refused_at_its_field(
    first: date, last: date, field: str
) -> None:
    with pytest.raises(InvalidCommand) as refusal:
        term(first, last)

    assert refusal.value.field == field
    assert refusal.value.message.endswith(".")
