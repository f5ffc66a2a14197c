"""One customer's books beside the oracle, question by question."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from credits.domain import figures, verify
from credits.domain.boundaries import boundary_at
from credits.domain.history import history
from credits.domain.verify_levels import verify_levels
from credits.models import Customer, LedgerEntry, Operation
from tests.oracle import Oracle, Subject

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)
FAR = datetime(2500, 1, 1, tzinfo=UTC)
THOROUGH = 10
"""Every so many steps, and at the end, all facts and hashes are gone through as well."""


@dataclass
class Book:
    """A customer, and what the oracle was told about it."""

    customer: Customer
    features: dict[int, str]
    oracle: Oracle = field(default_factory=Oracle)
    operations: list[Operation] = field(default_factory=list)
    rates_seen: int = 0
    sources: set[str] = field(default_factory=set)
    """Groups whose units a system reports."""
    switched: dict[str, datetime] = field(default_factory=dict)
    """When a person last switched what a feature is paid with."""
    boundary: datetime | None = None
    """The newest closed boundary."""

    @property
    def last(self) -> datetime | None:
        return self.operations[-1].recorded_at if self.operations else None

    def next_instant(self, clock: datetime) -> datetime:
        """When the next act is recorded: after everything before it and the newest boundary."""
        return max([clock, *(at + MICROSECOND for at in (self.last, self.boundary) if at)])

    def read_instant(self, clock: datetime) -> datetime:
        return max([clock, *(at for at in (self.last, self.boundary) if at)])

    def named(self, position: figures.Position) -> dict[Subject, int]:
        licenses = {("valid", str(pk)): n for pk, n in position.by_license.items()}
        features = {("allocated", self.features[pk]): n for pk, n in position.by_feature.items()}
        return licenses | features

    def subject(self, entry: LedgerEntry) -> Subject:
        if entry.license_id is not None:
            return ("valid", str(entry.license_id))
        assert entry.feature_id is not None
        return ("allocated", self.features[entry.feature_id])


def check(book: Book, clock: datetime, chance: random.Random, *, step: int) -> None:
    """Every level at many instants after each step; what costs more queries, in turns.

    The reader after one step, the second boundary, the history and the numbering after the other;
    every fact and hash after some, and at the end (step 0).
    """
    is_thorough = step % THOROUGH == 0
    now = book.read_instant(clock)
    entries = list(LedgerEntry.objects.filter(customer=book.customer).order_by("seq"))
    moments = sampled_moments(book, now, chance)
    knowns = sampled_knowns(book, now, chance)
    check_sums(book, entries, [*((at, known) for at in moments for known in knowns), (now, now)])
    stands = check_standing(book, clock, book.boundary or boundary_at(clock), entries)
    assert verify.verify_projections(book.customer) == []
    if is_thorough or step % 2:
        check_reader(book, chance.choice(moments), chance.choice(knowns), chance)
    if is_thorough or not step % 2:
        check_history(book, stands, chance)
        check_standing(book, clock, min(clock, chance.choice(knowns)), entries)
        assert verify.verify_seq(book.customer) == []
    if is_thorough:
        assert verify_levels(book.customer) == []
        assert verify.verify_chain(book.customer) == []


def sampled_moments(book: Book, now: datetime, chance: random.Random) -> list[datetime]:
    """Some instants at which something changes and their neighbors; now and its neighbors."""
    near = [now, now - MICROSECOND, now + MICROSECOND, FAR]
    instants = book.oracle.instants()
    for instant in chance.sample(instants, min(4, len(instants))):
        near += [instant - MICROSECOND, instant, instant + MICROSECOND]
    return near


def sampled_knowns(book: Book, now: datetime, chance: random.Random) -> list[datetime]:
    """Now, and the moments at which some operations became known and just before."""
    recorded = [operation.recorded_at for operation in book.operations]
    picked = chance.sample(recorded, min(3, len(recorded)))
    return [now, *(picked), *(instant - MICROSECOND for instant in picked[:1])]


def check_sums(
    book: Book, entries: list[LedgerEntry], moments: list[tuple[datetime, datetime]]
) -> None:
    """figure(at, known) is the sum of the entries with both clocks passed, for each subject."""
    for at, known in moments:
        sums: Counter[Subject] = Counter()
        for entry in entries:
            if entry.effective_at <= at and entry.recorded_at <= known:
                sums[book.subject(entry)] += entry.credits
        held = {subject: credits for subject, credits in sums.items() if credits}
        assert held == book.oracle.levels(at, known), f"at {at}, as known at {known}"


def check_reader(book: Book, at: datetime, known: datetime, chance: random.Random) -> None:
    """The domain's own reader: figure, level and rows of one subject, cause of a shortage."""
    read = figures.figure(book.customer, at=at, known=known)
    assert (read.valid, read.allocated) == book.oracle.figure(at, known)
    levels = book.oracle.levels(at, known)
    if levels:
        side, name = chance.choice(sorted(levels))
        ids = {key: pk for pk, key in book.features.items()}
        license_id = int(name) if side == "valid" else None
        feature_id = ids[name] if side == "allocated" else None
        level = figures.level(
            book.customer, at=at, known=known, license_id=license_id, feature_id=feature_id
        )
        assert level == levels[side, name]
        rows = figures.rows(
            book.customer, at=at, known=known, license_id=license_id, feature_id=feature_id
        )
        assert sum(row.credits for row in rows) == levels[side, name]
    cause = figures.crossing(book.customer, at=at, known=known)
    assert [step.at for step in cause] == expected_cause(book.oracle, at, known)


def expected_cause(oracle: Oracle, at: datetime, known: datetime) -> list[datetime]:
    """The newest instant that took the balance below zero, and the later ones that worsened it."""
    cause: list[datetime] = []
    before = 0
    for instant in [instant for instant in oracle.instants() if instant <= at]:
        after = oracle.balance(instant, known)
        if after >= 0:
            cause = []
        elif before >= 0 or after < before:
            cause.append(instant)
        before = after
    return cause


def check_standing(
    book: Book, clock: datetime, boundary: datetime, entries: list[LedgerEntry]
) -> figures.Standing:
    """Live at (now, now), shown at (B, B), shown + pending = live, and both courses ahead."""
    given = None if boundary == book.boundary else boundary
    stands = figures.standing(book.customer, now=clock, boundary=given)
    now = book.read_instant(clock)
    check_position(book, stands.live, now)
    assert stands.seq == len(entries)
    nothing_known = bool(entries) and all(entry.recorded_at > boundary for entry in entries)
    assert stands.unpublished == nothing_known
    check_position(book, stands.shown, now if nothing_known else boundary)
    changed = Counter(book.named(stands.live))
    for entry in stands.pending:
        changed[book.subject(entry)] -= entry.credits
    assert {s: n for s, n in changed.items() if n} == book.named(stands.shown)
    assert stands.pending_balance == sum(
        entry.credits if entry.side == "valid" else -entry.credits for entry in stands.pending
    )
    return stands


def check_position(book: Book, position: figures.Position, at: datetime) -> None:
    oracle = book.oracle
    assert (position.at, position.known) == (at, at)
    assert book.named(position) == oracle.levels(at, at)
    assert (position.figure.valid, position.figure.allocated) == oracle.figure(at, at)
    ahead = [instant for instant in oracle.instants() if instant > at]
    for instant in ahead:
        read = position.figure_at(instant)
        assert (read.valid, read.allocated) == oracle.figure(instant, at), instant
    for step in position.ahead:
        assert (step.figure.valid, step.figure.allocated) == oracle.figure(step.at, at)
    short = None
    if oracle.balance(at, at) >= 0:
        short = next((instant for instant in ahead if oracle.balance(instant, at) < 0), None)
    runs_out = short is not None and oracle.figure(short, at)[0] == 0
    first_short = position.first_short.at if position.first_short else None
    assert first_short == (None if runs_out else short)
    assert position.covered_until == (short if runs_out else None)


def check_history(book: Book, stands: figures.Standing, chance: random.Random) -> None:
    """Each day's figure is the one at its end; today's is the position's own."""
    position = stands.shown
    today = position.at.astimezone(UTC).date()
    since = today - DAY * chance.choice((0, 1, 45, 400))
    days = history(book.customer, position, stands.beyond, since=since)
    assert days[0].day == since
    assert [day.day for day in days] == sorted({day.day for day in days})
    for day, following in zip(days, [*days[1:], None], strict=True):
        last = following.day - DAY if following else today
        for shown in {day.day, last}:
            end = datetime(shown.year, shown.month, shown.day, tzinfo=UTC) + DAY - MICROSECOND
            at = min(end, position.at)
            expected = book.oracle.figure(at, position.known)
            assert (day.figure.valid, day.figure.allocated) == expected, shown
