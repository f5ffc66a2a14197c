"""Hourly publication: close the boundary that is due, then record what it made visible.

Nothing is copied: a page reads live less pending at the newest closed boundary. The record is a
hash, chained to the one before, over the ledger rows that became visible since then, and the heads
of the chains that changed; recomputed at any time it must come out the same.

Each hour takes two short transactions. Whatever stops between them is completed by the next run,
so that twice, late, in parallel and killed all end the same (docs/rules.md#r11).
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import OperationalError, connection, transaction
from django.db.models import Subquery, Value
from django.db.models.functions import Coalesce
from psycopg.errors import LockNotAvailable

from billing.domain.publication_content import DAWN, content_between, record
from credits import clock
from credits.domain.boundaries import DELAY, GATE, HOUR, boundary_at, newest_boundary
from credits.domain.jobs import LONGEST_JUMP, ClockJumped
from credits.exceptions import InvalidCommand
from credits.models import GENESIS, Boundary, Publication

TURN = GATE + 1
"""The advisory lock by which runs leave the work to one of them; only politeness."""


class GateBusy(Exception):
    """A writer held the gate for too long; the next run closes the hour."""


def publish_hours(now: datetime, *, through: datetime | None = None) -> list[datetime]:
    """Close and record every hour that is missing, in order; the boundaries that were recorded.

    A fresh installation closes only the newest one that is due. What was closed and not recorded
    (a run was killed) is completed first. A second run finds nothing to do; one that meets another
    at work leaves the rest to it.

    `through` is an operator's word: the last hour to close, however far ahead of the newest.

    Raises ClockJumped where the due boundary is more than 30 days past the newest and nobody gave
    his word, InvalidCommand for a `through` that is no full hour or not due yet, and GateBusy
    where a writer keeps the closing waiting.
    """
    due = boundary_at(now)
    if through is None:
        refuse_jump(due)
    elif through != whole_hour(through) or through > due:
        text = f"{through:%Y-%m-%d %H:%M} is no full hour up to {due:%Y-%m-%d %H:%M} UTC."
        raise InvalidCommand(text, field="through")
    else:
        due = through
    recorded = []
    while boundary := first_unrecorded() or close_next(due, now):
        if publish(boundary, now) is None:
            break
        recorded.append(boundary.at)
        if boundary.at == due:
            break
    return recorded


def refuse_jump(due: datetime) -> None:
    """Raise ClockJumped where the due boundary lies too far past the newest."""
    newest = newest_boundary()
    if newest is None or due - newest <= LONGEST_JUMP:
        return
    raise ClockJumped(
        f"Nothing was closed: {due:%Y-%m-%d %H:%M} UTC is due, {(due - newest).days} days after "
        f"the newest boundary of {newest:%Y-%m-%d %H:%M}. If the clock is right, close the hours "
        "with: manage.py run_job publish-hour --all --yes"
    )


def publish_hour(as_of: datetime) -> dict[str, int]:
    """The job of one hour: whatever is missing up to the boundary that is due then."""
    return {"hours": len(publish_hours(clock.now(), through=boundary_at(as_of)))}


def newest_hour() -> datetime | None:
    """The newest hour at whose start a boundary was closed: boundaries are the job's own slots."""
    newest = newest_boundary()
    return newest + DELAY if newest else None


def whole_hour(instant: datetime) -> datetime:
    """The full hour, UTC, that holds an instant."""
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def close_next(due: datetime, now: datetime) -> Boundary | None:
    """Close the first hour that is missing; None if none is, or another run is at it."""
    at = next_hour(due)
    return None if at is None else close_boundary(at, now)


def next_hour(due: datetime) -> datetime | None:
    """The hour after the newest boundary, up to the due one; that one itself if there is none."""
    newest = newest_boundary()
    at = due if newest is None else newest + HOUR
    return at if at <= due else None


@transaction.atomic
def close_boundary(at: datetime, now: datetime) -> Boundary | None:
    """Close one hour while no writer is between; the boundary, or None if it is not its turn.

    An hour that is closed already is given back as it is. None as well where another run is at
    work or `at` does not follow the newest boundary: hours are closed in order, without a gap.

    Raises GateBusy where a writer keeps it waiting for more than two seconds: others queue
    behind it meanwhile.
    """
    if not has_turn():
        return None
    shut_gate()
    if next_hour(at) != at:
        return Boundary.objects.filter(at=at).first()
    return Boundary.objects.create(at=at, closed_at=now)


def shut_gate() -> None:
    """Wait until no writer is between, and keep all others out until the transaction ends."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(
                "SET LOCAL lock_timeout = '2s'; SELECT pg_advisory_xact_lock(%s)", [GATE]
            )
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise GateBusy(
                    "A writer is still at work; the hour is closed by the next run."
                ) from error
            raise


def has_turn() -> bool:
    """Whether no other run is at work now; if so, none will be until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [TURN])
        row = cursor.fetchone()
    return bool(row and row[0])


def first_unrecorded() -> Boundary | None:
    """The oldest boundary that was closed and not recorded: a run was killed in between.

    Records are made in order, so it is the first after the newest record.
    """
    newest = Publication.objects.order_by("-pk").values("boundary__at")[:1]
    after = Coalesce(Subquery(newest), Value(DAWN))
    return Boundary.objects.filter(at__gt=after).order_by("at").first()


@transaction.atomic
def publish(boundary: Boundary, now: datetime) -> Publication | None:
    """Record what a closed boundary made visible; the record, or None if another is at work.

    What is recorded already is given back as it is. None as well while an older boundary waits
    for its record, for each is chained to the one before.
    """
    if not has_turn():
        return None
    if first_unrecorded() != boundary:
        return Publication.objects.filter(boundary=boundary).defer("heads").first()
    earlier = Publication.objects.select_related("boundary").defer("heads")
    before = earlier.order_by("pk").last()
    made = content_between(before.boundary.at if before else DAWN, boundary.at)
    return record(boundary, made, previous_hash=before.hash if before else GENESIS, now=now)
