"""Everybody loses all credits at one instant: what the books write, and what recording it costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any

from django.db import connection, transaction

from billing.domain.lifecycle import advance
from billing.models import CustomerLife, LifeEvent
from config.benchmarks.crowd import DAY
from config.benchmarks.hours import timed, undone
from config.benchmarks.told import Told
from credits import clock
from credits.domain.figures import figure
from credits.models import Customer

BOOKS = (
    "credits_operation",
    "credits_ledgerentry",
    "credits_licenseterm",
    "credits_level",
    "credits_balance",
    "credits_dailychange",
)
AT_ONCE = 500

EVENTS = "INSERT INTO billing_lifeevent (customer_id, license_id, kind, at, recorded_at) VALUES "
LIVES = """
UPDATE billing_customerlife life SET stage = kept.stage, since = kept.since, ends_at = kept.ends_at
FROM (VALUES {rows}) kept (customer_id, stage, since, ends_at)
WHERE kept.customer_id = life.customer_id
"""


@dataclass(frozen=True)
class Written:
    """The rows that recording the expiries writes."""

    events: Sequence[Sequence[Any]]
    lives: Sequence[Sequence[Any]]


def measure_expiries(rounds: int) -> Iterator[Told]:
    """In turns: the hour's run that records all of it, and the bare writes of the same rows."""
    with clock.moved_to(DAY):
        advance(DAY - timedelta(hours=1))
        changed, written = look()
        yield Told(
            "expiries at once: rows written for the figures",
            f"{len(written.lives):,} customers",
            changed,
            gate=0,
            aim=0,
            unit="rows",
        )
        ours, floor = [], []
        for _ in range(rounds):
            with undone():
                ours.append(timed(lambda: advance(DAY)))
            with undone():
                floor.append(timed(lambda: write(written)))
        yield Told(
            "expiries at once: recording them, of writing the same rows",
            f"{median(ours):.2f} s, {median(floor):.2f} s",
            median(mine / bare for mine, bare in zip(ours, floor, strict=True)),
            gate=4,
            aim=2.5,
            note=f"{len(written.events):,} events, {len(written.lives):,} customers moved",
        )


def look() -> tuple[int, Written]:
    """How many rows of the books change where everything ends, and what recording it writes."""
    customer = Customer.objects.earliest("pk")
    before = figure(customer, at=DAY - clock.DAY, known=DAY)
    with undone():
        advance(DAY)
        after = figure(customer, at=DAY, known=DAY)
        changed = rows_of_books()
        events = LifeEvent.objects.filter(recorded_at=DAY).order_by("customer_id")
        lives = CustomerLife.objects.filter(since=DAY).order_by("customer_id")
        written = Written(
            list(events.values_list("customer_id", "license_id", "kind", "at", "recorded_at")),
            list(lives.values_list("customer_id", "stage", "since", "ends_at")),
        )
    if not before.valid or after.valid:
        raise AssertionError("Nothing ended.")
    return changed, written


def rows_of_books() -> int:
    """Rows of the books that this transaction has inserted, updated or deleted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)"
            " FROM pg_stat_xact_user_tables WHERE relname = ANY(%s)",
            [list(BOOKS)],
        )
        (changed,) = cursor.fetchone()
    return int(changed)


def write(written: Written) -> None:
    """The same rows with nothing around them, so many in a statement."""
    for start in range(0, len(written.events), AT_ONCE):
        send(EVENTS + "{rows}", "(%s, %s, %s, %s, %s)", written.events[start : start + AT_ONCE])
    for start in range(0, len(written.lives), AT_ONCE):
        send(LIVES, "(%s, %s, %s, %s)", written.lives[start : start + AT_ONCE])


def send(statement: str, row: str, rows: Sequence[Sequence[Any]]) -> None:
    """One statement over so many rows, in a transaction of its own."""
    text = statement.format(rows=", ".join([row] * len(rows)))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(text, [value for values in rows for value in values])
