from __future__ import annotations

from decimal import Decimal

from billing.domain.annual import State
from credits.domain.catalogue import load_catalogue
from credits.domain.moving import Move
from tests.billing.story import NOON, Story, instant
from tests.cast import CATALOGUE


def words(story: Story, now: str) -> list[str]:
    return [change.words for change in story.page(now).pending.changes]


def test_each_change_says_what_it_does_and_when_it_will_be_shown(halden: Story) -> None:
    changes = halden.page(NOON).pending.changes

    assert [(c.words, c.effect) for c in changes] == [
        ("Essentials package +10 endpoints", -650),
        ("Email Sensor +2 users", -10),
    ]
    assert [c.at for c in changes] == [instant("2026-11-24T09:41"), instant("2026-11-24T10:02")]
    assert [c.shown_from for c in changes] == [
        instant("2026-11-24T12:00"),
        instant("2026-11-24T13:00"),
    ]


def test_live_first_shortfall_counts_what_is_not_shown(halden: Story) -> None:
    page = halden.page(NOON)

    assert page.live.figure.balance == 12_890
    assert page.live_outlook.state == State.FIRST_SHORT
    assert page.live_outlook.balance == -2_110


def test_a_change_is_shown_from_its_hour_on(halden: Story) -> None:
    assert len(halden.page("2026-11-24T11:59:59").pending.changes) == 2
    assert words(halden, "2026-11-24T12:00") == ["Email Sensor +2 users"]
    assert words(halden, "2026-11-24T13:00") == []
    assert halden.page("2026-11-24T13:00").position.figure.balance == 12_890


def test_a_release_and_its_undo_are_told(halden: Story) -> None:
    released = halden.release("2026-11-24T10:10", "email-core")
    halden.undo("2026-11-24T10:20", released)

    changes = halden.page(NOON).pending.changes[-2:]

    assert [(c.words, c.effect) for c in changes] == [
        ("Core package off", 6_250),
        ("undone: Core package", -6_250),
    ]


def test_a_feature_that_held_nothing_tells_all_its_units(halden: Story) -> None:
    halden.allocate("2026-11-24T10:30", "email-pro", 3)

    assert words(halden, NOON)[-1] == "Pro package 3 users"


def test_a_new_license_is_told_also_where_it_starts_later(halden: Story) -> None:
    halden.buy("2026-11-24T10:30", 5_000, "2026-11-24", "2027-11-23")
    halden.buy("2026-11-24T10:40", 8_000, "2027-04-01", "2028-03-31")

    page = halden.page(NOON)

    assert [(c.words, c.effect) for c in page.pending.changes[-2:]] == [
        ("L-204 with 5,000", 5_000),
        ("L-205 with 8,000, from 1 Apr 2027", 0),
    ]
    assert page.outlook.state == State.FIRST_SHORT
    assert page.outlook.at == instant("2027-04-01T00:00")
    assert page.live_outlook.at == instant("2027-09-01T00:00")
    assert [line.label for line in page.licenses] == ["L-201", "L-203", "L-202"]


def test_corrections_of_a_license_are_told(halden: Story) -> None:
    extended, reduced, voided = halden.customer.licenses.order_by("number")
    halden.extend("2026-11-24T10:30", extended, "2027-07-01T00:00")
    halden.reduce("2026-11-24T10:31", reduced, 6_000)
    halden.void("2026-11-24T10:32", voided)

    changes = halden.page(NOON).pending.changes[-3:]

    assert [(c.words, c.effect) for c in changes] == [
        ("L-201 extended", 0),
        ("L-202 reduced by 1,000", -1_000),
        ("L-203 voided", -30_000),
    ]


def test_an_end_that_has_come_is_told_until_its_boundary(halden: Story) -> None:
    page = halden.page("2027-04-01T00:30")

    assert [(c.words, c.effect) for c in page.pending.changes] == [("L-201 ended", -15_000)]
    assert page.pending.changes[0].shown_from == instant("2027-04-01T02:00")
    assert page.position.figure.valid == 52_000
    assert page.live.figure.valid == 37_000


def test_only_the_newest_of_many_changes_are_listed(halden: Story) -> None:
    for minute in range(10, 20):
        halden.allocate(f"2026-11-24T10:{minute}", "email-core", 241 + minute)

    pending = halden.page(NOON).pending

    assert len(pending.listed) == 5
    assert pending.unlisted == 7
    assert pending.unlisted_effect + sum(c.effect for c in pending.listed) == pending.effect


def test_live_figures_stand_where_nothing_is_published(story: Story) -> None:
    story.buy("2026-11-24T09:40", 5_000, "2026-11-24", "2027-11-23")
    story.allocate("2026-11-24T10:10", "email-core", 100)

    page = story.page(NOON)

    assert page.unpublished
    assert page.first_shown_from == instant("2026-11-24T12:00")
    assert page.position.figure.balance == 2_500
    assert page.pending.changes == ()
    assert [line.label for line in page.licenses] == ["L-201"]
    assert [line.order_number for line in page.purchases] == ["SO-1"]


def test_a_feature_offered_since_the_boundary_has_a_name(halden: Story) -> None:
    catalogue = CATALOGUE.read_text(encoding="utf-8")
    new = "sandbox-analysis,Sandbox Analysis,fresh,Fresh,fresh,Fresh feature,seat,seats,per_unit"
    load_catalogue(f"{catalogue}{new},10,1,,,,no,,2026-11-25,,no,contract,\n")
    halden.allocate("2026-11-25T00:30", "fresh", 7)

    page = halden.page("2026-11-25T01:00")

    assert page.pending.changes[-1].words == "Fresh feature 7 seats"
    assert "fresh" not in [line.feature.key for line in page.features]


def test_a_move_tells_both_sides_by_their_own_units(halden: Story) -> None:
    units = {"source": "email-core", "units": Decimal(28), "target": "endpoint-core"}
    moved = halden.post("2026-11-24T10:10", Move, **units)

    assert words(halden, NOON)[-1] == (
        "Core package (Email and Collaboration Security) −28 users and "
        "Core package (Endpoint Security) 15 endpoints"
    )

    halden.undo("2026-11-24T10:20", moved)
    halden.allocate("2026-11-24T10:30", "email-core", 260)

    assert words(halden, NOON)[-1] == "Core package +10 users"


def test_what_was_undone_out_of_turn_leaves_what_came_after(halden: Story) -> None:
    first = halden.allocate("2026-11-24T10:10", "email-core", 255)
    halden.allocate("2026-11-24T10:15", "email-core", 258)
    halden.undo("2026-11-24T10:20", first)
    halden.allocate("2026-11-24T10:30", "email-core", 260)

    assert words(halden, NOON)[-1] == "Core package +2 users"


def test_without_what_was_stated_before_the_units_are_told_whole(story: Story) -> None:
    story.buy("2026-11-01T08:00", 15_000, "2026-11-01", "2027-10-31")
    story.allocate("2026-11-20T08:00", "email-core", 250)
    shown = story.allocate("2026-11-24T08:00", "email-core", 255)
    story.undo("2026-11-24T10:20", shown)
    story.allocate("2026-11-24T10:30", "email-core", 260)

    assert words(story, NOON)[-1] == "Core package 260 users"
