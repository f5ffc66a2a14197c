"""Recorded from the terms, to the microsecond, whenever the job runs (docs/rules.md#r13)."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from billing.models import CustomerLife, LifeEvent, Recorded
from credits.domain.access_state import Stage, access_state
from credits.domain.allocations import Undo
from tests.billing.access.story import TRIAL, contract
from tests.billing.lifecycle.story import (
    HOUR,
    TICK,
    events,
    license_events,
    life,
    run,
    run_days,
)
from tests.billing.story import Story, found_story, instant

pytestmark = pytest.mark.django_db

LOCKED_LIFE = [
    ("active", "2026-01-05T09:00"),
    ("grace", "2026-04-01T00:00"),
    ("locked", "2026-05-01T00:00"),
]


@pytest.fixture
def story(catalogue: None) -> Story:
    return found_story()


def ending(story: Story) -> None:
    """A paid license through March."""
    story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-03-31")


def everything() -> list[tuple[object, ...]]:
    """All that is recorded, but for when."""
    lives = CustomerLife.objects.order_by("pk").values_list("pk", "stage", "since", "ends_at")
    found = LifeEvent.objects.order_by("customer", "at", "kind", "license")
    return [*lives, *found.values_list("customer", "license", "kind", "at")]


# Licenses


def test_a_license_is_recorded_when_it_began_and_when_it_ended(story: Story) -> None:
    ending(story)

    assert run("2026-03-31T23:00")["started"] == 1
    assert license_events(story.customer) == [("started", "2026-01-05T00:00")]
    assert run(instant("2026-04-01T00:00") - TICK)["ended"] == 0
    assert run("2026-04-01T00:00")["ended"] == 1
    assert license_events(story.customer)[1] == ("expired", "2026-04-01T00:00")


def test_a_second_run_of_a_slot_records_nothing(story: Story) -> None:
    ending(story)
    run("2026-05-03T00:00")
    before = everything()

    assert not any(run("2026-05-03T00:00").values())
    assert everything() == before


def test_a_license_cut_by_its_void_ends_with_it(story: Story) -> None:
    license = story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-03-31")
    story.void("2026-02-10T11:30:07", license)

    run("2026-04-02T00:00")

    assert license_events(story.customer) == [
        ("started", "2026-01-05T00:00"),
        ("expired", "2026-02-10T11:30:07"),
    ]


def test_a_license_voided_before_it_began_was_never_held(story: Story) -> None:
    license = story.buy("2026-01-05T09:00", 1_000, "2026-02-01", "2026-03-31")
    story.void("2026-01-20T11:30", license)

    run("2026-04-02T00:00")

    assert license_events(story.customer) == []
    assert events(story.customer) == []
    assert life(story.customer).stage == Recorded.NEW


def test_a_license_is_not_recorded_by_a_slot_before_it_was_entered(story: Story) -> None:
    story.buy("2026-01-20T09:00", 1_000, "2026-01-05", "2026-03-31")

    assert run("2026-01-10T00:00")["started"] == 0
    assert run("2026-01-20T10:00")["started"] == 1


# Access


def test_each_change_has_the_instant_of_the_terms(story: Story) -> None:
    ending(story)

    run_days("2026-01-05T10:00", "2026-05-02T10:00", timedelta(days=3))

    assert events(story.customer) == LOCKED_LIFE
    assert life(story.customer).ends_at == instant("2026-05-01T00:00")


@pytest.mark.parametrize("slots", [["2026-05-02T10:00"], ["2026-02-01T00:00", "2026-05-02T10:00"]])
def test_a_late_run_records_what_runs_in_time_would_have(story: Story, slots: list[str]) -> None:
    ending(story)

    for slot in slots:
        run(slot)

    assert events(story.customer) == LOCKED_LIFE
    assert life(story.customer).since == instant("2026-05-01T00:00")


@pytest.mark.parametrize(
    ("at", "stage", "before"),
    [
        ("2026-01-05T09:00", Recorded.ACTIVE, Recorded.NEW),
        ("2026-04-01T00:00", Recorded.GRACE, Recorded.ACTIVE),
        ("2026-05-01T00:00", Recorded.LOCKED, Recorded.GRACE),
    ],
)
def test_no_change_is_recorded_a_microsecond_early(
    story: Story, at: str, stage: str, before: str
) -> None:
    ending(story)

    run(instant(at) - TICK)
    assert life(story.customer).stage == before
    run(at)
    assert life(story.customer).stage == stage


def test_a_trial_is_locked_without_grace(story: Story) -> None:
    story.buy("2026-01-05T09:00", 500, "2026-01-05", "2026-02-03", kind=TRIAL)

    run("2026-03-01T00:00")

    assert events(story.customer) == [
        ("trial", "2026-01-05T09:00"),
        ("locked", "2026-02-04T00:00"),
    ]


def test_what_is_bought_ahead_begins_when_it_starts(story: Story) -> None:
    story.buy("2026-01-05T09:00", 500, "2026-02-01", "2026-12-31")

    run("2026-01-20T00:00")
    assert life(story.customer).stage == Recorded.NEW
    run("2026-02-10T00:00")

    assert events(story.customer) == [("active", "2026-02-01T00:00")]


def test_a_void_locks_at_its_own_instant(story: Story) -> None:
    license = story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-03-31")
    story.void("2026-02-10T11:30:07", license)

    run("2026-03-01T00:00")

    assert events(story.customer)[-1] == ("locked", "2026-02-10T11:30:07")


def test_a_contract_keeps_access_and_gives_grace(story: Story) -> None:
    story.buy("2026-01-05T09:00", 500, "2026-01-05", "2026-02-03", kind=TRIAL)
    contract(story, "2026-01-20T10:00", "2026-02-01", "2026-03-01")

    run("2026-04-29T00:00")

    assert events(story.customer) == [
        ("trial", "2026-01-05T09:00"),
        ("active", "2026-01-20T10:00"),
        ("grace", "2026-03-01T00:00"),
        ("locked", "2026-03-31T00:00"),
    ]


@pytest.mark.parametrize(
    ("last_day", "grace", "locked"),
    [
        ("2028-02-29", "2028-03-01T00:00", "2028-03-31T00:00"),
        ("2028-01-31", "2028-02-01T00:00", "2028-03-02T00:00"),
        ("2027-01-31", "2027-02-01T00:00", "2027-03-03T00:00"),
        ("2027-12-31", "2028-01-01T00:00", "2028-01-31T00:00"),
        ("2028-03-25", "2028-03-26T00:00", "2028-04-25T00:00"),
    ],
)
def test_thirty_days_are_thirty_utc_days_at_every_month_end(
    story: Story, last_day: str, grace: str, locked: str
) -> None:
    story.buy("2026-12-05T09:00", 500, "2026-12-05", last_day)

    run(instant(locked) - TICK)
    assert life(story.customer).stage == Recorded.GRACE
    run(locked)

    assert events(story.customer)[1:] == [("grace", grace), ("locked", locked)]


def test_a_withdrawn_license_was_never_held(story: Story) -> None:
    license = story.buy("2026-01-05T09:00", 500, "2026-01-05", "2026-12-31")
    run("2026-01-06T00:00")
    granted = license.terms.get().operation
    story.post("2026-01-10T08:00", Undo, operation=granted.public_id)

    run("2026-01-10T09:00")

    assert life(story.customer).stage == Recorded.NEW
    assert access_state(story.customer, instant("2026-01-10T09:00")).stage is Stage.NEW


# Renewal


@pytest.mark.parametrize("bought", ["2026-05-20T10:00", "2026-06-15T10:00"])
@pytest.mark.parametrize("first_day", ["2026-05-20", "2026-07-01"])
def test_a_renewal_at_any_time_before_the_purge_restores(
    story: Story, bought: str, first_day: str
) -> None:
    ending(story)
    run("2026-05-02T00:00")
    run(instant(bought) - HOUR)
    story.buy(bought, 1_000, first_day, "2027-05-31")

    run(instant(bought) + HOUR)

    found = life(story.customer)
    assert (found.stage, found.marked_at, found.marked_on) == (Recorded.ACTIVE, None, None)
    assert events(story.customer)[-1] == ("restored", bought)
    assert found.ends_at == instant("2027-07-01T00:00")


def test_a_renewal_in_grace_is_active_again_and_was_never_locked(story: Story) -> None:
    ending(story)
    run("2026-04-02T00:00")
    story.buy("2026-04-20T10:00", 1_000, "2026-04-20", "2027-04-19")

    run("2026-06-02T00:00")

    assert events(story.customer) == [*LOCKED_LIFE[:2], ("active", "2026-04-20T10:00")]


def test_a_later_license_keeps_access(story: Story) -> None:
    ending(story)
    story.buy("2026-02-05T09:00", 1_000, "2026-06-01", "2026-12-31")

    run_days("2026-03-30T00:00", "2026-06-02T00:00", timedelta(days=3))

    assert events(story.customer) == [("active", "2026-01-05T09:00")]


def test_an_extension_moves_the_end_without_an_event(story: Story) -> None:
    license = story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-03-31")
    run("2026-02-01T00:00")
    story.extend("2026-02-10T10:00", license, "2026-07-01T00:00")

    run("2026-05-02T00:00")

    assert events(story.customer) == [("active", "2026-01-05T09:00")]
    assert life(story.customer).ends_at == instant("2026-07-31T00:00")


def test_a_void_that_was_undone_within_the_slot_is_recorded_all_the_same(story: Story) -> None:
    license = story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-03-31")
    run("2026-02-10T11:00")
    voided = story.void("2026-02-10T11:10", license)
    story.post("2026-02-10T11:40", Undo, operation=voided.operation.public_id)

    run("2026-02-10T12:00")

    assert events(story.customer)[1:] == [
        ("locked", "2026-02-10T11:10"),
        ("restored", "2026-02-10T11:40"),
    ]


def test_a_gap_with_a_renewal_in_it_is_made_up_as_it_would_have_been(story: Story) -> None:
    twin = replace(found_story("Twin"), numbers=itertools.count(100))
    slots = [instant("2026-03-31T22:00") + n * timedelta(hours=24) for n in range(45)]
    for one in (story, twin):
        ending(one)
    for slot, after in itertools.pairwise(slots):
        if slot <= instant("2026-05-07T15:00") < after:
            for one in (story, twin):
                one.buy("2026-05-07T15:00", 1_000, "2026-05-07", "2026-12-31")
        # The run goes over both; the twin's rows are taken away again.
        run(slot)
        LifeEvent.objects.filter(customer=twin.customer).delete()
        CustomerLife.objects.filter(customer=twin.customer).delete()

    for slot in slots[:-1]:
        run(slot)

    assert events(twin.customer) == events(story.customer)
    assert license_events(twin.customer) == license_events(story.customer)
    assert events(story.customer) == [*LOCKED_LIFE, ("restored", "2026-05-07T15:00")]


def test_an_earlier_slot_that_runs_again_takes_nothing_back(story: Story) -> None:
    ending(story)
    run("2026-05-02T00:00")
    before = everything()

    run("2026-04-10T00:00")

    assert everything() == before


def test_nothing_anybody_sees_depends_on_a_run(story: Story) -> None:
    ending(story)

    assert access_state(story.customer, instant("2026-05-01T00:00")).is_locked
    assert story.page("2026-04-01T03:00").live.figure.valid == 0
    assert not CustomerLife.objects.exists()
