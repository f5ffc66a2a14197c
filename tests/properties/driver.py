"""Carries a command out on the books and on the oracle, and compares what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from django.db import connection
from django.db.models import Model

from credits import clock
from credits.domain.commands import Answer, Command
from credits.domain.post import bring_up_to_rates, post
from credits.exceptions import ConfirmationNeeded, CreditsError, ShortBalance
from credits.models import (
    FeatureChoice,
    LedgerEntry,
    Level,
    License,
    Operation,
    OverAllocation,
    UsageReport,
    UsageSource,
)
from tests.oracle import Oracle, Rate
from tests.properties.checks import MICROSECOND, Book
from tests.properties.crashing import crash

State = Callable[[Oracle, int, datetime], None]
Refusals = type[CreditsError] | tuple[type[CreditsError], ...] | None
Forbidden = Callable[[datetime], Refusals]


def nothing(_: datetime) -> None:
    """The law refuses the act at no instant."""


COUNTED: tuple[type[Model], ...] = (
    LedgerEntry, Operation, License, Level, UsageReport, FeatureChoice, UsageSource
)  # fmt: skip
COUNTS = ", ".join(
    f"(SELECT count(*) FROM {model._meta.db_table} WHERE customer_id = b.customer_id)"  # noqa: S608
    for model in COUNTED
)
WRITTEN = f"SELECT b.*, {COUNTS} FROM credits_balance b WHERE customer_id = %s"  # noqa: S608


@dataclass(frozen=True)
class Sent:
    """A command that was carried out, and its answer."""

    book: Book
    command: Command
    answer: Answer


def written(book: Book) -> tuple[object, ...]:
    """What changes with anything that is written for a customer."""
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN, [book.customer.pk])
        return tuple(cursor.fetchone())


def rightly_refused(book: Book, command: Command, refusal: ShortBalance, shortfall: int) -> bool:
    """Whether it may be asked again with a confirmation; the refusal names the shortfall."""
    assert refusal.shortfall == shortfall
    asks = book.customer.over_allocation == OverAllocation.CONFIRM
    assert isinstance(refusal, ConfirmationNeeded) == asks
    confirmed = command.asked.confirmed_shortfall
    assert not asks or confirmed is None or confirmed < shortfall
    return asks


class Driver:
    """The clock, the rates entered so far, and the commands that were carried out."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.rates: list[Rate] = []
        self.sent: list[Sent] = []
        self.asked = 0
        self.crash_after = 0
        """After so many writes the next command breaks down, and is then sent again."""

    def attempt(
        self,
        book: Book,
        command: Command,
        state: State,
        *,
        refusals: tuple[type[CreditsError], ...] = (),
        forbidden: Forbidden = nothing,
    ) -> Answer | None:
        """Post a command. The oracle says whether the balance stands against it.

        `state` tells the oracle what the command states; `forbidden` names the refusal that the
        law demands of a command recorded at an instant; `refusals` are others that may occur.
        None if it was refused: then nothing was written and the oracle forgets it.
        """
        oracle, number, seen = book.oracle, len(book.operations), book.rates_seen
        untouched = written(book)
        first = book.next_instant(self.now)
        learned = self.learn(book, first)
        at = first + MICROSECOND if learned else first
        number += learned
        if refusal_due := forbidden(at):
            with clock.moved_to(self.now), pytest.raises(refusal_due):
                post(command)
            self.take_back(book, number, seen, untouched)
            return None
        self.crash_once(book, command, untouched)
        before, held = oracle.balance(at, at), oracle.figure(at, at)[1]
        state(oracle, number, at)
        after, holds = oracle.balance(at, at), oracle.figure(at, at)[1]
        falls = command.judged and holds > held and after < 0 and after < before
        try:
            with clock.moved_to(self.now):
                answer = post(command)
        except ShortBalance as refusal:
            assert falls, f"refused although the balance goes from {before} to {after}"
            self.take_back(book, number, seen, untouched)
            if not rightly_refused(book, command, refusal, -after):
                return None
            return self.confirm(book, command, state, -after, refusals)
        except refusals:
            self.take_back(book, number, seen, untouched)
            return None
        if falls:
            assert book.customer.over_allocation == OverAllocation.CONFIRM, "refused nothing"
            assert (command.asked.confirmed_shortfall or 0) >= -after, "confirmed for less"
        self.note(book, [first] * learned + [at])
        assert not answer.repeated
        assert answer.operation == book.operations[-1]
        self.sent.append(Sent(book, command, answer))
        return answer

    def crash_once(self, book: Book, command: Command, untouched: tuple[object, ...]) -> None:
        """If a crash is due: let the writer break down in the middle; nothing is left of it."""
        writes, self.crash_after = self.crash_after, 0
        if writes:
            with clock.moved_to(self.now):
                crash(command, writes)
            assert written(book) == untouched, "a crash left something behind"

    def confirm(
        self,
        book: Book,
        command: Command,
        state: State,
        shortfall: int,
        refusals: tuple[type[CreditsError], ...],
    ) -> Answer | None:
        """Ask once more under the same key: one credit less is refused, the shortfall goes."""
        if command.asked.confirmed_shortfall is not None:
            return None
        answer = None
        for confirmed in (shortfall - 1, shortfall):
            asked = replace(command.asked, confirmed_shortfall=confirmed)
            answer = self.attempt(book, replace(command, asked=asked), state, refusals=refusals)
        return answer

    def learn(self, book: Book, at: datetime) -> bool:
        """Tell the oracle the rates the books will learn now; whether they change any level."""
        pending = self.rates[book.rates_seen :]
        if not pending:
            return False
        book.rates_seen = len(self.rates)
        known = [replace(rate, recorded_at=at) for rate in pending]
        course = {instant: book.oracle.levels(instant, at) for instant in book.oracle.instants()}
        for rate in known:
            book.oracle.state(rate)
        now = {instant: book.oracle.levels(instant, at) for instant in book.oracle.instants()}
        last: dict[datetime, object] = {}
        for instant in sorted(now):
            earlier = [moment for moment in course if moment <= instant]
            last[instant] = course[max(earlier)] if earlier else {}
        return last != now

    def take_back(self, book: Book, number: int, seen: int, untouched: tuple[object, ...]) -> None:
        """A refusal: nothing was written, and the rates are as unknown as before."""
        assert written(book) == untouched
        book.oracle.forget(number)
        for rate in self.rates[seen:]:
            book.oracle.forget(rate.operation)
        book.rates_seen = seen

    def note(self, book: Book, expected: list[datetime]) -> None:
        """The operations written since, each recorded when the clock and its order ask for."""
        new = Operation.objects.filter(
            customer=book.customer, position__gt=len(book.operations)
        ).order_by("position")
        book.operations.extend(new)
        assert [operation.recorded_at for operation in new] == expected

    def bring_up(self, book: Book) -> None:
        """Book the rates on their own, as the hourly job does; twice changes nothing."""
        at = book.next_instant(self.now)
        learned = self.learn(book, at)
        with clock.moved_to(self.now):
            bring_up_to_rates(book.customer)
            self.note(book, [at] * learned)
            untouched = written(book)
            bring_up_to_rates(book.customer)
        assert written(book) == untouched
