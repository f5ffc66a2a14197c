"""What an order would do to the balance, before it is entered: the known course with its lots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from billing.domain.orders import LineOrder
from credits import clock
from credits.domain.figures import Figure, Position, Step
from credits.domain.terms import term
from credits.models import License, Side

SHOWN_ROWS = 10


class Event(StrEnum):
    """What can happen at a known instant."""

    STARTS = "starts"
    ENDS = "ends"
    NEW_STARTS = "new-starts"
    NEW_ENDS = "new-ends"
    ALLOCATED = "allocated"


@dataclass(frozen=True)
class Happening:
    """One thing that happens: to a license, to the order's own license n, or to allocated."""

    event: Event
    credits: int
    license: License | None = None
    place: int = 0

    @property
    def number(self) -> int:
        """The order's own license as people count."""
        return self.place + 1


@dataclass(frozen=True)
class EffectRow:
    """The balance from an instant on, without the order and with it (credits)."""

    at: datetime
    happenings: tuple[Happening, ...]
    before: int
    after: int
    valid_after: int

    @property
    def helps(self) -> bool:
        """Whether the order turns a shortage into none."""
        return self.before < 0 <= self.after


@dataclass(frozen=True)
class Suggestion:
    """One more license that would end a shortage."""

    first_day: date
    credits: int
    renews: License | None

    @property
    def asked(self) -> str:
        """The suggestion as the form's button carries it: day/credits/license."""
        renews = self.renews.public_id if self.renews else ""
        return f"{self.first_day}/{self.credits}/{renews}"


@dataclass(frozen=True)
class Effect:
    """The course with the order. `rows` begins with the present."""

    rows: tuple[EffectRow, ...]
    short: EffectRow | None
    """The first row that is short although credits are valid then or later."""
    suggestion: Suggestion | None
    covered_until: datetime | None
    """The instant at which the last valid credits end, with no shortage before."""

    @property
    def first_rows(self) -> tuple[EffectRow, ...]:
        """The rows that are shown at once."""
        return self.rows[:SHOWN_ROWS]

    @property
    def more_rows(self) -> tuple[EffectRow, ...]:
        """The rows that are shown on demand."""
        return self.rows[SHOWN_ROWS:]

    @property
    def short_now(self) -> bool:
        """Whether the balance stays below zero today."""
        return self.short is not None and self.short is self.rows[0]


@dataclass(frozen=True)
class _NewLot:
    place: int
    credits: int
    starts_at: datetime
    ends_at: datetime

    def held_at(self, at: datetime) -> int:
        return self.credits if self.starts_at <= at < self.ends_at else 0


def effect_of(
    lines: Mapping[int, LineOrder], position: Position, licenses: Sequence[License]
) -> Effect:
    """What the order's complete lines, by their place in it, make of the live position."""
    lots = [_NewLot(place, line.credits, *_term(line)) for place, line in lines.items()]
    by_id = {license.pk: license for license in licenses}
    steps = {step.at: step for step in position.ahead}
    own = {at for lot in lots for at in (lot.starts_at, lot.ends_at) if at > position.at}
    rows = [_row(position.at, position.figure, lots, ())]
    for at in sorted(own | set(steps)):
        happenings = _known(steps.get(at), by_id) or _new(at, lots)
        rows.append(_row(at, position.figure_at(at), lots, tuple(happenings)))
    short = next((row for row in rows if row.after < 0), None)
    if short is None or short is rows[0] or any(r.valid_after for r in rows[rows.index(short) :]):
        renewed = {line.renews.pk for line in lines.values() if line.renews}
        suggestion = suggest(short, renewed) if short else None
        return Effect(tuple(rows), short, suggestion, None)
    return Effect(tuple(rows), None, None, short.at)


def suggest(short: EffectRow, renewed: set[int]) -> Suggestion:
    """A renewal of the license whose end makes the shortage, else as much as is missing."""
    missing = -short.after
    ended = [
        h.license
        for h in short.happenings
        if h.event == Event.ENDS and h.license is not None and -h.credits >= missing
    ]
    open_to_renewal = [
        license for license in ended if license.pk not in renewed and not is_renewed(license)
    ]
    first_day = clock.day_of(short.at)
    if open_to_renewal:
        license = min(open_to_renewal, key=lambda found: found.credits)
        return Suggestion(first_day, license.credits, license)
    return Suggestion(first_day, missing, None)


def is_renewed(license: License) -> bool:
    """Whether another license renews this one; the renewal is read with the license."""
    return getattr(license, "renewal", None) is not None


def _term(line: LineOrder) -> tuple[datetime, datetime]:
    return term(line.first_day, line.last_day)


def _row(
    at: datetime, known: Figure, lots: Sequence[_NewLot], happenings: tuple[Happening, ...]
) -> EffectRow:
    added = sum(lot.held_at(at) for lot in lots)
    return EffectRow(at, happenings, known.balance, known.balance + added, known.valid + added)


def _known(step: Step | None, licenses: Mapping[int, License]) -> list[Happening]:
    """What the books know to happen, licenses first, all changes of allocated as one."""
    if step is None:
        return []
    by_license: Counter[int] = Counter()
    for entry in step.entries:
        if entry.side == Side.VALID:
            by_license[entry.license_id or 0] += entry.credits
    found = [
        Happening(Event.STARTS if credits > 0 else Event.ENDS, credits, licenses.get(pk))
        for pk, credits in by_license.items()
        if credits
    ]
    allocated = sum(e.credits for e in step.entries if e.side == Side.ALLOCATED)
    return [*found, Happening(Event.ALLOCATED, allocated)] if allocated else found


def _new(at: datetime, lots: Sequence[_NewLot]) -> list[Happening]:
    return [
        Happening(event, lot.credits, place=lot.place)
        for lot in lots
        for event, when in ((Event.NEW_STARTS, lot.starts_at), (Event.NEW_ENDS, lot.ends_at))
        if when == at
    ]
