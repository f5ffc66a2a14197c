"""Closing an hour in which everybody was busy, the bare reading of it, and closing a quiet one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter

from django.db import connection, transaction

from billing.domain.publication import publish_hours
from config.benchmarks.crowd import BUSY
from config.benchmarks.told import Told
from credits.domain.boundaries import DELAY, HOUR

READINGS = (
    """
COPY (
    SELECT customer_id, seq, operation_id, side, license_id, feature_id, credits, effective_at,
        recorded_at
    FROM credits_ledgerentry WHERE recorded_at > %(before)s AND recorded_at <= %(through)s
) TO STDOUT
""",
    """
COPY (
    SELECT customer_id, position, hash
    FROM credits_operation WHERE recorded_at > %(before)s AND recorded_at <= %(through)s
) TO STDOUT
""",
)
"""The rows that an hour made visible and the operations that brought them, as they come."""


QUIET = 7
"""So many times as often: it takes milliseconds, which anything else on the machine disturbs."""


def measure_hours(rounds: int) -> Iterator[Told]:
    """In turns: the busy hour closed, its rows read; then a quiet one. Nothing is kept."""
    busy, bare, quiet = [], [], []
    with undone():
        for _ in range(rounds):
            with undone():
                busy.append(timed(lambda: publish_hours(BUSY + DELAY)))
            bare.append(timed(read))
        publish_hours(BUSY + DELAY)
        for _ in range(QUIET * rounds):
            with undone():
                quiet.append(timed(lambda: publish_hours(BUSY + DELAY + HOUR)))
    yield Told(
        "closing a busy hour, of reading its rows",
        f"{median(busy):.3f} s, {median(bare):.3f} s",
        median(mine / floor for mine, floor in zip(busy, bare, strict=True)),
        gate=3,
        aim=1.5,
    )
    yield Told(
        "closing a quiet hour, of a busy one",
        f"{median(quiet) * 1000:.1f} ms, {median(busy) * 1000:,.0f} ms",
        100 * median(quiet) / median(busy),
        gate=1,
        aim=0.5,
        unit="%",
    )


def read() -> None:
    """Read what the busy hour brought, and do nothing with it."""
    window = {"before": BUSY - HOUR, "through": BUSY}
    for statement in READINGS:
        with connection.cursor() as cursor, cursor.cursor.copy(statement, window) as copy:
            for _ in copy:
                pass


def timed(act: Callable[[], object]) -> float:
    """The seconds an act takes."""
    started = perf_counter()
    act()
    return perf_counter() - started


@contextmanager
def undone() -> Iterator[None]:
    """What happens in the block is taken back at its end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
