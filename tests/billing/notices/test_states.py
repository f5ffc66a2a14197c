"""Balances: below zero, short ahead, low. Told when it begins and when it is over, and once."""

from __future__ import annotations

import pytest

from billing.domain.notices.watching import customers_watched
from billing.domain.notices.windows import Window
from billing.domain.notices.words import told as told_words
from billing.models import Notice, WatchedState
from credits.domain.figures import figure
from credits.domain.parking import Park, Unpark
from credits.domain.post import post
from credits.models import JobRun, License, RunState, User
from tests.billing.notices.slots import (
    choose,
    morning,
    only,
    run,
    run_around,
    run_days,
    told,
    told_by_day,
)
from tests.billing.story import Story, found_story, instant
from tests.factories import credits as make

SANDBOX = "sandbox-daily-reserve"


@pytest.fixture
def story(catalogue: None) -> Story:
    return found_story()


def held(story: Story) -> set[tuple[str, int]]:
    rows = WatchedState.objects.filter(customer=story.customer, holds=True)
    return set(rows.values_list("state", "level"))


def each(story: Story) -> int:
    """Credits that one unit of the feature takes."""
    story.buy("2025-12-01T09:00", 100_000, "2025-12-01", "2025-12-31")
    story.allocate("2025-12-02T09:00", SANDBOX, 1)
    at = instant("2025-12-02T10:00")
    credits = figure(story.customer, at=at, known=at).allocated
    story.release("2025-12-02T11:00", SANDBOX)
    return credits


def licensed(story: Story, credits: int) -> License:
    return story.buy("2026-01-05T09:00", credits, "2026-01-05", "2029-12-31")


def test_a_balance_below_zero_is_told_when_it_begins_and_when_it_is_over(story: Story) -> None:
    one = each(story)
    licensed(story, 10 * one)
    story.allocate("2026-02-02T09:00", SANDBOX, 12)
    run("2026-02-03")
    run("2026-02-04")
    assert told(story.customer) == ["negative"]

    story.allocate("2026-02-04T09:00", SANDBOX, 13)
    run("2026-02-05")
    assert told(story.customer) == ["negative"]

    story.allocate("2026-02-05T09:00", SANDBOX, 5)
    run("2026-02-06")
    run("2026-02-07")
    assert told_by_day(story.customer) == [
        ("2026-02-03", "negative"),
        ("2026-02-06", "negative-over"),
    ]


def test_a_change_that_is_over_by_the_morning_is_not_told(story: Story) -> None:
    one = each(story)
    licensed(story, 10 * one)
    story.allocate("2026-02-02T09:00", SANDBOX, 12)
    story.allocate("2026-02-02T21:00", SANDBOX, 5)

    run("2026-02-03")

    assert told(story.customer) == []


def test_flapping_is_told_once_a_change_and_day(story: Story) -> None:
    one = each(story)
    licensed(story, 10 * one)
    for day in range(2, 8):
        story.allocate(f"2026-02-0{day}T09:00", SANDBOX, 12 if day % 2 else 5)

    run_days("2026-02-02", "2026-02-09")

    assert told(story.customer) == [
        "negative",
        "negative-over",
        "negative",
        "negative-over",
        "negative",
    ]


def test_a_negative_balance_names_its_cause_and_what_made_it_worse(story: Story) -> None:
    one = each(story)
    licensed(story, 4 * one)
    story.buy("2026-01-06T09:00", 6 * one, "2026-01-06", "2026-02-28")
    story.allocate("2026-02-02T09:00", SANDBOX, 8)
    story.allocate("2026-03-01T01:00", SANDBOX, 9)
    choose(story, "2026-01-07T09:00", days_ahead=0)

    run("2026-03-01")

    notice = only(story.customer, "negative")
    said = told_words(notice)
    assert notice.facts["causes"] == [
        [
            {
                "what": "ends",
                "name": "L-203",
                "credits": 6 * one,
                "at": "2026-03-01T00:00:00+00:00",
            }
        ],
        [
            {
                "what": "rises",
                "name": notice.facts["causes"][1][0]["name"],
                "credits": one,
                "at": "2026-03-01T01:00:00+00:00",
            }
        ],
    ]
    assert said.title == f"Halden Energy is {5 * one:,} credits short"
    assert f"Cause: license L-203 with {6 * one:,} ended on 28 Feb 2026." in said.sentences
    assert any(sentence.startswith("Made worse by: ") for sentence in said.sentences)
    assert said.url.endswith("/explain/?through=2026-03-01T06:00:00Z")
    assert said.tone == "bad"


def test_a_shortage_ahead_is_told_when_it_comes_within_reach(story: Story) -> None:
    one = each(story)
    licensed(story, 4 * one)
    story.buy("2026-01-06T09:00", 6 * one, "2026-01-06", "2026-03-31")
    story.allocate("2026-01-07T09:00", SANDBOX, 8)

    run_around("2026-01-09", "2026-03-02", "2026-04-01")

    assert [one for one in told_by_day(story.customer) if "license" not in one[1]] == [
        ("2026-03-02", "short-ahead"),
        ("2026-04-01", "negative"),
    ]
    notice = only(story.customer, "short-ahead")
    assert notice.facts["short"]["at"] == "2026-04-01T00:00:00+00:00"
    assert notice.facts["short"]["missing"] == 4 * one
    said = told_words(notice)
    assert said.title == f"Halden Energy will be {4 * one:,} credits short from 1 Apr 2026 on"
    assert f"Cause: license L-203 with {6 * one:,} ends on 31 Mar 2026." in said.sentences
    assert held(story) == {("negative", 0)}


def test_a_shortage_ahead_that_is_mended_is_over(story: Story) -> None:
    one = each(story)
    licensed(story, 4 * one)
    story.buy("2026-01-06T09:00", 6 * one, "2026-01-06", "2026-03-31")
    story.allocate("2026-01-07T09:00", SANDBOX, 8)
    run_days("2026-03-01", "2026-03-03")
    story.buy("2026-03-10T09:00", 6 * one, "2026-04-01", "2027-03-31")

    run_around("2026-03-11", "2026-04-01")

    assert [one for one in told_by_day(story.customer) if "license" not in one[1]] == [
        ("2026-03-02", "short-ahead"),
        ("2026-03-11", "short-ahead-over"),
    ]
    assert told_words(only(story.customer, "short-ahead-over")).title == (
        "Halden Energy will not be short in the next 30 days"
    )


@pytest.mark.parametrize(("days", "day"), [(10, "2026-03-22"), (60, "2026-01-31")])
def test_how_far_ahead_is_the_customers_choice(story: Story, days: int, day: str) -> None:
    one = each(story)
    licensed(story, 4 * one)
    story.buy("2026-01-06T09:00", 6 * one, "2026-01-06", "2026-03-31")
    story.allocate("2026-01-07T09:00", SANDBOX, 8)
    choose(story, "2026-01-08T09:00", 10, days_ahead=days)

    run_around("2026-01-31", "2026-03-02", "2026-03-22")

    assert [one for one in told_by_day(story.customer) if "license" not in one[1]] == [
        (day, "short-ahead")
    ]


def test_a_low_balance_names_the_lowest_level_newly_crossed(story: Story) -> None:
    one = each(story)
    licensed(story, 100 * one)
    choose(story, "2026-01-07T09:00", 50, 20, 5)
    steps = [(60, "low-balance", 50), (90, "low-balance", 20), (96, "low-balance", 5)]
    for place, (units, kind, level) in enumerate(steps, start=2):
        story.allocate(f"2026-02-0{place}T09:00", SANDBOX, units)
        run(f"2026-02-0{place + 1}")
        newest = Notice.objects.order_by("pk").last()
        assert newest is not None
        assert (newest.kind, newest.facts["level"]) == (kind, level)

    story.allocate("2026-02-05T09:00", SANDBOX, 85)
    run("2026-02-06")

    over = only(story.customer, "low-balance-over")
    assert (over.facts["level"], over.facts["still"]) == (5, 20)
    said = told_words(over)
    assert said.title == "Halden Energy has 5 % or more of its valid credits left again"
    assert "It is still less than 20 %." in said.sentences


def test_several_levels_at_once_are_one_notice(story: Story) -> None:
    one = each(story)
    licensed(story, 100 * one)
    choose(story, "2026-01-07T09:00", 50, 20, 5)
    story.allocate("2026-02-02T09:00", SANDBOX, 90)

    run("2026-02-03")

    notice = only(story.customer, "low-balance")
    assert notice.facts["level"] == 20
    assert held(story) == {("low", 50), ("low", 20)}
    assert told_words(notice).title == (
        "Halden Energy has less than 20 % of its valid credits left"
    )


@pytest.mark.parametrize(("units", "is_told"), [(90, False), (91, True)])
def test_exactly_a_tenth_is_not_less_than_it(story: Story, units: int, is_told: bool) -> None:
    one = each(story)
    licensed(story, 100 * one)
    story.allocate("2026-02-02T09:00", SANDBOX, units)

    run("2026-02-03")

    assert told(story.customer) == (["low-balance"] if is_told else [])


def test_while_negative_the_levels_stay_as_they_were_told(story: Story) -> None:
    one = each(story)
    licensed(story, 100 * one)
    story.allocate("2026-02-02T09:00", SANDBOX, 95)
    run("2026-02-03")
    story.allocate("2026-02-03T09:00", SANDBOX, 105)
    run("2026-02-04")
    story.allocate("2026-02-04T09:00", SANDBOX, 98)
    run("2026-02-05")
    story.allocate("2026-02-05T09:00", SANDBOX, 50)
    run("2026-02-06")

    assert told(story.customer) == ["low-balance", "negative", "negative-over", "low-balance-over"]


def test_what_is_not_wanted_any_more_ends_in_silence(story: Story) -> None:
    one = each(story)
    licensed(story, 100 * one)
    story.allocate("2026-02-02T09:00", SANDBOX, 95)
    run("2026-02-03")
    choose(story, "2026-02-03T09:00", days_ahead=0)

    run("2026-02-04")

    assert told(story.customer) == ["low-balance"]
    assert held(story) == set()


def test_a_new_level_speaks_from_the_next_slot_on(story: Story) -> None:
    one = each(story)
    licensed(story, 100 * one)
    story.allocate("2026-02-02T09:00", SANDBOX, 70)
    run("2026-02-03")
    choose(story, "2026-02-10T09:00", 40)

    run("2026-02-10")
    assert told(story.customer) == []
    run("2026-02-11")
    assert only(story.customer, "low-balance").facts["level"] == 40


@pytest.mark.parametrize("state", [RunState.DONE, RunState.RUNNING])
def test_a_slot_that_failed_does_not_tell_what_has_been_over_since(
    story: Story, state: RunState
) -> None:
    one = each(story)
    licensed(story, 10 * one)
    story.allocate("2026-02-02T09:00", SANDBOX, 12)
    story.allocate("2026-02-03T09:00", SANDBOX, 5)
    at = instant("2026-02-04T00:00")
    JobRun.objects.create(job="send-notices", slot=at, state=state, started_at=at)

    run("2026-02-03")

    assert told(story.customer) == []


def test_a_shortage_by_an_end_is_told_with_the_end_of_the_last_license(story: Story) -> None:
    one = each(story)
    story.buy("2026-01-06T09:00", 10 * one, "2026-01-06", "2026-03-31")
    story.allocate("2026-01-07T09:00", SANDBOX, 8)

    run("2026-03-02")

    assert sorted(told(story.customer)) == ["license-30", "short-ahead"]


def test_a_quiet_customer_is_not_looked_at(story: Story) -> None:
    one = each(story)
    licensed(story, 10 * one)
    story.allocate("2026-02-02T09:00", SANDBOX, 5)

    assert customers_watched(Window.of_slot(morning("2026-02-03"))) == [story.customer.pk]
    assert customers_watched(Window.of_slot(morning("2026-02-10"))) == []


def test_a_parked_balance_is_told_once_its_books_are_open_again(
    story: Story, support: User
) -> None:
    one = each(story)
    licensed(story, 10 * one)
    story.allocate("2026-02-02T09:00", SANDBOX, 12)
    story.post("2026-02-02T10:00", Park)
    run_days("2026-02-03", "2026-02-05")
    assert told(story.customer) == []

    asked = make.asked(actor=support, reason="Looked at, and nothing is wrong.")
    unpark = Unpark(customer=story.customer, asked=asked, although_broken=True)
    story.at("2026-02-05T12:00", lambda: post(unpark))
    run_days("2026-02-06", "2026-02-07")
    assert told(story.customer) == ["negative"]


def test_an_older_slot_does_not_overwrite_what_a_later_one_told(story: Story) -> None:
    one = each(story)
    licensed(story, 10 * one)
    story.allocate("2026-02-02T09:00", SANDBOX, 5)
    story.allocate("2026-02-03T09:00", SANDBOX, 12)
    run("2026-02-04")
    later = WatchedState.objects.get(state="negative", holds=True).since

    run("2026-02-03")

    assert WatchedState.objects.get(state="negative", holds=True).since == later
