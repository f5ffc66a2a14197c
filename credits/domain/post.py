"""The one writer: lock, key, decide, book, project.

Nothing else writes operations, facts, ledger entries or projections. Callers build a command
and post it; a higher app writes its own rows after `post` returned, in the same transaction,
and only if the answer is no repeat (docs/rules.md, the writer).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count

from django.db import IntegrityError, transaction

from credits import clock
from credits.domain.books import Booking, Books, WritersBooks, differences
from credits.domain.chain import operation_hash
from credits.domain.commands import (
    Answer,
    Command,
    Decision,
    OfficeCommand,
    digest,
    fingerprint,
)
from credits.domain.judging import judge, refuse_locked, refuse_shut
from credits.domain.locks import Known, lock_customer, lock_office
from credits.domain.projecting import office_projections, projections
from credits.domain.rates import book_rates
from credits.domain.writing import write_together
from credits.exceptions import InvalidCommand, KeyConflict
from credits.models import Customer, Journal, LedgerEntry, Operation, OperationNote, Side
from credits.prepared import prepared

MICROSECOND = timedelta(microseconds=1)
KEY_LENGTH = 200
KEY_ONCE = "credits_operation_key_once"
KEY_USED = (
    "This request was used before for something else, so nothing was changed. "
    "Open the page again to start afresh."
)


@contextmanager
def refusing_used_keys() -> Iterator[None]:
    """Refuse a key that another customer's operation took at the same moment.

    One customer's operations wait for each other; between customers only the constraint stands.
    """
    try:
        yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        if getattr(diagnosis, "constraint_name", None) != KEY_ONCE:
            raise
        raise KeyConflict(KEY_USED) from error


@refusing_used_keys()
@transaction.atomic
def post(command: Command) -> Answer:
    """Carry out one command on one customer's books, exactly once per (source, key).

    A repeat gets the first answer. The act happens at its `recorded_at`, a UTC instant later
    than everything this customer's books recorded before and than the newest boundary.

    Raises KeyConflict for a key that was used for something else, and whatever the command or
    the judgment of the balance refuses (any CreditsError); then nothing was written.
    """
    balance, known = lock_customer(command.customer.pk)
    if earlier := answered(command):
        return earlier
    refuse_shut(balance, command)
    books = WritersBooks(command.customer, balance, recorded_at(balance, known))
    if known.newest_rates > balance.rates_through and not command.with_broken_books:
        catch_up(books, known)
        books = WritersBooks(command.customer, balance, recorded_at(balance, known))
    decision = command.decide(books)
    decision.save_rows()
    bookings = differences(books, decision.facts, decision.withdraws)
    if command.judged:
        refuse_locked(books, command.asked)
        judge(books, bookings, command.asked)
    return Answer(book(books, command, decision, bookings))


@refusing_used_keys()
@transaction.atomic
def post_office(command: OfficeCommand) -> Answer:
    """Carry out one change of the catalogue or the staff, exactly once per (source, key).

    Raises KeyConflict and whatever the command refuses; then nothing was written.
    """
    journal, known = lock_office()
    if earlier := answered(command):
        return earlier
    now = recorded_at(journal, known)
    decision = command.decide(now)
    decision.save_rows()
    operation, note = operation_of(journal, command, decision, now)
    operation.hash = operation_hash(operation, decision.facts, [])
    write_together(operation, [*decision.facts, *note], office_projections(journal, operation))
    return Answer(operation)


@transaction.atomic
def bring_up_to_rates(customer: Customer) -> None:
    """Book the rates a customer's books do not know yet; a second run finds nothing to do."""
    balance, known = lock_customer(customer.pk)
    if known.newest_rates > balance.rates_through:
        catch_up(WritersBooks(customer, balance, recorded_at(balance, known)), known)


def answered(command: Command | OfficeCommand) -> Answer | None:
    """The answer given to this key before, looked up under the lock before any other check."""
    with prepared(
        "SELECT id FROM credits_operation WHERE source = %s AND key = %s",
        [command.asked.source, clean_key(command.asked.key)],
    ) as cursor:
        found = cursor.fetchone()
    if found is None:
        return None
    earlier = Operation.objects.get(pk=found[0])
    if earlier.fingerprint != fingerprint(command):
        raise KeyConflict(KEY_USED)
    return Answer(earlier, repeated=True)


def clean_key(key: str) -> str:
    """A key as it is compared: trimmed, one case, never empty."""
    key = key.strip().lower()
    if not key or len(key) > KEY_LENGTH:
        raise InvalidCommand(f"A request needs a key of 1 to {KEY_LENGTH} characters.")
    return key


def recorded_at(journal: Journal, known: Known | None = None) -> datetime:
    """The instant an operation is recorded at: the clock, yet always after the one before.

    And after the newest boundary, of which no writer is part any more once it is closed.
    """
    boundary = known.newest_boundary if known else None
    earlier = (journal.last_recorded_at, boundary)
    return max([clock.now(), *(at + MICROSECOND for at in earlier if at is not None)])


def catch_up(books: Books, known: Known) -> None:
    """Book the rates entered since this customer's books last knew them, as its own operation."""
    bookings, command = book_rates(books, known.newest_rates)
    if bookings:
        book(books, command, Decision(), bookings)
    else:
        books.balance.save(update_fields=["rates_through"])


def book(
    books: Books, command: Command, decision: Decision, bookings: Sequence[Booking]
) -> Operation:
    """Write an operation with its facts, entries, note and projections, in one statement."""
    operation, note = operation_of(books.balance, command, decision, books.now)
    entries = ledger_entries(books.balance, operation, bookings)
    operation.hash = operation_hash(operation, decision.facts, entries)
    rows = [*decision.facts, *entries, *note]
    write_together(operation, rows, projections(books, bookings, operation))
    return operation


def operation_of(
    journal: Journal, command: Command | OfficeCommand, decision: Decision, now: datetime
) -> tuple[Operation, list[OperationNote]]:
    """The operation that follows a chain's head, and its reason, which a purge can erase."""
    asked = command.asked
    salt = secrets.token_hex(32) if asked.reason else ""
    operation = Operation(
        customer=command.customer if isinstance(command, Command) else None,
        position=journal.position + 1,
        kind=command.kind,
        subject=decision.subject,
        source=asked.source,
        key=clean_key(asked.key),
        fingerprint=fingerprint(command),
        answer=dict(decision.answer),
        actor=asked.actor,
        on_behalf_of=asked.on_behalf_of,
        reverses=decision.withdraws,
        request_id=asked.request_id,
        recorded_at=now,
        note_digest=digest(salt, asked.reason) if asked.reason else "",
        previous_hash=journal.chain_head,
    )
    return operation, [OperationNote(text=asked.reason, salt=salt)] if asked.reason else []


def ledger_entries(
    journal: Journal, operation: Operation, bookings: Sequence[Booking]
) -> list[LedgerEntry]:
    """The bookings as ledger rows, numbered on from the customer's last."""
    numbers = count(getattr(journal, "seq", 0) + 1)
    return [
        LedgerEntry(
            customer=operation.customer,
            seq=next(numbers),
            operation=operation,
            side=booking.subject[0],
            license_id=booking.subject[1] if booking.subject[0] == Side.VALID else None,
            feature_id=booking.subject[1] if booking.subject[0] == Side.ALLOCATED else None,
            credits=booking.credits,
            effective_at=booking.at,
            recorded_at=operation.recorded_at,
        )
        for booking in bookings
    ]
