"""Hourly publication: close the boundary that is due, then record what it made visible.

Nothing is copied: a page reads live less pending at the newest closed boundary. The record is a
hash, chained to the one before, over the ledger rows that became visible since then, and the heads
of the chains that changed; recomputed at any time it must come out the same.

Each hour takes two short transactions. Whatever stops between them is completed by the next run,
so that twice, late, in parallel and killed all end the same (docs/rules.md#r11).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from credits import clock
from credits.domain.boundaries import DELAY, GATE, HOUR, boundary_at, newest_boundary
from credits.domain.commands import canonical, digest
from credits.domain.jobs import LONGEST_JUMP, ClockJumped
from credits.exceptions import InvalidCommand
from credits.models import GENESIS, Boundary, Publication

TURN = GATE + 1
"""The advisory lock by which runs leave the work to one of them; only politeness."""

DAWN = datetime(1, 1, 1, tzinfo=UTC)
"""Before everything: where the first publication of an installation begins."""

OFFICE = "office"
"""The chain of catalogue and staff changes, which belong to no customer."""

# What became visible in (before, through], in two disjoint parts with an index each: recorded
# since and effective by then; booked ahead, recorded earlier and due since. Text comes out the
# same in every session, for the transaction sets zone and style.
ROWS = """
    COPY (
        SELECT customer_id, seq, operation_id, side, license_id, feature_id, credits,
               effective_at, recorded_at
          FROM credits_ledgerentry
         WHERE recorded_at > %(before)s AND recorded_at <= %(through)s
           AND effective_at <= %(through)s
        UNION ALL
        SELECT customer_id, seq, operation_id, side, license_id, feature_id, credits,
               effective_at, recorded_at
          FROM credits_ledgerentry
         WHERE effective_at > recorded_at
           AND effective_at > %(before)s AND effective_at <= %(through)s
           AND recorded_at <= %(before)s
         ORDER BY customer_id, seq
    ) TO STDOUT
"""

# The newest operation of each chain in the window: operations that brought facts alone count as
# well. A writer may be further by now, hence not the head of the journal.
HEADS = """
    SELECT coalesce(customer.public_id::text, %(office)s), head.hash
      FROM (
            SELECT DISTINCT ON (customer_id) customer_id, hash FROM credits_operation
             WHERE recorded_at > %(before)s AND recorded_at <= %(through)s
             ORDER BY customer_id, position DESC
           ) AS head
      LEFT JOIN credits_customer AS customer ON customer.id = head.customer_id
"""


class GateBusy(Exception):
    """A writer held the gate for too long; the next run closes the hour."""


@dataclass(frozen=True)
class Content:
    """What became visible between two boundaries."""

    entries: int
    rows_hash: str
    heads: dict[str, str]

    def hash(self, previous_hash: str, through: datetime) -> str:
        """SHA-256 over the hash before, the boundary, the heads and the rows."""
        said = {"through": through, "entries": self.entries, "heads": self.heads}
        return digest(previous_hash, canonical(said), self.rows_hash)


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
    return recorded


def refuse_jump(due: datetime) -> None:
    """Raise ClockJumped where the due boundary lies too far past the newest."""
    newest = newest_boundary()
    if newest is None or due - newest <= LONGEST_JUMP:
        return
    raise ClockJumped(
        f"Nothing was closed: {due:%Y-%m-%d %H:%M} UTC is due, {(due - newest).days} days after "
        f"the newest boundary of {newest:%Y-%m-%d %H:%M}. If the clock is right, close the hours "
        f"with: manage.py publish_hours --through {due:%Y-%m-%dT%H:%M} --yes"
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
        cursor.execute("SET LOCAL lock_timeout = '2s'")
        try:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GATE])
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
    """The oldest boundary that was closed and not recorded: a run was killed in between."""
    return Boundary.objects.filter(publication__isnull=True).order_by("at").first()


@transaction.atomic
def publish(boundary: Boundary, now: datetime) -> Publication | None:
    """Record what a closed boundary made visible; the record, or None if another is at work.

    What is recorded already is given back as it is. None as well while an older boundary waits
    for its record, for each is chained to the one before.
    """
    if not has_turn():
        return None
    if first_unrecorded() != boundary:
        return Publication.objects.filter(boundary=boundary).first()
    before = Publication.objects.select_related("boundary").order_by("boundary__at").last()
    content = content_between(before.boundary.at if before else DAWN, boundary.at)
    previous_hash = before.hash if before else GENESIS
    return Publication.objects.create(
        boundary=boundary,
        entries=content.entries,
        heads=content.heads,
        previous_hash=previous_hash,
        hash=content.hash(previous_hash, boundary.at),
        recorded_at=now,
    )


@transaction.atomic
def content_between(before: datetime, through: datetime) -> Content:
    """What became visible after one boundary and up to another.

    Streamed, so that it takes as little memory for a million rows as for one.
    """
    window: dict[str, Any] = {"before": before, "through": through, "office": OFFICE}
    rows = hashlib.sha256()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '5min'")
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")
        cursor.execute("SET LOCAL datestyle = 'ISO'")
        # The driver's own cursor, for the wrapper that logs statements takes no parameters here.
        with cursor.cursor.copy(ROWS, window) as copy:
            for piece in copy:
                rows.update(piece)
        entries = cursor.rowcount
        cursor.execute(HEADS, window)
        heads = dict(cursor.fetchall())
    return Content(entries, rows.hexdigest(), heads)
