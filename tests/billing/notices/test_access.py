"""Access that has ended is told once, and so is a purge that comes; nothing else meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.domain.notices.words import told as told_words
from billing.models import Notice
from credits import clock
from credits.models import LicenseKind
from tests.billing.notices.slots import (
    MICROSECOND,
    choose,
    only,
    run,
    run_around,
    run_at,
    run_days,
    told,
    told_by_day,
)
from tests.billing.payg.contracts import contract
from tests.billing.story import Story, found_story, instant
from tests.factories import credits as make


@pytest.fixture
def story(catalogue: None) -> Story:
    return found_story()


def licensed(story: Story, kind: str = LicenseKind.BOUGHT, last_day: str = "2027-03-31") -> None:
    story.buy("2026-04-01T09:00", 500, "2026-04-01", last_day, kind=kind)


@pytest.mark.parametrize(
    ("kind", "due"), [("locked", "2027-05-01T00:00"), ("purge-ahead", "2027-05-24T00:00")]
)
def test_each_is_due_in_the_one_window_that_holds_its_instant(
    story: Story, kind: str, due: str
) -> None:
    licensed(story)
    at = instant(due)

    run_at(at - MICROSECOND)
    assert kind not in told(story.customer)
    run_at(at + clock.DAY)
    assert kind not in told(story.customer)
    run_at(at)
    run_at(at + clock.DAY - MICROSECOND)
    assert told(story.customer).count(kind) == 1


def test_a_paid_license_is_followed_by_grace_lock_and_warning(story: Story) -> None:
    licensed(story)

    run_around("2027-04-01", "2027-05-01", "2027-05-24")

    assert told_by_day(story.customer) == [
        ("2027-04-01", "license-ended"),
        ("2027-05-01", "locked"),
        ("2027-05-24", "purge-ahead"),
    ]
    assert only(story.customer, "locked").facts == {
        "cause": "license",
        "valid_until": "2027-04-01T00:00:00+00:00",
        "ends_at": "2027-05-01T00:00:00+00:00",
        "purge_from": "2027-05-31T00:00:00+00:00",
    }


def test_a_trial_ends_with_its_access(story: Story) -> None:
    licensed(story, LicenseKind.TRIAL)

    run_around("2027-04-01", "2027-04-24", "2027-05-01")

    assert told_by_day(story.customer) == [("2027-04-01", "locked"), ("2027-04-24", "purge-ahead")]


def test_a_contract_is_followed_by_grace(story: Story) -> None:
    starts_at, ends_at = instant("2026-04-01T00:00"), instant("2027-04-01T00:00")
    with clock.moved_to(instant("2026-04-01T09:00")):
        contract(story.customer, starts_at=starts_at, ends_at=ends_at)

    run_around("2027-04-01", "2027-05-01")

    assert told_by_day(story.customer) == [("2027-05-01", "locked")]
    assert only(story.customer, "locked").facts["cause"] == "contract"


def test_a_void_ends_access_at_its_own_instant(story: Story) -> None:
    license = story.buy("2026-04-01T09:00", 500, "2026-04-01", "2027-03-31")
    story.void("2026-09-07T15:30", license)

    run("2026-09-07")
    assert told(story.customer) == []
    run("2026-09-08")

    said = told_words(only(story.customer, "locked"))
    assert said.title == "Access of Halden Energy ended on 7 Sep 2026"
    assert said.sentences[0] == (
        "The last license was voided on 7 Sep 2026, 15:30 UTC. No grace follows that."
    )


def test_a_renewal_before_the_lock_leaves_nothing_to_tell(story: Story) -> None:
    licensed(story)
    story.buy("2027-04-20T09:00", 500, "2027-05-10", "2028-05-09")

    run_around("2027-05-01", "2027-05-24")

    assert told(story.customer) == []


def test_access_that_ends_again_is_told_again(story: Story) -> None:
    licensed(story)
    run("2027-05-01")
    story.buy("2027-05-10T09:00", 500, "2027-05-10", "2027-06-09")

    run_around("2027-05-24", "2027-06-10", "2027-07-10")

    assert [one for one in told_by_day(story.customer) if one[1] == "locked"] == [
        ("2027-05-01", "locked"),
        ("2027-07-10", "locked"),
    ]


def test_who_never_held_anything_is_told_nothing(story: Story) -> None:
    run("2027-05-01")

    assert Notice.objects.count() == 0


def test_while_locked_nothing_of_the_balance_is_told(story: Story) -> None:
    licensed(story)
    run_days("2027-04-30", "2027-05-02")
    choose(story, "2026-05-01T09:00", 90)
    with clock.moved_to(instant("2027-05-05T09:00")):
        make.allocate(story.customer, "sandbox-daily-reserve", 1)

    run_days("2027-05-05", "2027-05-07")
    run_days("2027-05-23", "2027-05-25")

    assert told(story.customer) == ["locked", "purge-ahead"]


def test_an_erased_customer_is_told_nothing(story: Story) -> None:
    licensed(story)
    type(story.customer.standing).objects.update(purged_at=instant("2027-04-01T00:00"))

    run_at(instant("2027-05-24T00:00") + timedelta(hours=6))

    assert Notice.objects.count() == 0
