"""Nothing is changed by a member once access has ended, whatever page it was begun on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from credits import clock
from credits.domain.allocations import Allocate, Release
from credits.domain.post import post
from credits.domain.sources import SetUsageSource
from credits.domain.usage import ReportUsage
from credits.exceptions import NotAllowed
from credits.models import Feature, Operation, User
from credits.roles import StaffRole
from tests.billing.access.story import TICK
from tests.billing.story import Story, found_story, instant
from tests.factories import credits as make

pytestmark = pytest.mark.django_db

FEATURE, REPORTED = "endpoint-sandbox-submission", "email-sensor"
ENDED = instant("2026-05-01T00:00")


@pytest.fixture
def story(catalogue: None) -> Story:
    """A customer whose access ends on 1 May 2026 at 00:00 UTC."""
    story = found_story()
    story.buy("2026-01-05T09:00", 10_000, "2026-01-05", "2026-03-31")
    story.allocate("2026-01-06T09:00", FEATURE, 10)
    story.post("2026-01-06T10:00", SetUsageSource, group=REPORTED, name="Mail gateway")
    return story


def allocating(story: Story, actor: User | None, units: int = 20) -> Allocate:
    asked = make.asked(actor=actor, reason="By phone.", confirmed_shortfall=10**15)
    quantities = {FEATURE: Decimal(units)}
    return Allocate(customer=story.customer, asked=asked, group=FEATURE, quantities=quantities)


def test_an_allocation_is_refused_from_the_instant_of_the_lock(story: Story) -> None:
    with clock.moved_to(ENDED - TICK):
        post(allocating(story, story.admin))
    before = Operation.objects.count()

    with clock.moved_to(ENDED), pytest.raises(NotAllowed, match="Access has ended"):
        post(allocating(story, story.admin, 30))

    assert Operation.objects.count() == before


def test_the_writers_own_instant_counts_and_not_the_clock_of_the_page(story: Story) -> None:
    # The last act was recorded a microsecond before the lock, so that this one comes at it.
    with clock.moved_to(ENDED - TICK):
        post(allocating(story, story.admin))

        with pytest.raises(NotAllowed, match="Access has ended"):
            post(allocating(story, story.admin, 30))


def test_a_repeat_of_what_was_done_before_still_gets_its_first_answer(story: Story) -> None:
    command = allocating(story, story.admin)
    with clock.moved_to(ENDED - TICK):
        first = post(command)

    with clock.moved_to(ENDED):
        again = post(command)

    assert again.repeated
    assert again.operation == first.operation


def test_releasing_is_refused_as_well(story: Story) -> None:
    feature = Feature.objects.get(key=FEATURE)

    with pytest.raises(NotAllowed, match="Access has ended"):
        story.post("2026-05-02T09:00", Release, group=FEATURE, features=[feature])


def test_support_corrects_all_the_same(story: Story) -> None:
    support = make.make_staff(make.make_user(), StaffRole.SUPPORT)

    with clock.moved_to(ENDED):
        assert not post(allocating(story, support)).repeated


def test_what_systems_report_is_kept(story: Story) -> None:
    with clock.moved_to(ENDED):
        answer = post(
            ReportUsage(
                customer=story.customer,
                asked=make.asked(),
                group=REPORTED,
                quantities={REPORTED: Decimal(7)},
                at=ENDED,
            )
        )

    assert answer.operation.reports.count() == 1


def test_after_a_renewal_the_same_act_goes_through(story: Story) -> None:
    story.buy("2026-05-02T09:00", 10_000, "2026-05-02", "2027-05-01")

    with clock.moved_to(instant("2026-05-02T09:01")):
        assert not post(allocating(story, story.admin)).repeated
