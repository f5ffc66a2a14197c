"""Days of beat and worker: doubled, switched off, robbed of their queue, on a clock that is wrong.

Each ends as days without any of it would. Two things may differ, and nothing else: when a mail or a
record was written, and the hour of a purge, which waits for a day of the database's own clock after
its mark; so purged customers are compared by who they are, and publications by their hours, each
recomputed from the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from pytest_django import Settings

from billing.models import Notice
from credits.domain.access_state import access_state
from credits.domain.jobs import DAY, HOUR, jobs, missing_slots
from credits.domain.licenses import ExtendLicense
from credits.domain.post import post
from credits.models import Balance, Boundary, Customer, JobRun, License, OutgoingMail
from tests.billing.publication.hours import problems
from tests.clockwork import postbox
from tests.clockwork.beating import World, present
from tests.clockwork.conftest import FIGURES, Fresh
from tests.clockwork.stage import NOW
from tests.clockwork.state import State, difference, state
from tests.credits.usage.reports import SANDBOX, report
from tests.factories import credits as make

START = NOW.replace(minute=50)
"""Monday at ten to seven; the day's mail has been due for a while."""

Outcome = tuple[State, set[str]]
"""The end state, and who was purged."""

Undisturbed = Callable[[World], Outcome]

RECORDS = {"credits_publication": {"entries", "heads", "hash", "previous_hash"}}


def at(day: int, time: str) -> datetime:
    """An instant of the story: a day, 1 being the Monday, and a time of day."""
    hour, minute = map(int, time.split(":"))
    return START.replace(hour=hour, minute=minute) + (day - 1) * DAY


def customer(slug: str) -> Customer:
    return Customer.objects.get(slug=slug)


def allocate(slug: str, units: int) -> None:
    make.allocate(customer(slug), "email-core", units, key=f"{slug}-{units}")


def growth(units: int, now: datetime) -> None:
    report(customer("reported"), units, now - HOUR, group=SANDBOX, key=f"growth-{units}")


def extend(slug: str, ends_at: datetime) -> None:
    own = customer(slug)
    license = License.objects.get(customer=own)
    ask = make.asked(f"extend-{slug}")
    post(ExtendLicense(customer=own, asked=ask, license=license, ends_at=ends_at))


ACTS = {
    at(2, "09:30"): partial(allocate, "nearly-short", 99),
    at(2, "10:10"): partial(growth, 120, at(2, "10:10")),
    at(2, "10:40"): partial(extend, "ending-in-7", at(10, "00:00")),
    at(2, "14:20"): partial(allocate, "short", 20),
}
"""What people do meanwhile, none of it while a clock is wrong or ahead."""


def outcome() -> Outcome:
    """The end state, and who was purged."""
    purged = Customer.objects.filter(standing__purged_at__isnull=False)
    slugs = set(purged.values_list("slug", flat=True))
    once = [job.name for job in jobs() if not job.catches_up]
    # Of those the newest slot stands for all that were missed.
    JobRun.objects.filter(job__in=once).delete()
    return state(without=RECORDS, customers=set(purged.values_list("pk", flat=True))), slugs


@pytest.fixture(autouse=True)
def server(settings: Settings) -> None:
    """Mail goes to the postbox that counts."""
    settings.EMAIL_BACKEND = postbox.BACKEND


@pytest.fixture
def undisturbed(fresh: Fresh) -> Undisturbed:
    """The outcome of a world's days without anything that goes wrong in them."""

    def outcome_of(world: World) -> Outcome:
        fresh()
        World(world.start, world.end, world.acts, look=check).go_by()
        return outcome()

    return outcome_of


def check(now: datetime) -> None:
    """Nobody is purged before it may be, by the true clock."""
    for standing in Balance.objects.filter(purged_at__isnull=False).select_related("customer"):
        purge_from = access_state(standing.customer, now).purge_from
        assert purge_from is not None
        assert purge_from <= now, f"{standing.customer.slug} was purged at {now}"


def days_told(kind: str, slug: str) -> list[str]:
    """The last days of which a customer was told, by the keys of its notices."""
    keys = Notice.objects.filter(kind=kind, customer__slug=slug).values_list("key", flat=True)
    return sorted(key.split("/")[2] for key in keys)


def compare(found: Outcome, expected: Outcome) -> None:
    assert problems() == []
    assert found[1] == expected[1]
    assert not (more := difference(found[0], expected[0])), more
    assert set(postbox.taken().values()) == {1}


def span(day: int, start: str, hours: float) -> tuple[datetime, datetime]:
    """A window of the story."""
    return at(day, start), at(day, start) + timedelta(hours=hours)


JUMP = 400 * DAY

BAD_DAYS = World(
    START,
    at(3, "23:00"),
    ACTS,
    beats=2,
    # By Tuesday at nine the clock has caught up with what was done too early.
    wrong=[
        (span(1, "07:30", 0.5), 25 * HOUR),
        (span(2, "11:00", 1), -DAY),
        (span(2, "13:00", 1), JUMP),
        (span(2, "15:00", 1), -HOUR),
        (span(2, "16:00", 1), HOUR),
    ],
    lost=[span(2, "11:59", 0.9)],
    # Back in time for the notices of 18:10, whose mails go out at 21:00.
    off=[span(2, "17:00", 25)],
    look=check,
)
"""Everything at once: two beats, a day without any, a lost queue, a clock that goes astray."""


def go_through(world: World, expected: Outcome, fresh: Fresh) -> World:
    """Let a world's days go by; they end as expected, and all that was due was told."""
    fresh()
    gone = replace(world, queue=[]).go_by()
    compare(outcome(), expected)
    # On Tuesday the license was extended by two days, so it is told a second time.
    assert days_told("license-7", "ending-in-7") == ["2027-02-07", "2027-02-09"]
    return gone


def test_bad_days_end_as_good_ones_would(
    fresh: Fresh,
    undisturbed: Undisturbed,
    record_property: Callable[[str, object], None],
) -> None:
    gone = go_through(BAD_DAYS, undisturbed(BAD_DAYS), fresh)

    hours = (gone.end - gone.start) // HOUR
    notices = Notice.objects.count()
    record_property(
        FIGURES, f"beats: {hours} bad hours, {gone.ran} tasks, {notices} notices = good ones"
    )


ALONE = {
    "two beats": {"beats": 2},
    **{f"beat off for {hours} h": {"off": [span(2, "20:00", hours)]} for hours in (1, 25, 72, 192)},
    "the queue lost": {"lost": [span(1, "12:59", 0.9), span(3, "05:40", 0.9)]},
    **{
        f"the clock {by} off": {"wrong": [(span(3, "22:30", 2), by)]}
        for by in (-DAY, -HOUR, HOUR, 25 * HOUR, JUMP)
    },
}
"""Each of them alone, over long enough a time."""

UNDISTURBED: dict[datetime, Outcome] = {}
"""The outcome of good days, by their end."""


@pytest.mark.nightly
@pytest.mark.parametrize("fault", ALONE.values(), ids=ALONE.keys())
def test_each_fault_alone_ends_as_good_days_would(
    fault: dict[str, Any],
    fresh: Fresh,
    undisturbed: Undisturbed,
    record_property: Callable[[str, object], None],
    request: pytest.FixtureRequest,
) -> None:
    beyond = [end + 27 * HOUR for _, end in fault.get("off", ())]
    world = World(START, max([at(6, "22:00"), *beyond]), ACTS, look=check, **fault)
    if world.end not in UNDISTURBED:
        UNDISTURBED[world.end] = undisturbed(world)

    gone = go_through(world, UNDISTURBED[world.end], fresh)

    record_property(FIGURES, f"{request.node.callspec.id}: {gone.ran} tasks = good days")


@pytest.mark.nightly
def test_two_beats_for_48_hours_and_every_tick_of_them(
    fresh: Fresh, record_property: Callable[[str, object], None]
) -> None:
    ends = []
    for beats in (1, 2):
        fresh()
        world = World(START, START + 48 * HOUR, ACTS, beats=beats, thinned=False).go_by()
        hours = Boundary.objects.filter(closed_at__gte=START).count()
        days = JobRun.objects.filter(job="send-notices", started_at__gte=START).count()
        ends.append((outcome(), hours, days))

    compare(ends[1][0], ends[0][0])
    assert ends[1][1:] == ends[0][1:]
    record_property(FIGURES, f"two beats, every tick: {world.ran} tasks = half of them")


LONG_AHEAD = World(
    at(1, "22:00"), at(2, "23:59"), wrong=[(span(1, "22:00", 27), 25 * HOUR)], look=check
)
"""A clock that stays ahead for longer than a mark must stand before a purge."""


@pytest.mark.nightly
def test_a_clock_that_stays_ahead_purges_nobody_early(fresh: Fresh) -> None:
    fresh()

    gone = replace(LONG_AHEAD, queue=[]).go_by()

    assert Balance.objects.filter(purged_at__isnull=False).exists()
    assert gone.ran > 0


def test_a_clock_far_ahead_does_nothing_at_all(fresh: Fresh) -> None:
    fresh()
    World(START, at(1, "08:00")).go_by()
    before = state()

    World(at(1, "08:00"), at(1, "10:00"), beats=2, wrong=[(span(1, "08:00", 2), JUMP)]).go_by()

    assert not (found := difference(state(), before)), found


def test_what_was_in_a_lost_queue_is_done_within_two_ticks(fresh: Fresh) -> None:
    fresh()
    World(START, at(1, "08:00")).go_by()
    due = at(2, "06:40")
    lost = World(at(1, "08:00"), due, ACTS, lost=[(at(1, "08:00"), due)]).go_by()
    assert lost.ran == 0
    with present(due):
        assert all(missing_slots(job, due) for job in jobs() if job.name != "send-digests")
    after_two = due + 2 * HOUR

    World(due, after_two, thinned=False).go_by()

    with present(after_two):
        assert not [job.name for job in jobs() if job.newest and missing_slots(job, due)]
        assert not JobRun.objects.exclude(state="done").exists()
    waiting = OutgoingMail.objects.filter(sent_at=None).exclude(to=postbox.UNKNOWN)
    assert not waiting.exists()
