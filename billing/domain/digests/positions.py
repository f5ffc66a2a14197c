"""Where many customers stood at an instant, as known then, and what was known ahead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from django.db.models import F, QuerySet

from credits.domain.figures import Figure, Position, steps
from credits.models import Balance, Customer, LedgerEntry, Side

BATCH = 500
"""Customers that are read at a time."""


def in_batches(customers: QuerySet[Customer]) -> Iterator[list[Customer]]:
    """Customers a batch at a time, by their keys; none is missed or met twice."""
    last = 0
    while batch := list(customers.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


def positions_at(
    customers: Sequence[Customer], at: datetime, known: datetime | None = None
) -> dict[int, Position]:
    """Each customer's figure at an instant and as known then (or at `known`), in three queries.

    The stored balances, less what they hold that did not count yet, with what was booked ahead and
    had come due. Levels of single licenses and features are left out.
    """
    keys = [customer.pk for customer in customers]
    balances = list(Balance.objects.filter(customer__in=keys))
    known = known or at
    both = min(at, known)
    later = [balance.pk for balance in balances if (balance.last_recorded_at or both) > both]
    entries: Mapping[int, dict[int, LedgerEntry]] = defaultdict(dict)
    since = LedgerEntry.objects.filter(customer__in=later, recorded_at__gt=both)
    # From the earliest fold that was read, not from the stored one: a writer may fold meanwhile.
    folded = min((balance.folded_until for balance in balances), default=at)
    ahead = LedgerEntry.objects.filter(customer__in=keys, effective_at__gt=F("recorded_at")).filter(
        effective_at__gt=min(at, folded)
    )
    for entry in (*since, *ahead):
        entries[entry.customer_id][entry.seq] = entry
    return {
        balance.pk: position_at(balance, list(entries[balance.pk].values()), at, known)
        for balance in balances
    }


def position_at(
    balance: Balance, entries: Sequence[LedgerEntry], at: datetime, known: datetime
) -> Position:
    """The position that a stored balance makes with the entries it must be corrected by."""
    valid, allocated = balance.valid, balance.allocated
    for entry in entries:
        is_held = entry.effective_at <= balance.folded_until
        counts = entry.effective_at <= at and entry.recorded_at <= known
        credits = entry.credits * (counts - is_held)
        if entry.side == Side.VALID:
            valid += credits
        else:
            allocated += credits
    figure = Figure(valid, allocated)
    ahead = [entry for entry in entries if entry.recorded_at <= known and entry.effective_at > at]
    return Position(
        at=at,
        known=known,
        figure=figure,
        by_license={},
        by_feature={},
        ahead=tuple(steps(figure, ahead)),
    )
