"""What an act would do: the writer's own decision, on books that nobody has locked.

Nothing here prices, compares or judges: the command decides, `differences` compares and `judge`
judges, all as under the lock, so that what is shown before is what is done after.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.db.models import BigIntegerField, Subquery
from django.db.models.functions import Coalesce

from credits.domain.books import Booking, Books, Subject, differences
from credits.domain.commands import Command
from credits.domain.figures import Position, position
from credits.domain.judging import judge
from credits.domain.post import MICROSECOND, ledger_entries, recorded_at
from credits.domain.rates import book_rates
from credits.exceptions import ShortBalance, UnknownObject
from credits.models import (
    Balance,
    Customer,
    FeatureRate,
    LedgerEntry,
    Level,
    Operation,
    Side,
    subject_of,
)


@dataclass
class DraftBooks(Books):
    """Books read without the lock, as they will be once the newest rates are booked.

    `rates` are the entries that the next write books before anything else.
    """

    rates: list[LedgerEntry] = field(default_factory=list)
    _drafted: dict[Subject, Level] | None = None

    def entries_beyond(self, at: datetime) -> list[LedgerEntry]:
        return [*super().entries_beyond(at), *self.rates]

    def levels(self) -> dict[Subject, Level]:
        if self._drafted is None:
            self._drafted = dict(super().levels())
            for entry in self.folded_rates:
                level = self._drafted.setdefault(subject_of(entry), Level(side=entry.side))
                level.credits += entry.credits
        return self._drafted

    @property
    def folded_rates(self) -> list[LedgerEntry]:
        """Those of the rates' entries that count as of `folded_until` already."""
        return [e for e in self.rates if e.effective_at <= self.balance.folded_until]


@dataclass(frozen=True)
class ShortDate:
    """The first date on which credits will be short, and the balance there before and after."""

    at: datetime
    before: int
    after: int
    entries: tuple[LedgerEntry, ...]
    """What happens then, as it is known after the act."""


@dataclass(frozen=True)
class Preview:
    """A customer's position before an act and after it, and how the act would be judged."""

    before: Position
    after: Position
    judgment: ShortBalance | None = None
    """Why the act would be refused, or what must be confirmed; None: it passes."""

    @cached_property
    def first_short(self) -> ShortDate | None:
        """The first short date after the act; where there is none, the one before it."""
        step = self.after.first_short or self.before.first_short
        if step is None:
            return None
        before, after = (p.figure_at(step.at).balance for p in (self.before, self.after))
        return ShortDate(step.at, before, after, step.entries)

    def change(self, feature_id: int) -> int:
        """By how much the act changes what a feature holds now (credits)."""
        return self.after.by_feature.get(feature_id, 0) - self.before.by_feature.get(feature_id, 0)


@dataclass(frozen=True)
class Draft:
    """A customer's books read once, to draw a form from and to try acts on."""

    booked: Books
    """As the ledger has them: the figures that pages show now."""
    books: Books
    """As the next write will find them, with the newest rates."""

    @property
    def seq(self) -> int:
        """The ledger seq that all of it was read from, or an older one."""
        return self.booked.balance.seq

    @cached_property
    def position(self) -> Position:
        """Where the customer stands now."""
        return position_of(self.booked)

    def unchanged(self) -> Preview:
        """The preview of doing nothing."""
        return Preview(self.position, self.position)

    def preview(self, command: Command) -> Preview:
        """What posting a command now would do. Writes nothing.

        Raises what posting it would raise, save for the judgment of the balance and what only
        the writer can know (a used key).
        """
        decision = command.decide(self.books)
        bookings = differences(self.books, decision.facts, decision.withdraws)
        judgment = None
        if command.judged:
            try:
                judge(self.books, bookings, command.asked)
            except ShortBalance as short:
                judgment = short
        return Preview(self.position, position_of(self.books, bookings), judgment)


def open_draft(customer: Customer) -> Draft:
    """Read a customer's books without the lock.

    The balance is read first, so that a write in between makes the form stale, never wrong.
    Raises UnknownObject if there is no such customer.
    """
    newest = FeatureRate.objects.order_by("-operation_id").values("operation_id")[:1]
    found = Balance.objects.annotate(
        newest_rates=Coalesce(Subquery(newest), 0, output_field=BigIntegerField())
    ).filter(customer=customer)
    balance = found.first()
    if balance is None:
        raise UnknownObject("There is no such customer.")
    booked = Books(customer=customer, balance=balance, now=recorded_at(balance))
    if balance.newest_rates <= balance.rates_through:
        return Draft(booked, booked)
    drafted = found.get()
    books = Books(customer=customer, balance=drafted, now=booked.now)
    bookings, _ = book_rates(books, balance.newest_rates)
    entries = unwritten(books, bookings)
    after_rates = booked.now + MICROSECOND
    draft = DraftBooks(customer=customer, balance=drafted, now=after_rates, rates=entries)
    drafted.allocated += sum(entry.credits for entry in draft.folded_rates)
    return Draft(booked, draft)


def open_booked(customer: Customer) -> Draft:
    """The same as the ledger has them, for acts on books whose facts or rates may be broken."""
    balance = Balance.objects.filter(customer=customer).first()
    if balance is None:
        raise UnknownObject("There is no such customer.")
    booked = Books(customer=customer, balance=balance, now=recorded_at(balance))
    return Draft(booked, booked)


def unwritten(books: Books, bookings: Sequence[Booking]) -> list[LedgerEntry]:
    """Bookings as the ledger rows they would become."""
    operation = Operation(customer=books.customer, recorded_at=books.now)
    return ledger_entries(books.balance, operation, bookings)


def position_of(books: Books, bookings: Sequence[Booking] = ()) -> Position:
    """The position that books make at their own now, with bookings that are not written."""
    levels: Counter[Subject] = Counter()
    for subject, row in books.levels().items():
        levels[subject] += row.credits
    due = [(subject_of(entry), entry.credits) for entry in books.due()]
    made = [(b.subject, b.credits) for b in bookings if b.at <= books.now]
    for subject, credits in (*due, *made):
        levels[subject] += credits
    entries = [
        *books.entries_beyond(books.balance.folded_until),
        *unwritten(books, bookings),
    ]
    return position(levels, entries, at=books.now, known=books.now)


def license_ends(short: ShortDate) -> list[int]:
    """The ids of the licenses that end on the short date."""
    return [
        entry.license_id
        for entry in short.entries
        if entry.side == Side.VALID and entry.credits < 0 and entry.license_id
    ]
