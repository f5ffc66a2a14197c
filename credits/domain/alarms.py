"""The nightly check of all books: what is broken is parked and told (docs/rules.md#r24).

Customers are checked in batches, each in a snapshot of its own, so that no transaction spans them
all and as little is held for a million customers as for one: counts, and the first broken rows.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DatabaseError, connection

from credits.domain.alarm_mail import Alarm, tell_alarm
from credits.domain.parking import parking
from credits.domain.post import post
from credits.domain.snapshot import one_snapshot
from credits.domain.verify import batches, books_behind, checks, everyone, look_at, verify_books
from credits.domain.verifying.checks import SHOWN, Batch, Outcome
from credits.exceptions import NotAllowed
from credits.models import Balance, Customer

logger = logging.getLogger(__name__)


class NotAllChecked(Exception):
    """Some books could not be checked or parked. All others were."""


@dataclass
class Night:
    """One run of the check: what it has found so far."""

    slot: datetime
    own: list[Outcome] = field(
        default_factory=lambda: [Outcome(check) for check in checks() if not check.is_whole]
    )
    whole: list[Outcome] = field(
        default_factory=lambda: [Outcome(check) for check in checks() if check.is_whole]
    )
    counts: Counter[str] = field(
        default_factory=lambda: Counter(customers=0, broken=0, parked=0, behind=0)
    )
    failures: int = 0
    failed: list[str] = field(default_factory=list)
    """The first things that could not be done, in words; each is in the log with its error."""

    def look_at_what_is_nobodys(self) -> None:
        """The checks of what belongs to no customer: they alarm, and park nobody."""
        for outcome in self.whole:
            try:
                with one_snapshot():
                    outcome.look_at(Batch({}))
            except Exception:  # noqa: BLE001 - whatever it was, the others are looked at.
                self.fail(f"{outcome.check.number} {outcome.check.words}")

    def look_at(self, customers: Sequence[int]) -> None:
        """Check a batch of customers, and park those whose books are broken.

        Where a check stumbles over what it reads, the batch is looked at one by one.
        """
        try:
            parts = look_at(list(customers))
        except Exception:  # noqa: BLE001 - broken books may break a check in any way.
            if len(customers) > 1:
                for customer in customers:
                    self.look_at([customer])
            else:
                self.stumble(customers[0])
            return
        self.counts["customers"] += len(customers)
        broken: set[int] = set()
        for outcome, part in zip(self.own, parts, strict=True):
            outcome.add(*part)
            broken |= part[-1]
        self.counts["broken"] += len(broken)
        for one in open_books(broken):
            self.park(one, verify_books(one))

    def stumble(self, pk: int) -> None:
        """Books that a check cannot read are broken, unless it is the database that failed."""
        self.counts["customers"] += 1
        customer = Customer.objects.get(pk=pk)
        try:
            sentences = verify_books(customer)
        except DatabaseError:
            self.fail(f"The books of {customer.label}")
            return
        except Exception as error:
            logger.exception("books_unreadable customer=%s", customer.label)
            sentences = [f"They cannot be read: {type(error).__name__}."]
        if sentences:
            self.counts["broken"] += 1
            for one in open_books([pk]):
                self.park(one, sentences)

    def park(self, customer: Customer, sentences: list[str]) -> None:
        """Park a customer; none of the sentences left: a writer mended them meanwhile."""
        if not sentences:
            return
        try:
            answer = post(parking(customer, self.slot, sentences))
        except NotAllowed:
            return  # Parked or purged by another run meanwhile.
        except Exception:  # noqa: BLE001 - whatever it was, the next customer is parked.
            self.fail(f"Parking {customer.label}")
            return
        self.counts["parked"] += not answer.repeated
        logger.error("books_parked customer=%s broken=%d", customer.label, len(sentences))

    def fail(self, what: str) -> None:
        """Note what went wrong, and go on; without a database there is nothing to go on with."""
        if not connection.is_usable():
            raise
        logger.exception("books_not_checked what=%s", what)
        self.failures += 1
        if len(self.failed) < SHOWN:
            self.failed.append(what)


def verify_and_park(as_of: datetime) -> dict[str, int]:
    """Check every invariant of all books; park the customers whose books are broken, and tell it.

    Who is parked already stays so and is not told again. `behind` are books that do not know the
    newest rates yet, which is no fault. A second run of a slot parks and tells nobody twice.

    Raises NotAllChecked, after everything else, where something could not be checked or parked.
    """
    night = Night(as_of)
    night.look_at_what_is_nobodys()
    for batch in batches(everyone()):
        night.look_at(batch.ids)
    night.counts["behind"] = books_behind()
    for outcome in (*night.whole, *night.own):
        if outcome.broken:
            first = outcome.shown[0].sentence
            logger.error(
                "books_broken check=%s rows=%d first=%r",
                outcome.check.number,
                outcome.broken,
                first,
            )
    tell_alarm(Alarm(as_of, whole_sentences(night.whole), night.failed))
    if night.failures:
        raise NotAllChecked(f"{night.failures} left undone: {'; '.join(night.failed)}.")
    return dict(night.counts)


def open_books(customers: Iterable[int]) -> list[Customer]:
    """Those of some customers that are neither parked nor purged."""
    standing = Balance.objects.filter(parked_at__isnull=True, purged_at__isnull=True)
    return list(Customer.objects.filter(pk__in=standing.filter(pk__in=customers).values("pk")))


def whole_sentences(outcomes: Iterable[Outcome]) -> list[str]:
    """What is broken that belongs to no customer."""
    return [problem.sentence for outcome in outcomes for problem in outcome.shown]
