"""What is known at the boundary where operations booked nothing, and where some were undone."""

from __future__ import annotations

from decimal import Decimal

from credits.domain.sources import SetUsageSource
from credits.domain.usage import ReportUsage
from credits.models import LedgerEntry
from tests.billing.story import Story, instant

SENSOR = "network-virtual-sensor"
"""Up to 500 units hold as many credits as one."""


def units(story: Story, now: str) -> str:
    return next(line.units for line in story.page(now).features if line.feature.key == SENSOR)


def report(story: Story, when: str, number: int, *, at: str) -> None:
    story.post(
        when, ReportUsage, group=SENSOR, quantities={SENSOR: Decimal(number)}, at=instant(at)
    )


def begin(story: Story) -> None:
    story.buy("2026-09-01T09:00", 90_000, "2026-09-01", "2027-08-31")
    story.post("2026-09-01T10:00", SetUsageSource, group=SENSOR, name="Inventory")
    report(story, "2026-11-24T08:00", 100, at="2026-11-24T07:55")


def test_a_report_without_entries_is_known_from_the_hour_it_came_in(story: Story) -> None:
    begin(story)
    before = LedgerEntry.objects.count()
    report(story, "2026-11-24T08:30", 200, at="2026-11-24T08:25")
    report(story, "2026-11-24T09:30", 300, at="2026-11-24T08:40")
    assert LedgerEntry.objects.count() == before
    story.allocate("2026-11-24T10:00", "email-core", 10)

    assert units(story, "2026-11-24T10:10") == "100 Mbps"
    assert units(story, "2026-11-24T11:20") == "200 Mbps"
    assert units(story, "2026-11-24T12:00") == "300 Mbps"


def test_a_report_without_entries_is_known_where_nothing_came_after_it(story: Story) -> None:
    begin(story)
    report(story, "2026-11-24T08:30", 200, at="2026-11-24T08:25")

    assert units(story, "2026-11-24T10:10") == "100 Mbps"
    assert units(story, "2026-11-24T11:20") == "200 Mbps"


def test_units_are_those_before_an_undo_that_is_not_shown_yet(story: Story) -> None:
    story.buy("2026-09-01T09:00", 90_000, "2026-09-01", "2027-08-31")
    story.allocate("2026-11-24T07:00", SENSOR, 100)
    answer = story.allocate("2026-11-24T08:00", SENSOR, 200)
    story.undo("2026-11-24T10:00", answer)

    assert units(story, "2026-11-24T11:20") == "200 Mbps"
    assert units(story, "2026-11-24T13:00") == "100 Mbps"
