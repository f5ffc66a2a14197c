"""The one reader: figures at any instant, as known at any instant, and the rows they sum.

figure(at, known) is the sum of credits with effective_at <= at and recorded_at <= known. The
present is read from the projections; what a boundary shows is the present less what is not yet
visible there, so both cost the same few rows however long the ledger is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum

from credits import clock
from credits.domain.books import Subject
from credits.domain.reading import BEGINNING
from credits.domain.standing_reading import Known, read_standing
from credits.models import Balance, Customer, LedgerEntry, Level, Operation, Side, subject_of


@dataclass(frozen=True)
class Figure:
    """Valid and allocated credits at one instant. Balance = valid - allocated."""

    valid: int
    allocated: int

    @property
    def balance(self) -> int:
        """What is left; below zero it is called short."""
        return self.valid - self.allocated


@dataclass(frozen=True)
class Step:
    """What happens at one known instant, and the figure from there on."""

    at: datetime
    figure: Figure
    entries: tuple[LedgerEntry, ...]


@dataclass(frozen=True)
class Position:
    """Where a customer stands at an instant, as known at an instant, and what is known ahead."""

    at: datetime
    known: datetime
    figure: Figure
    by_license: Mapping[int, int]
    by_feature: Mapping[int, int]
    ahead: tuple[Step, ...]

    @cached_property
    def first_short(self) -> Step | None:
        """The first step ahead that is short while credits are still valid.

        None while the balance is below zero already, and where the only shortage ahead is the
        end of the last license: that is `covered_until`.
        """
        if self.figure.balance < 0:
            return None
        short = next((step for step in self.ahead if step.figure.balance < 0), None)
        return short if short is not None and short.figure.valid > 0 else None

    @cached_property
    def covered_until(self) -> datetime | None:
        """The instant at which the last valid credits end with no shortage before, if any."""
        if self.figure.balance < 0:
            return None
        short = next((step for step in self.ahead if step.figure.balance < 0), None)
        return short.at if short is not None and short.figure.valid == 0 else None

    def figure_at(self, at: datetime) -> Figure:
        """The figure at this position's instant or any later one."""
        figure = self.figure
        for step in self.ahead:
            if step.at > at:
                break
            figure = step.figure
        return figure


@dataclass(frozen=True)
class Standing:
    """Both clocks' view of one customer, read together: live, shown at a boundary, pending."""

    live: Position
    shown: Position
    pending: tuple[LedgerEntry, ...]
    """What is live and visible only after the boundary; shown + pending = live."""
    boundary: datetime | None
    """The boundary of what is shown; None while no boundary was ever closed."""
    unpublished: bool
    """Nothing of the customer is visible at the boundary; the live figures stand there."""
    seq: int
    beyond: tuple[LedgerEntry, ...]
    """Every entry recorded or effective after the boundary, by seq."""
    levels: Mapping[Subject, Level]
    operations: Mapping[int, Operation]
    """If told: those recorded after the boundary, with the quantities `stated` by their reports, by
    allocation group."""
    known: Known
    """Which operations the shown position knows."""
    rates_through: int
    """The newest rate operation that is booked."""

    @property
    def pending_balance(self) -> int:
        """What the pending entries make of the balance (credits)."""
        return self.live.figure.balance - self.shown.figure.balance


def read_now(balance: Balance, now: datetime, newest: datetime | None = None) -> datetime:
    """The present of a customer's pages: never before the customer's own last write.

    Nor before the newest closed boundary, where the clock was set back.
    """
    return max(now, balance.last_recorded_at or now, newest or now)


def standing(
    customer: Customer,
    *,
    now: datetime,
    boundary: datetime | None = None,
    told: bool = False,
    before: timedelta = timedelta(0),
) -> Standing:
    """A customer's live and shown positions from the projections, in one query.

    Shown is what the newest closed boundary shows, unless an older one is given. Before the
    first is closed nothing is published, and the live figures stand there.

    `told` brings the operations that are not shown, `before` keeps entries of so long before the
    boundary among those beyond.
    """
    read = read_standing(customer, boundary, told=told, before=before)
    balance, levels, newest, entries = read.balance, read.levels, read.newest, read.beyond
    now = read_now(balance, now, newest)
    boundary = boundary or newest
    live_levels = Counter({subject: row.credits for subject, row in levels.items()})
    for entry in entries:
        if balance.folded_until < entry.effective_at <= now:
            live_levels[subject_of(entry)] += entry.credits
    live = position(live_levels, entries, at=now, known=now)
    shown = live
    pending: tuple[LedgerEntry, ...] = ()
    unpublished = balance.seq > 0 and nothing_visible(entries, balance, boundary)
    if boundary is not None and not unpublished:
        pending = tuple(e for e in entries if e.visible_at > boundary and e.effective_at <= now)
        shown_levels = Counter(live_levels)
        for entry in pending:
            shown_levels[subject_of(entry)] -= entry.credits
        shown = position(shown_levels, entries, at=boundary, known=boundary)
    return Standing(
        live=live,
        shown=shown,
        pending=pending,
        boundary=boundary,
        unpublished=unpublished,
        seq=balance.seq,
        beyond=entries,
        levels=levels,
        operations=read.operations,
        known=read.known(shown.known),
        rates_through=balance.rates_through,
    )


def nothing_visible(
    entries: Sequence[LedgerEntry], balance: Balance, boundary: datetime | None
) -> bool:
    """Whether every entry of the customer is recorded after the boundary."""
    if boundary is None:
        return True
    return sum(entry.recorded_at > boundary for entry in entries) == balance.seq


def position(
    levels: Mapping[Subject, int], entries: Sequence[LedgerEntry], *, at: datetime, known: datetime
) -> Position:
    """The position that levels at `at` and the entries known ahead make."""
    by_license = {pk: n for (side, pk), n in levels.items() if side == Side.VALID and n}
    by_feature = {pk: n for (side, pk), n in levels.items() if side == Side.ALLOCATED and n}
    figure = Figure(sum(by_license.values()), sum(by_feature.values()))
    ahead = [e for e in entries if e.effective_at > at and e.recorded_at <= known]
    return Position(
        at=at,
        known=known,
        figure=figure,
        by_license=by_license,
        by_feature=by_feature,
        ahead=tuple(steps(figure, ahead)),
    )


def steps(figure: Figure, entries: Iterable[LedgerEntry]) -> list[Step]:
    """The figure after each instant at which entries take effect, in time order."""
    by_instant: dict[datetime, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        by_instant[entry.effective_at].append(entry)
    course = []
    for at in sorted(by_instant):
        happening = by_instant[at]
        figure = Figure(
            figure.valid + sum(e.credits for e in happening if e.side == Side.VALID),
            figure.allocated + sum(e.credits for e in happening if e.side == Side.ALLOCATED),
        )
        course.append(Step(at, figure, tuple(happening)))
    return course


def rows(
    customer: Customer,
    *,
    at: datetime,
    known: datetime,
    side: str | None = None,
    license_id: int | None = None,
    feature_id: int | None = None,
) -> QuerySet[LedgerEntry]:
    """The ledger rows whose sum is the figure: of the customer, a side, a license, a feature."""
    found = LedgerEntry.objects.filter(customer=customer).counted(at=at, known=known)
    if side is not None:
        found = found.filter(side=side)
    if license_id is not None:
        found = found.filter(license=license_id)
    if feature_id is not None:
        found = found.filter(feature=feature_id)
    return found.order_by("seq")


def figure(customer: Customer, *, at: datetime, known: datetime) -> Figure:
    """The figure at any instant, as known at any instant, straight from the ledger."""
    sums = rows(customer, at=at, known=known).aggregate(
        valid=Sum("credits", filter=Q(side=Side.VALID), default=0),
        allocated=Sum("credits", filter=Q(side=Side.ALLOCATED), default=0),
    )
    return Figure(sums["valid"], sums["allocated"])


def level(
    customer: Customer,
    *,
    at: datetime,
    known: datetime,
    license_id: int | None = None,
    feature_id: int | None = None,
) -> int:
    """Credits one license gives or one feature holds, at any instant, as known at any instant."""
    found = rows(customer, at=at, known=known, license_id=license_id, feature_id=feature_id)
    total: int = found.aggregate(total=Sum("credits", default=0))["total"]
    return total


def levels(customer: Customer, *, at: datetime, known: datetime) -> dict[Subject, int]:
    """Credits of every license and feature at any instant, as known at any instant; one query.

    What nets to zero is left out. The two sides' sums are the figure.
    """
    sums = rows(customer, at=at, known=known).order_by().values("side", "license_id", "feature_id")
    return {
        (row["side"], row["license_id"] if row["side"] == Side.VALID else row["feature_id"]): total
        for row in sums.annotate(total=Sum("credits"))
        if (total := row["total"])
    }


# The days at whose end the balance was not below zero, as known at an instant: the stored changes
# less what was recorded later. The rows recorded later are the last by seq, named one by one
# so that the planner takes the index.
LAST_COVERED = """
WITH later AS (
    SELECT side, (effective_at AT TIME ZONE 'UTC')::date AS day, -credits AS credits
    FROM credits_ledgerentry
    WHERE customer_id = %(customer)s AND seq = ANY (ARRAY(SELECT generate_series(
        1 + coalesce((
            SELECT seq FROM credits_ledgerentry
            WHERE customer_id = %(customer)s AND recorded_at <= %(known)s
            ORDER BY customer_id DESC, seq DESC LIMIT 1), 0),
        (SELECT seq FROM credits_balance WHERE customer_id = %(customer)s))))
), change AS (
    SELECT day, coalesce(sum(credits) FILTER (WHERE side = 'valid'), 0) AS valid,
        coalesce(sum(credits) FILTER (WHERE side = 'allocated'), 0) AS allocated
    FROM (
        SELECT side, day, credits FROM later
        UNION ALL
        SELECT side, day, credits FROM credits_dailychange WHERE customer_id = %(customer)s
    ) both_parts WHERE day < %(today)s GROUP BY day
), ended AS (
    SELECT day, (sum(valid) OVER past)::bigint AS valid,
        (sum(allocated) OVER past)::bigint AS allocated
    FROM change WINDOW past AS (ORDER BY day)
)
SELECT day, valid, allocated, coalesce((
    SELECT seq FROM credits_ledgerentry
    WHERE customer_id = %(customer)s
        AND recorded_at < (day + 1)::timestamp AT TIME ZONE 'UTC'
    ORDER BY customer_id DESC, seq DESC LIMIT 1), 0)
FROM ended WHERE valid >= allocated ORDER BY day DESC LIMIT 1
"""


def last_covered(
    customer: Customer, *, at: datetime, known: datetime
) -> tuple[datetime, Figure, int]:
    """The end of the last day before `at` that ended with no shortage, and its figure.

    With them the newest seq recorded before that. The beginning of time and zeros where there is
    no such day.
    """
    asked: dict[str, Any] = {"customer": customer.pk, "known": known, "today": clock.day_of(at)}
    with connection.cursor() as cursor:
        cursor.execute(LAST_COVERED, asked)
        found = cursor.fetchone()
    if found is None:
        return BEGINNING, Figure(0, 0), 0
    day, valid, allocated, seq = found
    return clock.start_of(day + timedelta(days=1)), Figure(valid, allocated), seq


def crossing(customer: Customer, *, at: datetime, known: datetime) -> list[Step]:
    """What made a negative balance: the newest instant it fell below zero, then what worsened it.

    Empty if the balance is not below zero (docs/rules.md, negative balance). Reads as far back as
    the last day that ended with no shortage, however long the ledger is.
    """
    start, covered, seq = last_covered(customer, at=at, known=known)
    is_later = Q(seq__gt=seq) | Q(effective_at__gt=F("recorded_at"), effective_at__gte=start)
    entries = LedgerEntry.objects.filter(is_later, customer=customer, effective_at__gte=start)
    counted = entries.counted(at=at, known=known).order_by("seq")
    course = steps(covered, counted.select_related("operation", "license", "feature"))
    before = covered.balance
    cause: list[Step] = []
    for step in course:
        after = step.figure.balance
        if after >= 0:
            cause = []
        elif before >= 0 or after < before:
            cause.append(step)
        before = after
    return cause
