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
from typing import Any

from django.db import IntegrityError, transaction

from credits import clock
from credits.domain.books import Booking, Books, differences
from credits.domain.chain import operation_hash
from credits.domain.commands import (
    Answer,
    Asked,
    Command,
    Decision,
    OfficeCommand,
    digest,
    fingerprint,
)
from credits.domain.judging import judge
from credits.domain.locks import lock_customer, lock_office
from credits.domain.projecting import project
from credits.domain.rates import book_rates
from credits.exceptions import InvalidCommand, KeyConflict
from credits.models import (
    Customer,
    Fact,
    FeatureChoice,
    FeatureRate,
    Journal,
    LedgerEntry,
    LicenseTerm,
    Operation,
    OperationNote,
    Side,
    UsageReport,
)

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
    than everything this customer's books recorded before.

    Raises KeyConflict for a key that was used for something else, and whatever the command or
    the judgment of the balance refuses (any CreditsError); then nothing was written.
    """
    balance = lock_customer(command.customer.pk)
    if earlier := answered(command):
        return earlier
    now = recorded_at(balance)
    books = Books(customer=command.customer, balance=balance, now=now)
    if balance.newest_rates > balance.rates_through:  # type: ignore[attr-defined]
        now = catch_up(books, balance.newest_rates)  # type: ignore[attr-defined]
        books = Books(customer=command.customer, balance=balance, now=now)
    decision = command.decide(books)
    decision.save_rows()
    bookings = differences(books, decision.facts, decision.withdraws)
    if command.judged:
        judge(books, bookings, command.asked)
    operation = write(balance, command, decision, bookings, now)
    project(books, bookings, written=operation)
    return Answer(operation)


@refusing_used_keys()
@transaction.atomic
def post_office(command: OfficeCommand) -> Answer:
    """Carry out one change of the catalogue or the staff, exactly once per (source, key).

    Raises KeyConflict and whatever the command refuses; then nothing was written.
    """
    journal = lock_office()
    if earlier := answered(command):
        return earlier
    now = recorded_at(journal)
    decision = command.decide(now)
    decision.save_rows()
    operation = write(journal, command, decision, [], now)
    journal.save(update_fields=["position", "chain_head", "last_recorded_at"])
    return Answer(operation)


@transaction.atomic
def bring_up_to_rates(customer: Customer) -> None:
    """Book the rates a customer's books do not know yet; a second run finds nothing to do."""
    balance = lock_customer(customer.pk)
    if balance.newest_rates > balance.rates_through:  # type: ignore[attr-defined]
        books = Books(customer=customer, balance=balance, now=recorded_at(balance))
        catch_up(books, balance.newest_rates)  # type: ignore[attr-defined]


def answered(command: Command | OfficeCommand) -> Answer | None:
    """The answer given to this key before, looked up under the lock before any other check."""
    key = clean_key(command.asked.key)
    earlier = Operation.objects.filter(source=command.asked.source, key=key).first()
    if earlier is None:
        return None
    if earlier.fingerprint != fingerprint(command):
        raise KeyConflict(KEY_USED)
    return Answer(earlier, repeated=True)


def clean_key(key: str) -> str:
    """A key as it is compared: trimmed, one case, never empty."""
    key = key.strip().lower()
    if not key or len(key) > KEY_LENGTH:
        raise InvalidCommand(f"A request needs a key of 1 to {KEY_LENGTH} characters.")
    return key


def recorded_at(journal: Journal) -> datetime:
    """The instant an operation is recorded at: the clock, yet always after the one before."""
    now = clock.now()
    if journal.last_recorded_at is None:
        return now
    return max(now, journal.last_recorded_at + MICROSECOND)


def catch_up(books: Books, newest_rates: int) -> datetime:
    """Book the rates entered since this customer's books last knew them, as its own operation."""
    balance = books.balance
    bookings, command = book_rates(books, newest_rates)
    if not bookings:
        balance.save(update_fields=["rates_through"])
        return books.now
    operation = write(balance, command, Decision(), bookings, books.now)
    project(books, bookings, written=operation)
    return recorded_at(balance)


def write(
    journal: Journal,
    command: Command | OfficeCommand,
    decision: Decision,
    bookings: Sequence[Booking],
    now: datetime,
) -> Operation:
    """Insert the operation with its facts, entries and note, and move the chain's head on."""
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
    entries = ledger_entries(journal, operation, bookings)
    operation.hash = operation_hash(operation, decision.facts, entries)
    operation.save()
    insert_facts(operation, decision.facts)
    LedgerEntry.objects.bulk_create(entries)
    write_note(operation, asked, salt)
    journal.position = operation.position
    journal.chain_head = operation.hash
    journal.last_recorded_at = now
    return operation


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


def insert_facts(operation: Operation, facts: Sequence[Fact]) -> None:
    """Insert facts with the operation that brought them."""
    models: tuple[type[Any], ...] = (LicenseTerm, UsageReport, FeatureChoice, FeatureRate)
    for model in models:
        own = [fact for fact in facts if isinstance(fact, model)]
        for fact in own:
            fact.operation = operation
        if own:
            model.objects.bulk_create(own)


def write_note(operation: Operation, asked: Asked, salt: str) -> None:
    """Keep the reason beside the operation, where a purge can erase it."""
    if asked.reason:
        OperationNote.objects.create(operation=operation, text=asked.reason, salt=salt)
