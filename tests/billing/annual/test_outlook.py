from __future__ import annotations

from billing.domain.annual import State
from tests.billing.story import NOON, Story, instant


def test_balance_stands_with_its_first_short_date_amount_and_cause(halden: Story) -> None:
    page = halden.page(NOON)

    assert page.position.at == instant("2026-11-24T09:00")
    assert (page.position.figure.valid, page.position.figure.allocated) == (52_000, 38_450)
    assert page.outlook.state == State.FIRST_SHORT
    assert page.outlook.at == instant("2027-04-01T00:00")
    assert page.outlook.balance == -1_450
    assert page.outlook.cause == "when L-201 ends"


def test_covered_until_the_last_license_ends(story: Story) -> None:
    story.buy("2026-01-02T09:00", 5_000, "2026-01-02", "2027-12-31")
    story.allocate("2026-01-03T09:00", "email-core", 100)

    outlook = story.page(NOON).outlook

    assert outlook.state == State.COVERED
    assert outlook.at == instant("2028-01-01T00:00")
    assert outlook.cause == "when the last license ends"


def test_a_license_after_a_gap_is_named(story: Story) -> None:
    story.buy("2026-01-02T09:00", 5_000, "2026-01-02", "2026-12-31")
    story.buy("2026-01-02T09:00", 5_000, "2027-02-01", "2027-12-31")
    story.allocate("2026-01-03T09:00", "email-core", 100)

    outlook = story.page(NOON).outlook

    assert outlook.state == State.COVERED
    assert outlook.cause == "when L-201 ends; L-202 starts on 1 Feb 2027"


def test_what_holds_nothing_is_never_short(story: Story) -> None:
    story.buy("2026-01-02T09:00", 5_000, "2026-01-02", "2026-12-31")

    assert story.page(NOON).outlook.state == State.NEVER


def test_several_licenses_ending_together_are_all_named(story: Story) -> None:
    story.buy("2026-01-02T09:00", 1_000, "2026-01-02", "2027-02-28")
    story.buy("2026-01-02T09:00", 2_000, "2026-01-02", "2027-02-28")
    story.buy("2026-01-02T09:00", 1_000, "2026-01-02", "2027-12-31")
    story.allocate("2026-01-03T09:00", "email-core", 100)

    assert story.page(NOON).outlook.cause == "when L-201 and L-202 end"


def test_a_shortage_names_what_ended_and_what_made_it_worse(story: Story) -> None:
    story.buy("2025-11-02T09:00", 12_000, "2025-11-02", "2026-10-19")
    story.buy("2026-04-10T09:00", 9_000, "2026-04-10", "2027-04-09")
    story.allocate("2026-04-12T09:00", "email-core", 600)
    story.allocate("2026-10-25T09:00", "email-sensor", 100)

    outlook = story.page(NOON).outlook

    assert outlook.state == State.SHORT
    assert outlook.at == instant("2026-10-20T00:00")
    assert outlook.balance == -6_500
    assert outlook.cause == "license L-201 with 12,000 ended on 19 Oct 2026"
    assert outlook.worse == ("Email Sensor rose by 500 on 25 Oct 2026",)


def test_only_the_newest_of_many_that_made_it_worse_are_listed(story: Story) -> None:
    for day in range(1, 12):
        story.allocate(f"2026-10-{day:02}T09:00", "email-core", day)

    outlook = story.page(NOON).outlook

    assert len(outlook.worse) == 10
    assert outlook.newest_worse[0] == "Core package rose by 25 on 11 Oct 2026"
    assert len(outlook.newest_worse) + outlook.unlisted_worse == 10


def test_a_void_and_a_reduction_are_causes(story: Story) -> None:
    voided = story.buy("2026-01-02T09:00", 3_000, "2026-01-02", "2027-12-31")
    reduced = story.buy("2026-01-02T09:00", 2_000, "2026-01-02", "2027-12-31")
    story.allocate("2026-01-03T09:00", "email-core", 100)
    story.void("2026-10-01T09:00", voided)
    story.reduce("2026-10-02T09:00", reduced, 500)

    outlook = story.page(NOON).outlook

    assert outlook.cause == "L-201 with 3,000 was voided on 1 Oct 2026"
    assert outlook.worse == ("L-202 was reduced by 1,500 on 2 Oct 2026",)
