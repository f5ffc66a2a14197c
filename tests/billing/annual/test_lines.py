from __future__ import annotations

import pytest

from billing.domain.annual import FeatureLine
from tests.billing.story import NOON, Story, instant


def line(story: Story, now: str, key: str) -> FeatureLine:
    return next(row for row in story.page(now).features if row.feature.key == key)


def test_features_show_units_rate_and_since_as_known_at_the_boundary(halden: Story) -> None:
    essentials = line(halden, NOON, "endpoint-essentials")

    assert essentials.units == "300 endpoints"
    assert essentials.rate_text == "65"
    assert essentials.credits == 19_500
    assert essentials.model == "Highest in use"
    assert essentials.since == instant("2026-09-02T09:00")
    assert round(essentials.share, 1) == 50.7


def test_a_change_is_in_the_line_once_its_hour_has_come(halden: Story) -> None:
    essentials = line(halden, "2026-11-24T12:00", "endpoint-essentials")

    assert (essentials.units, essentials.credits) == ("310 endpoints", 20_150)


@pytest.mark.parametrize(
    ("key", "units", "rate"),
    [
        ("cloud-risk", "1 account, 2,200 resources", "1,000 per 500"),
        ("sandbox-daily-reserve", "50 reserved submissions per day", "50"),
    ],
)
def test_units_and_rates_are_words(halden: Story, key: str, units: str, rate: str) -> None:
    found = line(halden, NOON, key)

    assert (found.units, found.rate_text) == (units, rate)


def test_a_release_not_shown_yet_leaves_since_as_it_was_known(halden: Story) -> None:
    halden.release("2026-11-24T10:10", "email-core")
    halden.release("2026-11-24T10:11", "endpoint-essentials", group="endpoint-packages")
    halden.allocate("2026-11-24T10:12", "endpoint-essentials", 90, group="endpoint-packages")

    assert line(halden, NOON, "email-core").since == instant("2025-11-20T09:00")
    assert line(halden, NOON, "endpoint-essentials").since == instant("2026-09-02T09:00")


def test_a_feature_that_holds_nothing_shows_no_units(halden: Story) -> None:
    halden.release("2026-11-24T10:10", "email-core")

    core = line(halden, "2026-11-24T13:00", "email-core")

    assert (core.credits, core.units, core.since) == (0, "", None)


def test_free_and_closed_features_need_no_credits(halden: Story) -> None:
    keys = {row.feature.key for row in halden.page(NOON).features}

    assert "collaboration-sensor" not in keys
    assert "email-advanced-protection" not in keys
    assert "email-core" in keys


def test_a_closed_feature_that_is_held_stays(story: Story) -> None:
    story.buy("2025-11-02T09:00", 50_000, "2025-11-02", "2027-11-01")
    story.allocate("2025-11-03T09:00", "email-core", 100)
    story.allocate("2025-11-03T09:10", "email-advanced-protection", 100)

    held = line(story, NOON, "email-advanced-protection")

    assert held.is_closed
    assert held.credits == 2_500


def test_a_bundle_holds_in_place_of_its_parts(story: Story) -> None:
    story.buy("2025-11-02T09:00", 50_000, "2025-11-02", "2027-11-01")
    story.bundle("2025-11-03T09:00", 120)

    in_use = [(row.name, row.units, row.credits) for row in story.page(NOON).in_use]

    assert in_use == [("Internet + AI bundle", "120 users", 10_200)]


def test_solutions_sum_their_features_and_are_told_apart(halden: Story) -> None:
    halden.allocate("2026-11-24T10:10", "file-security-sdk", 1)
    page = halden.page("2026-11-24T13:00")

    found = {row.short_name: row.credits for row in page.solutions}

    assert found == {
        "Endpoint": 20_150,
        "Email": 6_460,
        "Cloud Risk": 5_000,
        "Cloud Security": 5_000,
        "Zero": 5_000,
        "Sandbox": 2_500,
    }
    assert sum(found.values()) == page.position.figure.allocated


def test_licenses_stand_by_expiry_with_what_they_give(halden: Story) -> None:
    rows = [(row.label, row.credits, row.ends_at) for row in halden.page(NOON).licenses]

    assert rows == [
        ("L-201", 15_000, instant("2027-04-01T00:00")),
        ("L-203", 30_000, instant("2027-09-01T00:00")),
        ("L-202", 7_000, instant("2028-01-01T00:00")),
    ]


def test_a_correction_changes_a_license_only_once_it_is_shown(halden: Story) -> None:
    first, second, third = halden.customer.licenses.order_by("number")
    halden.extend("2026-11-24T10:30", first, "2027-07-01T00:00")
    halden.reduce("2026-11-24T10:31", second, 6_000)
    halden.void("2026-11-24T10:32", third)

    before = {row.label: (row.credits, row.ends_at) for row in halden.page(NOON).licenses}
    after = {row.label: row for row in halden.page("2026-11-24T13:00").licenses}

    assert before["L-201"] == (15_000, instant("2027-04-01T00:00"))
    assert before["L-202"] == (7_000, instant("2028-01-01T00:00"))
    assert before["L-203"] == (30_000, instant("2027-09-01T00:00"))
    assert after["L-201"].ends_at == instant("2027-07-01T00:00")
    assert after["L-202"].credits == 6_000
    assert "L-203" not in after


def test_purchases_show_what_was_ordered_and_how_it_stands(halden: Story) -> None:
    halden.buy("2026-11-24T10:10", 4_000, "2027-01-01", "2027-12-31", "SO-2")
    halden.buy("2026-11-24T10:11", 1_000, "2025-11-05", "2026-10-31", "SO-3")
    halden.reduce("2026-11-24T10:12", halden.customer.licenses.get(number=201), 500)
    halden.buy("2026-11-24T11:10", 2_000, "2026-11-24", "2027-11-23", "SO-4")

    lines = halden.page("2026-11-24T13:00").purchases
    found = {row.order_number: (row.credits, row.state) for row in lines}

    assert found == {
        "SO-117204": (15_000, "valid"),
        "CV-20871": (7_000, "valid"),
        "AWS-1": (30_000, "valid"),
        "SO-2": (4_000, "not started"),
        "SO-3": (1_000, "ended"),
    }


def test_a_voided_purchase_says_so_from_its_boundary_on(halden: Story) -> None:
    halden.void("2026-11-24T10:32", halden.customer.licenses.get(number=203))

    def state(now: str) -> str:
        rows = halden.page(now).purchases
        return next(row.state for row in rows if row.order_number == "AWS-1")

    assert state(NOON) == "valid"
    assert state("2026-11-24T13:00") == "voided"
