"""Faults of the books themselves: reading, deciding, writing, folding, showing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from credits.domain import (
    allocations,
    booking,
    books,
    figures,
    history,
    judging,
    locks,
    post,
    pricing,
    projecting,
    reading,
)
from credits.domain.books import Booking, Books
from credits.domain.commands import Decision
from credits.models import LedgerEntry, Operation, UsageReport, subject_of
from credits.models.ledger import LedgerQuerySet
from tests.planted.bugs import Bug
from tests.planted.planting import Constant, Edit, Swap, with_text


def negating(original: Callable[..., Any]) -> Callable[..., Any]:
    """Undo books the operation's own rows with the other sign."""

    def differences(
        books: Books, facts: Sequence[Any], withdraws: Operation | None = None
    ) -> list[Booking]:
        if withdraws is None:
            found: list[Booking] = original(books, facts, withdraws)
            return found
        rows = LedgerEntry.objects.filter(operation=withdraws)
        return [Booking(subject_of(row), row.effective_at, -row.credits) for row in rows]

    return differences


def zeroing(original: Callable[..., Any]) -> Callable[..., Any]:
    """Release states zero units instead of a choice."""

    def decide(self: allocations.Release, books: Books) -> Decision:
        decision: Decision = original(self, books)
        group = books.group_by_key(self.group)
        report = books.group_facts(group.pk, books.now).report.at(books.now)
        stated = dict(report.quantities) if report else {}
        zero = {feature.key: "0" for feature in self.features}
        decision.facts = [
            UsageReport(
                customer=books.customer, group=group, at=books.now, quantities=stated | zero
            )
        ]
        return decision

    return decide


OF_BOOKS = (
    Bug(
        "the lock is removed",
        Edit(locks, "lock_customer", "%s FOR NO KEY UPDATE", "%s"),
        found_by="races",
        always=True,
    ),
    Bug(
        "< for <= where rows are summed",
        Edit(LedgerQuerySet, "counted", "effective_at__lte", "effective_at__lt"),
        always=True,
    ),
    Bug(
        "< for <= where the fact in force is read",
        Constant(
            reading,
            "STATEMENT",
            with_text(
                "fact\n     WHERE customer_id = %(customer)s AND at <= %(start)s",
                "fact\n     WHERE customer_id = %(customer)s AND at < %(start)s",
            ),
        ),
    ),
    Bug(
        "< for <= where a booking meets the fold",
        Edit(projecting, "new_levels", "booking.at <= folded", "booking.at < folded"),
    ),
    Bug(
        "the key is ignored",
        Edit(post, "answered", "if found is None:", "if True:"),
        always=True,
    ),
    Bug(
        "the key is looked up without its source",
        Edit(post, "answered", "WHERE source = %s AND", "WHERE %s <> '' AND"),
    ),
    Bug(
        "other content under a key passes for a repeat",
        Edit(post, "answered", "earlier.fingerprint != fingerprint(command)", "False"),
    ),
    Bug("undo negates rows", Swap(books, "differences", negating), always=True),
    Bug(
        "an unchanged choice is not stated again",
        Edit(
            allocations.Allocate,
            "choices",
            "elif own or wanted != default:",
            "elif wanted != (own.is_on if own else default):",
        ),
    ),
    Bug(
        "half even for half up",
        Edit(pricing, "whole_credits", "ROUND_HALF_UP", "'ROUND_HALF_EVEN'"),
    ),
    Bug("a release is a zero", Swap(allocations.Release, "decide", zeroing)),
    Bug(
        "what came due is not folded",
        Edit(books.Books, "due", "folded < e.effective_at <= self.now", "False"),
    ),
    Bug(
        "levels are not folded",
        Edit(projecting, "new_levels", "for e in books.due()", "for e in ()"),
    ),
    Bug(
        "a void leaves plans standing",
        Edit(
            booking,
            "license_course",
            "latest_stated(terms, at)",
            "max((t for t in terms if t.at <= at), key=lambda t: t.at, default=None)",
        ),
    ),
    Bug(
        "a license's end instant still counts",
        Edit(booking, "license_course", "at < term.until", "at <= term.until"),
    ),
    Bug(
        "a late report counts from its arrival on",
        Edit(
            books,
            "group_bookings",
            "standing = books.group_facts(group_id, start, withdraws)",
            "start = max(start, books.now)\n"
            "    standing = books.group_facts(group_id, start, withdraws)",
        ),
    ),
    Bug(
        "the confirmed shortfall is not compared",
        Edit(
            judging,
            "judge",
            "asked.confirmed_shortfall is None or shortfall > asked.confirmed_shortfall",
            "asked.confirmed_shortfall is None",
        ),
    ),
    Bug(
        "taking a license back is judged like an allocation",
        Edit(judging, "judge", "not raises_allocated(books, bookings) or ", ""),
    ),
    Bug(
        "recorded_at is the clock's alone",
        Edit(
            post,
            "recorded_at",
            "*(at + MICROSECOND for at in earlier if at is not None)",
            "",
        ),
    ),
    Bug(
        "what is recorded may come before the newest boundary",
        Edit(
            post,
            "recorded_at",
            "(journal.last_recorded_at, boundary)",
            "(journal.last_recorded_at,)",
        ),
    ),
    Bug(
        "a change is put on the day it was entered",
        Edit(projecting, "daily_changes", "clock.day_of(change.at)", "clock.day_of(clock.now())"),
    ),
    Bug(
        "pending looks at one clock",
        Edit(figures, "standing", "e.visible_at > boundary", "e.effective_at > boundary"),
    ),
    Bug(
        "history counts what is not shown yet",
        Edit(history, "unseen", "entry.recorded_at > position.known or ", ""),
    ),
    Bug(
        "a crash leaves half of it written",
        Edit(post, "post", "@transaction.atomic\n", ""),
    ),
    Bug(
        "rates are not caught up before an act",
        Edit(post, "post", "if known.newest_rates > balance.rates_through:", "if False:"),
    ),
)
