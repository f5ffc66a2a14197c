"""Where each customer's access stands, recorded; and who is marked for purge (docs/rules.md#r13).

Moved by the one rule of access alone. What is recorded may lag behind what the terms say, and
never leads: nothing is opened or closed by it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, Exists, ExpressionWrapper, Func, OuterRef, Value
from django.db.models.fields import DurationField

from billing.domain.lifecycle.course import Holdings, course, holdings_of
from billing.models import CustomerLife, LifeEvent, LifeEventKind, Recorded
from credits import clock
from credits.domain.access_state import AccessState, Stage, state_of, with_held
from credits.domain.jobs import HOUR
from credits.models import Balance, Customer

logger = logging.getLogger(__name__)

BATCH = 500
"""Customers of one transaction."""

NOTICED = timedelta(days=7)
"""How long a lock must have been recorded before its customer is marked."""

OVER = (Recorded.LOCKED, Recorded.MARKED)
"""The recorded stages in which access has ended."""

COLUMNS = ("stage", "since", "ends_at", "marked_at", "marked_on")


@dataclass
class Move:
    """What a customer's recorded life becomes, with the changes that lead there."""

    before: CustomerLife
    after: CustomerLife
    events: list[LifeEvent] = field(default_factory=list)


def database_clock() -> Any:
    """The database's own clock, moved as the present is: what a purge waits for."""
    now = Func(function="clock_timestamp", output_field=DateTimeField())
    moved = now + Value(clock.moved_by(), output_field=DurationField())
    return ExpressionWrapper(moved, output_field=DateTimeField())


def move_all(as_of: datetime, failed: list[int]) -> dict[str, int]:
    """Bring every customer's recorded stage up to an instant, and mark for purge.

    A customer that goes wrong is logged, added to `failed` and skipped.
    """
    counts = {"moved": 0, "marked": 0, "unmarked": 0}
    for customers in batches():
        try:
            move_some(customers, as_of, counts)
        except Exception:
            logger.exception("lifecycle_batch_failed first=%d", customers[0].pk)
            move_one_by_one(customers, as_of, counts, failed)
    return counts


def move_one_by_one(
    customers: Sequence[Customer], as_of: datetime, counts: dict[str, int], failed: list[int]
) -> None:
    """The customers of a batch that failed, so that one stops nobody else."""
    for customer in customers:
        try:
            move_some([customer], as_of, counts)
        except Exception:
            logger.exception("lifecycle_failed customer=%d", customer.pk)
            failed.append(customer.pk)


def batches() -> Iterator[list[Customer]]:
    """All customers that were not purged, by key, with what the rule reads."""
    open_books = Exists(Balance.objects.filter(pk=OuterRef("pk"), purged_at__isnull=True))
    everybody = with_held(Customer.objects.filter(open_books).select_related("standing", "life"))
    after = 0
    while found := list(everybody.filter(pk__gt=after).order_by("pk")[:BATCH]):
        yield found
        after = found[-1].pk


def move_some(customers: Sequence[Customer], as_of: datetime, counts: dict[str, int]) -> None:
    """Move and mark a batch of customers as of an instant."""
    states = {customer.pk: state_of(customer, as_of) for customer in customers}
    changed = [one for one in customers if may_have_moved(one, states[one.pk], as_of)]
    lives = {customer.pk: life_of(customer) for customer in customers}
    if changed:
        holdings = holdings_of([customer.pk for customer in changed])
        moves = [move(lives[pk], held, as_of) for pk, held in holdings.items()]
        for moved in write([one for one in moves if one is not None]):
            lives[moved.after.pk] = moved.after
            counts["moved"] += len(moved.events)
    due = [c for c in customers if is_due(c, lives[c.pk], states[c.pk], as_of)]
    counts["marked"] += mark(due, as_of)
    counts["unmarked"] += unmark([c for c in customers if is_kept(c)], lives)


def life_of(customer: Customer) -> CustomerLife:
    """A customer's recorded life; a new one has none yet."""
    return getattr(customer, "life", None) or CustomerLife(customer=customer)


def may_have_moved(customer: Customer, state: AccessState, as_of: datetime) -> bool:
    """Whether the terms say something else than is recorded, or were changed of late.

    Of late is since the slot before: what changed and was changed back within one slot is
    recorded as well, and a slot that is made up later finds the same.
    """
    life = getattr(customer, "life", None)
    if life is None or recorded_stage(life) != state.stage or life.ends_at != state.ends_at:
        return True
    learned = customer.standing.last_recorded_at
    return learned is not None and learned > as_of - HOUR


def recorded_stage(life: CustomerLife) -> str:
    """The recorded stage in the words of the rule: whoever is marked is locked."""
    return Stage.LOCKED if life.stage in OVER else Stage(life.stage)


def move(life: CustomerLife, holdings: Holdings, as_of: datetime) -> Move | None:
    """What a life becomes by an instant; None where nothing changes."""
    stage, since, ends_at = recorded_stage(life), life.since, life.ends_at
    events = []
    for at, state in course(holdings, since, as_of):
        ends_at = state.ends_at
        if state.stage != stage:
            events += event_of(life, stage, state.stage, at, as_of)
            stage, since = state.stage, at
    recorded = (recorded_stage(life), life.since, life.ends_at)
    if recorded == (stage, since, ends_at) and not life._state.adding:
        return None
    after = CustomerLife(customer_id=life.customer_id, stage=stage, since=since, ends_at=ends_at)
    if stage == Stage.LOCKED and not events:
        # Locked all along, by an end that is known better now: the mark stays as it was.
        after.stage, after.marked_at, after.marked_on = life.stage, life.marked_at, life.marked_on
    return Move(life, after, events)


def event_of(
    life: CustomerLife, before: str, after: str, at: datetime, as_of: datetime
) -> list[LifeEvent]:
    """The event of one change of stage; a customer that never held anything is no event."""
    if after == Stage.NEW:
        return []
    kind = LifeEventKind.RESTORED if before == Stage.LOCKED else LifeEventKind(str(after))
    return [LifeEvent(customer_id=life.customer_id, kind=kind, at=at, recorded_at=as_of)]


@transaction.atomic
def write(moves: Sequence[Move]) -> list[Move]:
    """Write moves; those whose customer another run moved meanwhile are left to the next slot."""
    if not moves:
        return []
    new = [one.before.customer_id for one in moves if one.before._state.adding]
    CustomerLife.objects.bulk_create(
        [CustomerLife(customer_id=pk) for pk in new], ignore_conflicts=True
    )
    lives = locked([one.after.customer_id for one in moves])
    mine = [one for one in moves if is_same(one.before, lives[one.after.customer_id])]
    CustomerLife.objects.bulk_create(
        [one.after for one in mine],
        update_conflicts=True,
        unique_fields=["customer"],
        update_fields=COLUMNS,
    )
    LifeEvent.objects.bulk_create(
        [event for one in mine for event in one.events], ignore_conflicts=True
    )
    return mine


def locked(customers: Sequence[int]) -> dict[int, CustomerLife]:
    """The lives of customers, locked in one order before anything is written."""
    rows = CustomerLife.objects.filter(customer__in=customers).select_for_update(no_key=True)
    return {life.pk: life for life in rows.order_by("customer_id")}


def is_same(before: CustomerLife, now: CustomerLife) -> bool:
    """Whether a life is as it was when it was read."""
    return (before.stage, before.since, before.marked_at) == (now.stage, now.since, now.marked_at)


# The mark


def is_kept(customer: Customer) -> bool:
    """Whether nothing may be erased: a legal hold, or books that wait for support."""
    return customer.held_at is not None or customer.standing.parked_at is not None


def is_due(customer: Customer, life: CustomerLife, state: AccessState, as_of: datetime) -> bool:
    """Whether a customer is to be marked: locked then and now, and kept for long enough."""
    return (
        life.stage == Recorded.LOCKED
        and state.is_locked
        and state.purge_from is not None
        and as_of >= state.purge_from
        and not is_kept(customer)
    )


@transaction.atomic
def mark(customers: Sequence[Customer], as_of: datetime) -> int:
    """Mark locked customers for purge, by the slot and by the database's own clock.

    Only whose lock was recorded a week ago: an installation that begins to record, or that stood
    still, finds many locks at once, and leaves everybody time to look at them.
    """
    if not customers:
        return 0
    lives = locked([customer.pk for customer in customers])
    noticed = LifeEvent.objects.filter(
        customer__in=lives, kind=LifeEventKind.LOCKED, recorded_at__lte=as_of - NOTICED
    )
    locks = set(noticed.values_list("customer_id", "at"))
    due = [
        life.pk
        for life in lives.values()
        if life.stage == Recorded.LOCKED and (life.pk, life.since) in locks
    ]
    CustomerLife.objects.filter(pk__in=due).update(
        stage=Recorded.MARKED, marked_at=as_of, marked_on=database_clock()
    )
    LifeEvent.objects.bulk_create(
        [
            LifeEvent(customer_id=pk, kind=LifeEventKind.MARKED, at=as_of, recorded_at=as_of)
            for pk in due
        ],
        ignore_conflicts=True,
    )
    return len(due)


def unmark(kept: Sequence[Customer], lives: dict[int, CustomerLife]) -> int:
    """Take the mark from whoever is held or parked: afterwards the wait begins anew."""
    marked = [one.pk for one in kept if lives[one.pk].stage == Recorded.MARKED]
    if not marked:
        return 0
    return CustomerLife.objects.filter(pk__in=marked, stage=Recorded.MARKED).update(
        stage=Recorded.LOCKED, marked_at=None, marked_on=None
    )
