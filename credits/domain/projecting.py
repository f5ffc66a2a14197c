"""The projections: what each operation makes of the sums that are kept for speed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from credits import clock
from credits.domain.books import Booking, Books, Subject
from credits.domain.writing import Part, listed
from credits.models import Journal, LedgerEntry, OfficeJournal, Operation, Side, subject_of

LevelRow = tuple[Subject, int, datetime | None]

BALANCE = """
UPDATE credits_balance SET
    position = %s, chain_head = %s, last_recorded_at = %s, seq = %s, valid = %s, allocated = %s,
    folded_until = %s, rates_through = %s
WHERE customer_id = %s
"""
OFFICE = """
UPDATE credits_officejournal SET position = %s, chain_head = %s, last_recorded_at = %s
WHERE id = %s
"""


def projections(books: Books, bookings: Sequence[Booking], operation: Operation) -> list[Part]:
    """What an operation makes of balance, levels and daily changes, as parts of its statement.

    Folds what came due, adds the bookings, and moves the balance row in hand along.
    """
    balance = books.balance
    levels = new_levels(books, bookings)
    days = daily_changes(bookings)
    valid, allocated = books.totals()
    happened = [b for b in bookings if b.at <= books.now]
    balance.valid = valid + sum(b.credits for b in happened if b.subject[0] == Side.VALID)
    balance.allocated = allocated + sum(
        b.credits for b in happened if b.subject[0] == Side.ALLOCATED
    )
    balance.seq += len(bookings)
    balance.folded_until = operation.recorded_at
    advance(balance, operation)
    moved = [
        *(balance.position, balance.chain_head, balance.last_recorded_at, balance.seq),
        *(balance.valid, balance.allocated, balance.folded_until, balance.rates_through),
        balance.pk,
    ]
    parts: list[Part] = [(BALANCE, moved)]
    if levels:
        parts.append(levels_set(balance.pk, levels))
    if days:
        parts.append(days_moved(balance.pk, days))
    return parts


def levels_set(customer_id: int, levels: Sequence[LevelRow]) -> Part:
    """The statement that puts level rows in place."""
    own, values = listed(
        ("text", "bigint", "bigint", "bigint", "timestamptz"),
        [
            (
                side,
                pk if side == Side.VALID else None,
                pk if side == Side.ALLOCATED else None,
                credits,
                since,
            )
            for (side, pk), credits, since in levels
        ],
    )
    text = f"""
INSERT INTO credits_level (customer_id, side, license_id, feature_id, credits, held_since)
SELECT %s::bigint, own.* FROM {own} own
ON CONFLICT (customer_id, side, license_id, feature_id)
DO UPDATE SET credits = EXCLUDED.credits, held_since = EXCLUDED.held_since
"""  # noqa: S608
    return text, [customer_id, *values]


def days_moved(customer_id: int, days: Mapping[tuple[str, date], int]) -> Part:
    """The statement that adds changes to their days."""
    own, values = listed(
        ("text", "date", "bigint"), [(side, day, credits) for (side, day), credits in days.items()]
    )
    text = f"""
INSERT INTO credits_dailychange (customer_id, side, day, credits)
SELECT %s::bigint, own.* FROM {own} own
ON CONFLICT (customer_id, side, day)
DO UPDATE SET credits = credits_dailychange.credits + EXCLUDED.credits
"""  # noqa: S608
    return text, [customer_id, *values]


def office_projections(journal: OfficeJournal, operation: Operation) -> list[Part]:
    """What an operation of the office makes of its journal."""
    advance(journal, operation)
    moved = [journal.position, journal.chain_head, journal.last_recorded_at, journal.pk]
    return [(OFFICE, moved)]


def advance(journal: Journal, operation: Operation) -> None:
    """Move the head of a chain on to an operation."""
    journal.position = operation.position
    journal.chain_head = operation.hash
    journal.last_recorded_at = operation.recorded_at


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
    subjects = dict.fromkeys(change.subject for change in [*due, *bookings])
    stored = books.levels_of(subjects)
    rows = []
    for subject in subjects:
        own = [b for b in bookings if b.subject == subject]
        if any(booking.at <= folded for booking in own):
            credits, since = walk(0, None, [*whole_course(books, subject), *own], books.now)
        else:
            level = stored.get(subject)
            changes = [*(d for d in due if d.subject == subject), *own]
            held, held_since = (level.credits, level.held_since) if level else (0, None)
            credits, since = walk(held, held_since, changes, books.now)
        rows.append((subject, credits, since))
    return rows


def whole_course(books: Books, subject: Subject) -> list[Booking]:
    """Every entry of a subject; read only when a booking reaches back to the fold or before it."""
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
