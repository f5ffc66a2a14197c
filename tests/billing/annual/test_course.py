from __future__ import annotations

from datetime import date

import pytest

from billing.domain.annual.course import shifted
from tests.billing.story import NOON, Story, instant


def test_the_course_runs_from_a_year_back_to_a_year_ahead(halden: Story) -> None:
    course = halden.page(NOON).course("1y")

    assert course.start == instant("2025-11-24T00:00")
    assert course.now == instant("2026-11-24T09:00")
    assert course.end == instant("2027-11-24T00:00")


def test_the_past_is_told_by_day_and_the_future_by_what_happens(halden: Story) -> None:
    points = halden.page(NOON).course("1y").points
    told = [(p.at.date().isoformat(), p.figure.valid, p.figure.allocated, p.what) for p in points]

    assert told == [
        ("2025-11-24", 22_000, 6_250, ""),
        ("2026-05-01", 22_000, 8_750, ""),
        ("2026-09-01", 52_000, 8_750, ""),
        ("2026-09-02", 52_000, 28_250, ""),
        ("2026-10-14", 52_000, 33_250, ""),
        ("2026-11-03", 52_000, 38_250, ""),
        ("2026-11-19", 52_000, 38_450, ""),
        ("2027-04-01", 37_000, 38_450, "L-201 ends"),
        ("2027-09-01", 7_000, 38_450, "L-203 ends"),
    ]


def test_what_is_not_shown_yet_is_not_in_the_course(halden: Story) -> None:
    allocated = [p.figure.allocated for p in halden.page(NOON).course("1y").points]

    assert max(allocated) == 38_450


@pytest.mark.parametrize(
    ("span", "ends"), [("3m", "2027-02-24"), ("6m", "2027-05-24"), ("3y", "2029-11-24")]
)
def test_a_span_reaches_as_far_ahead_as_back(halden: Story, span: str, ends: str) -> None:
    assert halden.page(NOON).course(span).end == instant(f"{ends}T00:00")


def test_a_start_ahead_is_named(story: Story) -> None:
    story.buy("2026-01-02T09:00", 1_000, "2026-01-02", "2026-12-31")
    story.buy("2026-01-02T09:00", 5_000, "2027-01-01", "2027-12-31")

    ahead = [point for point in story.page(NOON).course("6m").points if point.is_ahead]

    assert [point.what for point in ahead] == ["L-201 ends; L-202 starts"]


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2028, 2, 29), -12, date(2027, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 1, 31), -1, date(2025, 12, 31)),
    ],
)
def test_months_are_counted_by_the_calendar(day: date, months: int, expected: date) -> None:
    assert shifted(day, months) == expected
