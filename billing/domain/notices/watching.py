"""States of a balance, told when they begin and when they are over: below zero, short ahead, low.

They are judged at a slot's present and as known then, so that a slot that runs late tells what it
would have told in time. The row of a state says what was told last; it changes in the transaction
of its notice, and only from the other value, so that of any number of runs one tells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from billing.domain.digests.positions import positions_at
from billing.domain.notices.choosing import SetNotices
from billing.domain.notices.chosen import Chosen, chosen_at
from billing.domain.notices.state_facts import StateNotice, state_notices
from billing.domain.notices.windows import Window
from billing.models import Notice, NoticeKind, Watched, WatchedState
from credits.domain.access_state import Stage, state_of
from credits.domain.figures import Figure, Position, Step
from credits.domain.parking import Unpark
from credits.models import Customer

LATE = timedelta(hours=1)
"""A writer that began before a slot may commit a little after it: the next slot looks again."""

SILENT = (Stage.NEW, Stage.LOCKED)
"""Where access stands when nothing is told of the balance."""

# Customers whose figure may have changed in the window, by either clock; whose known future came
# within reach, for each reach there is; whose settings changed or whose books were opened again;
# and of whom some state holds.
# Intervals are in hours: a day of an interval is one of the session's zone.
CANDIDATES = """
SELECT array_agg(customer_id ORDER BY customer_id) FROM (
    SELECT customer_id FROM credits_ledgerentry
    WHERE recorded_at > %(since)s AND recorded_at <= %(until)s
    UNION
    SELECT customer_id FROM credits_ledgerentry
    WHERE effective_at > recorded_at AND effective_at > %(since)s AND effective_at <= %(until)s
    UNION
    SELECT entry.customer_id FROM (
        SELECT %(days)s AS days
        UNION SELECT DISTINCT days_ahead FROM billing_noticesettings WHERE days_ahead > 0
    ) reach CROSS JOIN LATERAL (
        SELECT customer_id FROM credits_ledgerentry
        WHERE effective_at > recorded_at
            AND effective_at > %(since)s + reach.days * interval '24 hours'
            AND effective_at <= %(until)s + reach.days * interval '24 hours'
    ) entry
    UNION
    SELECT customer_id FROM credits_operation
    WHERE recorded_at > %(since)s AND recorded_at <= %(until)s AND kind = ANY(%(kinds)s)
        AND customer_id IS NOT NULL
    UNION
    SELECT customer_id FROM billing_watchedstate WHERE holds
) candidate
"""

# A row changes only from the other value, and only to what a later slot says: whoever comes second
# waits for the first and then finds nothing to change.
CHANGE = """
INSERT INTO billing_watchedstate AS told (customer_id, state, level, holds, since)
SELECT customer_id, state, level, holds, %(at)s
FROM unnest(%(customers)s::bigint[], %(states)s::text[], %(levels)s::int[], %(holds)s::bool[])
    AS change (customer_id, state, level, holds)
ON CONFLICT (customer_id, state, level) DO UPDATE
SET holds = EXCLUDED.holds, since = EXCLUDED.since
WHERE told.holds <> EXCLUDED.holds AND told.since < EXCLUDED.since
RETURNING customer_id, state, level
"""

State = tuple[str, int]
"""A watched state and its level; 0 where it has none."""

NEGATIVE: State = (Watched.NEGATIVE, 0)
SHORT_AHEAD: State = (Watched.SHORT_AHEAD, 0)


@dataclass(frozen=True, order=True)
class Change:
    """A state of one customer that begins, or is over; told or not."""

    customer: int
    state: State
    holds: bool
    is_told: bool = True


def customers_watched(window: Window) -> list[int]:
    """The customers of whom a state may have begun or be over, by their keys; a few too many."""
    asked: dict[str, Any] = {
        "since": window.since - LATE,
        "until": window.until,
        "days": Chosen().days_ahead,
        "kinds": [SetNotices.kind, Unpark.kind],
    }
    with connection.cursor() as cursor:
        cursor.execute(CANDIDATES, asked)
        (found,) = cursor.fetchone()
    return found or []


def states_changed(customers: Sequence[Customer], at: datetime) -> list[Notice]:
    """What began or is over for some customers at an instant, as known then; kept as told.

    The caller saves the notices in the same transaction. The customers come with what `state_of`
    reads and with their balance. Nothing is told to those that never held anything or have lost
    access; nor to parked ones, whose figures may be wrong.
    """
    open_ones = {
        customer.pk: customer
        for customer in customers
        if customer.standing.parked_at is None and state_of(customer, at).stage not in SILENT
    }
    positions = positions_at(list(open_ones.values()), at)
    chosen = chosen_at(list(open_ones), at)
    held = told_before(list(open_ones))
    wanted = [
        change for pk in open_ones for change in changes(pk, positions[pk], chosen[pk], held[pk])
    ]
    told = [change for change in wanted if change.is_told]
    done = changed(wanted, at)
    notices = [
        notice
        for pk in sorted({pk for pk, _state in done})
        for notice in named(
            [c for c in told if c.customer == pk and (pk, c.state) in done],
            open_ones[pk],
            positions[pk],
            chosen[pk],
        )
    ]
    return state_notices(notices)


def told_before(customers: Sequence[int]) -> Mapping[int, set[State]]:
    """The states that hold by what was told last."""
    held: Mapping[int, set[State]] = defaultdict(set)
    rows = WatchedState.objects.filter(customer__in=customers, holds=True)
    for customer, state, level in rows.values_list("customer", "state", "level"):
        held[customer].add((state, level))
    return held


def changes(
    customer: int, position: Position, chosen: Chosen, held: set[State]
) -> Iterator[Change]:
    """The states of a customer that are not as they were told.

    A shortage ahead that has come is no shortage that is over; while the balance is below zero
    the low levels stay as they were told, and so they do while nothing is valid. What the customer
    does not want to be told any more ends in silence.
    """
    figure = position.figure
    is_negative = figure.balance < 0
    if is_negative != (NEGATIVE in held):
        yield Change(customer, NEGATIVE, is_negative)
    is_short = not is_negative and short_step(position, chosen.days_ahead) is not None
    if is_short != (SHORT_AHEAD in held):
        is_told = not is_negative and chosen.days_ahead > 0
        yield Change(customer, SHORT_AHEAD, is_short, is_told)
    told = {level for state, level in held if state == Watched.LOW}
    levels = set(chosen.low_levels)
    for level in told - levels:
        yield Change(customer, (Watched.LOW, level), holds=False, is_told=False)
    if is_negative or figure.valid == 0:
        return
    for level in levels:
        is_low = is_below(figure, level)
        if is_low != (level in told):
            yield Change(customer, (Watched.LOW, level), is_low)


def short_step(position: Position, days: int) -> Step | None:
    """The first step within so many days from now on at which credits are short."""
    until = position.at + days * timedelta(days=1)
    reached = (step for step in position.ahead if step.at <= until)
    return next((step for step in reached if step.figure.balance < 0), None)


def is_below(figure: Figure, level: int) -> bool:
    """Whether less than a percentage of what is valid is left."""
    return figure.balance * 100 < level * figure.valid


def changed(wanted: Sequence[Change], at: datetime) -> set[tuple[int, State]]:
    """Change the states' rows in one statement; those that no other run has changed."""
    if not wanted:
        return set()
    rows = sorted(wanted)
    asked: dict[str, Any] = {
        "at": at,
        "customers": [row.customer for row in rows],
        "states": [str(row.state[0]) for row in rows],
        "levels": [row.state[1] for row in rows],
        "holds": [row.holds for row in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(CHANGE, asked)
        return {(customer, (state, level)) for customer, state, level in cursor.fetchall()}


def named(
    told: Sequence[Change], customer: Customer, position: Position, chosen: Chosen
) -> Iterator[StateNotice]:
    """What is told of one customer's changes: of several low levels one, the lowest reached."""

    def notice(kind: NoticeKind, **facts: Any) -> StateNotice:
        return StateNotice(kind, customer, position, facts)

    by_state = {change.state: change.holds for change in told}
    if (is_negative := by_state.get(NEGATIVE)) is not None:
        yield notice(NoticeKind.NEGATIVE if is_negative else NoticeKind.NEGATIVE_OVER)
    if (is_short := by_state.get(SHORT_AHEAD)) is not None:
        kind = NoticeKind.SHORT_AHEAD if is_short else NoticeKind.SHORT_AHEAD_OVER
        yield notice(kind, days=chosen.days_ahead)
    lower = [level for (_low, level), holds in by_state.items() if level and holds]
    higher = [level for (_low, level), holds in by_state.items() if level and not holds]
    still = [level for level in chosen.low_levels if is_below(position.figure, level)]
    if lower:
        yield notice(NoticeKind.LOW_BALANCE, level=min(lower))
    if higher:
        yield notice(NoticeKind.LOW_BALANCE_OVER, level=max(higher), still=min(still, default=None))
