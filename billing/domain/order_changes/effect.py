"""What a correction would make of a customer's balance, before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from credits.domain.books import Booking
from credits.domain.commands import Command
from credits.domain.figures import Position
from credits.domain.licenses import Lot
from credits.domain.preview import open_draft, position_of
from credits.models import Customer, Side

SHOWN_ROWS = 10


@dataclass(frozen=True)
class EffectRow:
    """The balance from an instant on, as it is known and as it would be (credits)."""

    at: datetime
    before: int
    after: int


@dataclass(frozen=True)
class Short:
    """From when credits are short, and how many are missing then."""

    at: datetime
    credits: int
    is_now: bool = False


@dataclass(frozen=True)
class ChangeEffect:
    """The known course without the act and with it. `rows` begins with the present."""

    customer: Customer
    rows: tuple[EffectRow, ...]
    short_before: Short | None
    short_after: Short | None
    fewer: int
    """Valid credits that the act takes away now."""
    allocated: int
    """Of those, how many features hold already."""

    @property
    def first_rows(self) -> tuple[EffectRow, ...]:
        """The rows that are shown at once."""
        return self.rows[:SHOWN_ROWS]

    @property
    def more_rows(self) -> tuple[EffectRow, ...]:
        """The rows that are shown on demand."""
        return self.rows[SHOWN_ROWS:]

    @property
    def is_as_short(self) -> bool:
        """Whether credits are short just as they would be without the act, or not at all."""
        before, after = self.short_before, self.short_after
        if before is None or after is None:
            return before is after
        if before.is_now and after.is_now:
            return before.credits == after.credits
        return before == after

    @property
    def is_nothing(self) -> bool:
        """Whether the balance is the same at every known date."""
        return all(row.before == row.after for row in self.rows)


def effect_of(command: Command) -> ChangeEffect:
    """What a command would do to its customer's balance. Raises what posting it would."""
    preview = open_draft(command.customer).preview(command)
    return compared(command.customer, preview.before, preview.after)


def effect_of_lots(customer: Customer, lots: Sequence[Lot]) -> ChangeEffect:
    """What it would do to a customer's balance to be granted these licenses."""
    draft = open_draft(customer)
    bookings = [
        Booking((Side.VALID.value, 0), at, credits)
        for lot in lots
        for at, credits in ((lot.starts_at, lot.credits), (lot.ends_at, -lot.credits))
    ]
    return compared(customer, draft.position, position_of(draft.books, bookings))


def compared(customer: Customer, before: Position, after: Position) -> ChangeEffect:
    """Two positions of one customer, at every instant that either knows."""
    instants = sorted({step.at for position in (before, after) for step in position.ahead})
    rows = [EffectRow(before.at, before.figure.balance, after.figure.balance)]
    rows += [
        EffectRow(at, before.figure_at(at).balance, after.figure_at(at).balance) for at in instants
    ]
    fewer = max(before.figure.valid - after.figure.valid, 0)
    return ChangeEffect(
        customer=customer,
        rows=tuple(rows),
        short_before=short_of(before),
        short_after=short_of(after),
        fewer=fewer,
        allocated=max(fewer - max(before.figure.balance, 0), 0),
    )


def short_of(position: Position) -> Short | None:
    """When credits are first short: now, or at the first known date while any are valid."""
    if position.figure.balance < 0:
        return Short(position.at, -position.figure.balance, is_now=True)
    step = position.first_short
    return Short(step.at, -step.figure.balance) if step is not None else None
