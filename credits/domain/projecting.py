"""The projections, moved on by one statement after each operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import connection

from credits import clock
from credits.domain.books import Booking, Books, Subject
from credits.models import LedgerEntry, Operation, Side, subject_of

LevelRow = tuple[Subject, int, datetime | None]

STATEMENT = """
WITH level AS (
    INSERT INTO credits_level (customer_id, side, license_id, feature_id, credits, held_since)
    SELECT %(customer)s, * FROM unnest(
        %(sides)s::text[], %(licenses)s::bigint[], %(features)s::bigint[],
        %(levels)s::bigint[], %(since)s::timestamptz[])
    ON CONFLICT (customer_id, side, license_id, feature_id)
    DO UPDATE SET credits = EXCLUDED.credits, held_since = EXCLUDED.held_since
), daily AS (
    INSERT INTO credits_dailychange (customer_id, side, day, credits)
    SELECT %(customer)s, * FROM unnest(
        %(day_sides)s::text[], %(days)s::date[], %(changes)s::bigint[])
    ON CONFLICT (customer_id, side, day)
    DO UPDATE SET credits = credits_dailychange.credits + EXCLUDED.credits
)
UPDATE credits_balance SET
    position = %(position)s, chain_head = %(chain_head)s, last_recorded_at = %(recorded_at)s,
    seq = %(seq)s, valid = %(valid)s, allocated = %(allocated)s, folded_until = %(recorded_at)s,
    rates_through = %(rates_through)s
WHERE customer_id = %(customer)s
"""


def project(books: Books, bookings: Sequence[Booking], *, written: Operation) -> None:
    """Fold what came due, add the bookings, and write balance, levels and daily changes."""
    balance = books.balance
    valid, allocated = books.totals()
    happened = [b for b in bookings if b.at <= books.now]
    balance.valid = valid + sum(b.credits for b in happened if b.subject[0] == Side.VALID)
    balance.allocated = allocated + sum(
        b.credits for b in happened if b.subject[0] == Side.ALLOCATED
    )
    levels = new_levels(books, bookings)
    days = daily_changes(bookings)
    balance.seq += len(bookings)
    balance.folded_until = written.recorded_at
    parameters = {
        "customer": balance.pk,
        "sides": [side for (side, _), _, _ in levels],
        "licenses": [pk if side == Side.VALID else None for (side, pk), _, _ in levels],
        "features": [pk if side == Side.ALLOCATED else None for (side, pk), _, _ in levels],
        "levels": [credits for _, credits, _ in levels],
        "since": [since for _, _, since in levels],
        "day_sides": [side for side, _ in days],
        "days": [day for _, day in days],
        "changes": list(days.values()),
        "position": balance.position,
        "chain_head": balance.chain_head,
        "recorded_at": written.recorded_at,
        "seq": balance.seq,
        "valid": balance.valid,
        "allocated": balance.allocated,
        "rates_through": balance.rates_through,
    }
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, parameters)


def daily_changes(changes: Iterable[Booking]) -> Counter[tuple[str, date]]:
    """What bookings change, by side and the UTC day they take effect on."""
    days: Counter[tuple[str, date]] = Counter()
    for change in changes:
        days[change.subject[0], clock.day_of(change.at)] += change.credits
    return days


def new_levels(books: Books, bookings: Sequence[Booking]) -> list[LevelRow]:
    """The level rows that fold or bookings change, with since when each has been above zero."""
    folded = books.balance.folded_until
    due = [Booking(subject_of(e), e.effective_at, e.credits) for e in books.due()]
    rows = []
    for subject in dict.fromkeys(change.subject for change in [*due, *bookings]):
        own = [b for b in bookings if b.subject == subject]
        if any(booking.at <= folded for booking in own):
            credits, since = walk(0, None, whole_course(books, subject), books.now)
        else:
            stored = books.levels().get(subject)
            changes = [*(d for d in due if d.subject == subject), *own]
            level, held_since = (stored.credits, stored.held_since) if stored else (0, None)
            credits, since = walk(level, held_since, changes, books.now)
        rows.append((subject, credits, since))
    return rows


def whole_course(books: Books, subject: Subject) -> list[Booking]:
    """Every entry of a subject, those just written included.

    Read only when a booking reaches back to the fold or before it.
    """
    side, pk = subject
    column = "license_id" if side == Side.VALID else "feature_id"
    entries: Iterable[LedgerEntry] = LedgerEntry.objects.filter(
        customer=books.customer, side=side, **{column: pk}
    )
    return [Booking(subject, e.effective_at, e.credits) for e in entries]


def walk(
    level: int, since: datetime | None, changes: Iterable[Booking], now: datetime
) -> tuple[int, datetime | None]:
    """Follow a level through its changes up to `now`: what it is, and since when above zero."""
    steps: Counter[datetime] = Counter()
    for change in changes:
        if change.at <= now:
            steps[change.at] += change.credits
    for at in sorted(steps):
        before, level = level, level + steps[at]
        if level <= 0:
            since = None
        elif before <= 0:
            since = at
    return level, since
