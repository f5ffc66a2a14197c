"""New, trial, active, grace, locked: each edge to the microsecond (docs/rules.md#r13)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from credits.domain.access_state import (
    AccessState,
    Cause,
    Held,
    Stage,
    access_rule,
    access_state,
    access_states,
)
from credits.domain.allocations import Undo
from credits.models import Operation
from tests.billing.access.story import TRIAL, contract, state
from tests.billing.story import Story, found_story, instant
from tests.factories import credits as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(catalogue: None) -> Story:
    return found_story()


def test_who_never_held_anything_is_new_for_as_long_as_you_wait(story: Story) -> None:
    assert state(story, "2026-01-01T00:00") == AccessState(Stage.NEW)
    assert state(story, "2046-01-01T00:00") == AccessState(Stage.NEW)


def test_a_paid_license_is_followed_by_30_days_of_grace_and_then_the_lock(story: Story) -> None:
    story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-03-31")

    assert state(story, "2026-01-05T00:00").stage is Stage.ACTIVE
    assert state(story, "2026-04-01T00:00", before=True).stage is Stage.ACTIVE
    grace = state(story, "2026-04-01T00:00")
    assert (grace.stage, grace.cause) == (Stage.GRACE, Cause.LICENSE)
    assert grace.valid_until == instant("2026-04-01T00:00")
    assert grace.ends_at == instant("2026-05-01T00:00")
    assert state(story, "2026-05-01T00:00", before=True).stage is Stage.GRACE
    locked = state(story, "2026-05-01T00:00")
    assert locked.is_locked
    assert locked.ends_at == instant("2026-05-01T00:00")
    assert locked.purge_from == instant("2026-05-31T00:00")


def test_a_trial_goes_straight_to_the_lock(story: Story) -> None:
    story.buy("2026-01-05T09:00", 500, "2026-01-05", "2026-02-03", kind=TRIAL)

    trial = state(story, "2026-01-20T12:00")
    assert (trial.stage, trial.valid_until) == (Stage.TRIAL, instant("2026-02-04T00:00"))
    assert trial.ends_at == trial.valid_until
    assert state(story, "2026-02-04T00:00", before=True).stage is Stage.TRIAL
    locked = state(story, "2026-02-04T00:00")
    assert (locked.stage, locked.cause) == (Stage.LOCKED, Cause.TRIAL)
    assert locked.purge_from == instant("2026-03-06T00:00")


def test_a_void_ends_access_at_its_own_instant(story: Story) -> None:
    license = story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-12-31")
    story.void("2026-03-03T10:15:30", license)

    assert state(story, "2026-03-03T10:15:30", before=True).stage is Stage.ACTIVE
    locked = state(story, "2026-03-03T10:15:30")
    assert (locked.stage, locked.cause) == (Stage.LOCKED, Cause.VOID)
    assert locked.ends_at == instant("2026-03-03T10:15:30")
    assert locked.purge_from == instant("2026-04-02T10:15:30")


def test_a_void_shortens_no_grace_that_another_license_gives(story: Story) -> None:
    story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-02-28")
    license = story.buy("2026-02-05T09:00", 1_000, "2026-02-05", "2026-12-31")
    story.void("2026-03-03T10:15", license)

    assert state(story, "2026-03-03T10:15").stage is Stage.GRACE
    assert state(story, "2026-03-31T00:00").is_locked


def test_a_trial_within_the_grace_of_a_license_does_not_shorten_it(story: Story) -> None:
    story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-02-28")
    story.buy("2026-03-02T09:00", 500, "2026-03-02", "2026-03-08", kind=TRIAL)

    trial = state(story, "2026-03-05T00:00")
    assert trial.stage is Stage.TRIAL
    assert trial.valid_until == instant("2026-03-09T00:00")
    assert trial.ends_at == instant("2026-03-31T00:00")
    assert state(story, "2026-03-09T00:00").stage is Stage.GRACE


def test_a_paid_license_beside_a_trial_makes_it_active(story: Story) -> None:
    story.buy("2026-01-05T09:00", 500, "2026-01-05", "2026-02-03", kind=TRIAL)
    story.buy("2026-01-10T09:00", 500, "2026-01-10", "2026-06-30")

    assert state(story, "2026-01-20T00:00").stage is Stage.ACTIVE


def test_what_only_starts_in_the_future_leaves_a_customer_new(story: Story) -> None:
    story.buy("2026-01-05T09:00", 1_000, "2026-03-01", "2026-12-31")

    assert state(story, "2026-03-01T00:00", before=True) == AccessState(Stage.NEW)
    assert state(story, "2026-03-01T00:00").stage is Stage.ACTIVE


def test_a_license_voided_before_it_began_was_never_held(story: Story) -> None:
    license = story.buy("2026-01-05T09:00", 1_000, "2026-03-01", "2026-12-31")
    story.void("2026-02-01T09:00", license)

    assert state(story, "2027-06-01T00:00") == AccessState(Stage.NEW)


def test_a_purchase_that_was_taken_back_was_never_held(story: Story) -> None:
    story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-12-31")
    granted = Operation.objects.get(customer=story.customer, kind="grant")
    story.post("2026-01-05T09:20", Undo, operation=granted.public_id)

    assert state(story, "2027-06-01T00:00") == AccessState(Stage.NEW)


@pytest.mark.parametrize("bought", ["2026-04-20T09:00", "2026-06-20T09:00"])
def test_a_purchase_in_grace_or_lock_makes_it_active_at_once(story: Story, bought: str) -> None:
    story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-03-31")
    story.buy(bought, 1_000, bought[:10], "2026-12-31")

    assert state(story, bought).stage is Stage.ACTIVE


def test_a_purchase_that_starts_later_opens_the_pages_at_once(story: Story) -> None:
    story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-03-31")
    assert state(story, "2026-06-20T09:00").is_locked

    story.buy("2026-06-20T09:00", 1_000, "2026-07-01", "2026-12-31")

    assert state(story, "2026-06-20T09:00").stage is Stage.ACTIVE
    assert state(story, "2027-01-31T00:00").is_locked


def test_an_extension_moves_everything_that_follows(story: Story) -> None:
    license = story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-03-31")
    story.extend("2026-03-30T09:00", license, "2026-07-01T00:00")

    assert state(story, "2026-06-30T00:00").stage is Stage.ACTIVE
    assert state(story, "2026-07-31T00:00").is_locked


def test_a_reduction_changes_no_date(story: Story) -> None:
    license = story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-03-31")
    before = state(story, "2026-04-10T00:00")
    story.reduce("2026-02-01T09:00", license, 1)

    assert state(story, "2026-04-10T00:00") == before


def test_a_contract_keeps_access_like_a_paid_license(story: Story) -> None:
    story.buy("2026-01-05T09:00", 500, "2026-01-05", "2026-02-03", kind=TRIAL)
    contract(story, "2026-01-10T09:00", "2026-01-10", "2026-05-01")

    assert state(story, "2026-01-20T00:00").stage is Stage.ACTIVE
    grace = state(story, "2026-05-01T00:00")
    assert (grace.stage, grace.cause) == (Stage.GRACE, Cause.CONTRACT)
    assert state(story, "2026-05-31T00:00", before=True).stage is Stage.GRACE
    assert state(story, "2026-05-31T00:00").is_locked


def test_a_contract_alone_makes_no_customer_new(story: Story) -> None:
    contract(story, "2026-01-10T09:00", "2026-02-01", "2026-05-01")

    assert state(story, "2026-02-01T00:00", before=True).stage is Stage.NEW
    assert state(story, "2026-02-01T00:00").stage is Stage.ACTIVE


def test_30_days_are_utc_days_whatever_the_zone_of_the_question() -> None:
    held = Held(first=datetime(2026, 1, 1, tzinfo=UTC), license=datetime(2026, 3, 1, tzinfo=UTC))
    elsewhere = timezone(timedelta(hours=13))
    end = datetime(2026, 3, 31, tzinfo=UTC)

    assert access_rule(held, end.astimezone(elsewhere)).is_locked
    assert not access_rule(held, (end - timedelta(microseconds=1)).astimezone(elsewhere)).is_locked


def test_many_are_asked_in_one_query_and_answered_as_one_by_one(
    story: Story, django_assert_num_queries: Any
) -> None:
    other = found_story("Borealis Freight")
    story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-03-31")
    contract(other, "2026-01-10T09:00", "2026-02-01", "2026-05-01")
    nothing = make.make_customer()
    customers, at = [story.customer, other.customer, nothing], instant("2026-04-10T00:00")

    with django_assert_num_queries(1):
        found = access_states([one.pk for one in customers], at)

    assert found == {one.pk: access_state(one, at) for one in customers}
    assert [found[one.pk].stage for one in customers] == [Stage.GRACE, Stage.ACTIVE, Stage.NEW]
