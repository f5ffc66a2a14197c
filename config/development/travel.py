"""Travel through time: move the clock of a development installation, and let its jobs follow.

The clock goes from stop to stop, two a day: just after midnight, where terms begin and end, and
just after six, when the mail of the day is written. At each it is moved for every process that
runs, and each job does what it has missed since the stop before. So notices, ends and mails come
in their order, as if somebody had waited; killed on the way, everything stands where it got to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.conf import settings

from billing.models import LifeEvent, Notice
from credits import clock
from credits.domain.jobs import Job, JobFailed, catch_up, jobs, run_slot
from credits.exceptions import InvalidCommand
from credits.models import Customer, OutgoingMail

STOPS = (timedelta(minutes=5), timedelta(hours=6, minutes=5))
"""When the clock stops on each day, after midnight UTC."""

FARTHEST = timedelta(days=3_650)
"""How far ahead of real time the clock may be moved."""

ONE_SECOND = timedelta(seconds=1)
RELAY = "relay-outbox"
LIFECYCLE = "advance-lifecycle"
"""Its newest slot records all that began and ended before, and nothing does between two stops: the
quiet hours are left out, which are half of the work of a journey."""

MAILS = "mails sent"


@dataclass
class Stop:
    """What happened on the way from one stop to the next."""

    at: datetime
    told: list[str] = field(default_factory=list)
    """What customers met, in words: "Torvik Tools: Access ended"."""
    counts: Counter[str] = field(default_factory=Counter)
    """The same by kind, and the mails."""
    failures: list[str] = field(default_factory=list)

    @property
    def day(self) -> date:
        """The UTC day on which it was made."""
        return clock.day_of(self.at)

    def note(self, customer: Customer, words: str) -> None:
        """Keep one thing that a customer met."""
        self.told.append(f"{customer.name}: {words}")
        self.counts[words] += 1


def refuse_travel() -> None:
    """Raise InvalidCommand where the clock is nobody's to move."""
    if not settings.CLOCK_MAY_MOVE or not settings.CLOCK_FILE:
        raise InvalidCommand(
            "This installation runs on real time. The clock can be moved in development only, "
            "where PORTAL_CLOCK_FILE names the file that keeps how far."
        )


def refuse_back(distance: timedelta) -> None:
    """Raise InvalidCommand for a way that does not lead ahead, or leads too far."""
    if distance < ONE_SECOND:
        raise InvalidCommand(
            "The clock goes ahead only. What the books recorded stays recorded, and the hours that "
            "were published stay published, so there is no way back. To start afresh on real time, "
            f"stop the portal and remove {settings.BASE_DIR / '.portal'}; the next ./portal up "
            "makes a new demonstration."
        )
    if clock.stored_offset() + distance > FARTHEST:
        raise InvalidCommand("That is more than ten years ahead of real time.")


def travel(distance: timedelta) -> Iterator[Stop]:
    """Move the clock ahead, doing on the way what the jobs would have done; the stops made.

    Raises InvalidCommand where the clock may not be moved, and for a way back.
    """
    refuse_travel()
    refuse_back(distance)
    goal = clock.stored_offset() + distance
    begun = clock.now()
    yield stop_at(begun, is_last=False)
    for instant in stops_between(begun, begun + distance):
        clock.store_offset(instant - clock.machine())
        yield stop_at(instant, is_last=False)
    clock.store_offset(goal)
    yield stop_at(clock.now(), is_last=True)


def stops_between(begun: datetime, end: datetime) -> Iterator[datetime]:
    """The instants at which the clock stops on its way."""
    midnight = clock.start_of(clock.day_of(begun))
    while midnight < end:
        for after in STOPS:
            if begun < midnight + after < end:
                yield midnight + after
        midnight += clock.DAY


def stop_at(instant: datetime, *, is_last: bool) -> Stop:
    """Let every job do what it has missed by an instant."""
    stop = Stop(instant)
    event, notice, mail = (newest_of(model) for model in (LifeEvent, Notice, OutgoingMail))
    unsent = OutgoingMail.objects.filter(sent_at__isnull=True)
    waiting = unsent.count()
    with clock.moved_to(instant):
        for job in jobs_of_stop(is_last=is_last):
            stop.failures += run(job, instant)
    for happened in LifeEvent.objects.filter(pk__gt=event).select_related("customer"):
        stop.note(happened.customer, happened.get_kind_display())
    for told in Notice.objects.filter(pk__gt=notice).order_by("pk").select_related("customer"):
        stop.note(told.customer, f"notice: {told.get_kind_display()}")
    written = OutgoingMail.objects.filter(pk__gt=mail).count()
    stop.counts[MAILS] = waiting + written - unsent.count()
    return stop


def run(job: Job, instant: datetime) -> list[str]:
    """Let one job do what it has missed; what went wrong, in words."""
    if job.name == LIFECYCLE and not run_slot(job, job.newest_due(instant)):
        return [f"{job.name} failed."]
    try:
        catch_up(job, instant, is_told=True)
    except JobFailed as failure:
        return [str(failure)]
    return []


def jobs_of_stop(*, is_last: bool) -> list[Job]:
    """The jobs in their order; what sends the mail that others write comes behind them.

    A job whose newest slot stands for all that were missed, and which is due once a day, waits
    for the end of the way: all books are checked once, and not every night.
    """
    some = [job for job in jobs() if is_last or job.catches_up or job.every < clock.DAY]
    return sorted(some, key=lambda job: job.name == RELAY)


def newest_of(model: type[LifeEvent] | type[Notice] | type[OutgoingMail]) -> int:
    """The key of a table's newest row."""
    return model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def noon_of(day: date) -> datetime:
    """12:00 UTC of a day."""
    return clock.start_of(day) + clock.DAY / 2
