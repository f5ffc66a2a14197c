"""The edges of a term, each at its boundary, with no job running."""

from __future__ import annotations

from billing.domain.annual import AnnualCredits
from tests.billing.story import Story, instant


def valid_at(story: Story, boundary: str) -> int:
    """What a boundary shows, looked at two hours later."""
    at = instant(boundary)
    page = AnnualCredits(story.customer, now=at.replace(hour=at.hour), boundary=at)
    return page.position.figure.valid


def test_a_license_counts_to_its_last_second_and_not_the_second_after(story: Story) -> None:
    story.buy("2026-01-02T09:00", 15_000, "2026-01-02", "2027-03-31")

    assert valid_at(story, "2027-03-31T23:59:59") == 15_000
    assert valid_at(story, "2027-04-01T00:00:00") == 0


def test_the_page_lets_go_of_a_license_two_hours_after_it_ends(story: Story) -> None:
    story.buy("2026-01-02T09:00", 15_000, "2026-01-02", "2027-03-31")
    last = story.page("2027-04-01T01:59:59")
    over = story.page("2027-04-01T02:00:00")

    assert last.position.figure.valid == 15_000
    assert [line.label for line in last.valid_licenses] == ["L-201"]
    assert over.position.figure.valid == 0
    assert (over.valid_licenses, over.ended_licenses) == ([], 1)


def test_the_29th_of_february_is_usable_to_its_end(story: Story) -> None:
    story.buy("2027-03-01T09:00", 8_000, "2027-03-01", "2028-02-29")

    assert valid_at(story, "2028-02-29T23:00") == 8_000
    assert valid_at(story, "2028-03-01T00:00") == 0


def test_a_term_bought_in_the_past_is_known_from_its_entry_on(story: Story) -> None:
    story.buy("2025-11-02T09:00", 1_000, "2025-11-02", "2027-11-01")
    story.buy("2026-11-24T08:30", 9_000, "2024-03-01", "2026-02-28")

    before = story.page("2026-11-24T10:59")
    after = story.page("2026-11-24T11:00")

    assert (before.ended_licenses, after.ended_licenses) == (0, 1)
    assert before.position.figure.valid == after.position.figure.valid == 1_000
    assert before.course("1y").points[0].figure.valid == 1_000
    assert [p.figure.valid for p in after.course("1y").points if not p.is_ahead] == [10_000, 1_000]


def test_a_term_still_running_that_was_bought_late_counts_from_its_first_day(
    story: Story,
) -> None:
    story.buy("2025-11-02T09:00", 1_000, "2025-11-02", "2027-11-01")
    story.buy("2026-11-24T08:30", 9_000, "2026-11-01", "2027-10-31")

    page = story.page("2026-11-24T11:00")

    assert page.position.figure.valid == 10_000
    points = {p.at: p.figure.valid for p in page.course("1y").points}
    assert points[instant("2026-11-01T00:00")] == 10_000


def test_a_term_that_starts_next_year_is_listed_and_not_yet_valid(story: Story) -> None:
    story.buy("2026-01-02T09:00", 1_000, "2026-01-02", "2027-12-31")
    story.buy("2026-01-03T09:00", 5_000, "2027-01-01", "2027-12-31")

    page = story.page("2026-11-24T11:00")
    later = next(line for line in page.licenses if line.is_later)

    assert page.position.figure.valid == 1_000
    assert (later.label, later.credits) == ("L-202", 5_000)
    assert later.starts_at == instant("2027-01-01T00:00")
    assert valid_at(story, "2026-12-31T23:59:59") == 1_000
    assert valid_at(story, "2027-01-01T00:00") == 6_000
