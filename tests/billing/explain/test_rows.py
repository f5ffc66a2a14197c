from __future__ import annotations

from datetime import datetime
from typing import Any

from billing.domain.explanation import BALANCE, Explanation, Group, Question
from credits.models import Feature, Side, Solution
from tests.billing.story import Story, instant

B = instant("2026-11-24T09:00")


def asked(
    story: Story, side: str, at: datetime = B, known: datetime = B, **subject: Any
) -> Explanation:
    return Explanation(Question(story.customer, side, at, known, **subject))


def feature(key: str) -> Feature:
    return Feature.objects.get(key=key)


def facts(group: Group) -> list[tuple[int, str]]:
    return [(row.entry.credits, row.cause.fact) for row in group.rows]


def only(explanation: Explanation) -> Group:
    (section,) = explanation.sections
    (group,) = section.groups
    return group


def test_the_balance_is_valid_less_allocated(halden: Story) -> None:
    explanation = asked(halden, BALANCE)
    valid, allocated = explanation.sections

    assert (valid.total, allocated.total, explanation.total) == (52_000, 38_450, 13_550)
    assert [(g.name, g.total) for g in valid.groups] == [
        ("L-203", 30_000),
        ("L-201", 15_000),
        ("L-202", 7_000),
    ]
    assert allocated.groups[0].name == "Essentials package"


def test_a_row_says_what_caused_it(story: Story) -> None:
    story.buy("2026-01-02T09:00", 9_000, "2026-01-02", "2027-03-31", "SO-77")
    story.allocate("2026-02-03T09:00", "email-core", 100)

    bought = only(asked(story, Side.VALID)).rows[0]
    held = only(asked(story, Side.ALLOCATED)).rows[0]

    assert bought.cause.fact == "9,000 from 2 Jan 2026 to 31 Mar 2027, end of day UTC"
    assert (bought.cause.act, bought.cause.order) == ("License granted", "SO-77")
    assert (held.cause.fact, held.cause.who) == ("100 users × 25", "Maria Keller")
    assert held.is_live


def test_each_row_shows_the_fact_of_its_own_time(story: Story) -> None:
    story.buy("2025-12-02T09:00", 9_000, "2025-12-02", "2027-03-31")
    first = story.allocate("2026-01-03T09:00", "email-core", 100)
    story.allocate("2026-02-03T09:00", "email-core", 120)
    story.release("2026-03-03T09:00", "email-core")
    story.allocate("2026-04-03T09:00", "email-core", 80)
    story.undo("2026-05-03T09:00", first)

    group = only(asked(story, Side.ALLOCATED, feature=feature("email-core")))

    assert facts(group) == [
        (2_500, "100 users × 25"),
        (500, "120 users × 25"),
        (-3_000, "switched off"),
        (2_000, "80 users × 25"),
        (-2_500, "nothing reported any more"),
        (2_500, "120 users × 25"),
    ]
    assert {row.is_live for row in group.rows[-2:]} == {False}


def test_an_undo_shows_what_counts_again(story: Story) -> None:
    story.buy("2025-12-02T09:00", 9_000, "2025-12-02", "2027-03-31")
    story.allocate("2026-01-03T09:00", "email-core", 100)
    wrong = story.allocate("2026-02-03T09:00", "email-core", 300)
    story.undo("2026-02-03T10:00", wrong)

    rows = only(asked(story, Side.ALLOCATED)).rows

    assert (rows[-1].entry.credits, rows[-1].cause.fact) == (-5_000, "100 users × 25")
    assert rows[-1].cause.act == "Undone: Allocated"


def test_corrections_of_a_license_are_told(story: Story) -> None:
    license = story.buy("2025-12-02T09:00", 9_000, "2025-12-02", "2026-06-30")
    story.extend("2026-02-01T09:00", license, "2026-09-01T00:00")
    story.reduce("2026-03-01T09:00", license, 6_000)
    end = instant("2026-09-01T00:00")

    group = only(asked(story, Side.VALID, at=end, known=end, license=license))

    assert group.total == 0
    assert facts(group) == [
        (9_000, "9,000 from 2 Dec 2025 to 30 Jun 2026, end of day UTC"),
        (-9_000, "term ends, last day 30 Jun 2026"),
        (9_000, "goes on to 31 Aug 2026, end of day UTC"),
        (-9_000, "term ends, last day 31 Aug 2026"),
        (-3_000, "reduced to 6,000"),
        (3_000, "so much less ends, last day 31 Aug 2026"),
    ]


def test_a_bundle_and_its_parts_are_told(story: Story) -> None:
    story.buy("2025-12-02T09:00", 50_000, "2025-12-02", "2027-06-30")
    story.bundle("2026-02-01T09:00", 60)

    group = only(asked(story, Side.ALLOCATED))

    assert facts(group) == [(5_100, "60 users × 85")]


def test_what_nets_to_zero_is_apart(story: Story) -> None:
    story.buy("2025-12-02T09:00", 9_000, "2025-12-02", "2026-03-31")
    story.buy("2025-12-02T09:00", 5_000, "2025-12-02", "2027-03-31")

    (section,) = asked(story, Side.VALID).sections

    assert [group.name for group in section.groups] == ["L-202"]
    assert [(group.name, group.count) for group in section.settled] == [("L-201", 2)]
    assert section.settled_rows == 2


def test_older_rows_are_carried_forward(story: Story) -> None:
    story.buy("2025-12-02T09:00", 900_000, "2025-12-02", "2027-03-31")
    for number in range(1, 61):
        story.allocate(f"2026-01-01T09:{number - 1:02}", "email-sensor", number)

    explanation = asked(story, Side.ALLOCATED)
    group = only(explanation)

    assert (len(group.rows), group.older, group.carried) == (50, 10, 50)
    assert group.rows[-1].cause.fact == "60 users × 5"
    assert group.carried + sum(row.entry.credits for row in group.rows) == group.total == 300
    assert len(list(explanation.all_rows())) == 60


def test_a_figure_can_be_asked_as_known_earlier(halden: Story) -> None:
    later, earlier = instant("2026-11-24T11:00"), instant("2026-11-24T09:00")
    essentials = feature("endpoint-essentials")

    assert asked(halden, Side.ALLOCATED, at=later, known=later, feature=essentials).total == 20_150
    assert (
        asked(halden, Side.ALLOCATED, at=later, known=earlier, feature=essentials).total == 19_500
    )


def test_a_figure_ahead_has_the_rows_that_make_it(halden: Story) -> None:
    explanation = asked(halden, BALANCE, at=instant("2027-04-01T00:00"))

    assert explanation.total == -1_450
    assert [g.name for g in explanation.sections[0].settled] == ["L-201"]


def test_a_solution_holds_what_its_features_hold(halden: Story) -> None:
    solution = Solution.objects.get(key="email-collaboration-security")

    (section,) = asked(halden, Side.ALLOCATED, solution=solution).sections

    assert [(group.name, group.total) for group in section.groups] == [
        ("Core package", 6_250),
        ("Email Sensor", 200),
    ]
