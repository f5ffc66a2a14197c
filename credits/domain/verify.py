"""The invariants of the books: which there are, and how they are asked of live books.

Every check recomputes its answer from the rows alone: sums from all entries, levels from all
standing facts, hashes from what the rows hold today. Nothing is written. Each batch of customers
is read in one snapshot, so that writers who go on meanwhile never raise a false alarm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from django.conf import settings
from django.utils.module_loading import import_string

from credits.domain.rates import customers_behind
from credits.domain.snapshot import one_snapshot
from credits.domain.verifying import chaining, levels, numbering, statements, sums
from credits.domain.verifying.checks import Batch, Check, Outcome, Problem, Seen
from credits.models import Balance, Customer
from credits.processes import helpers

OWN_CHECKS = (
    Check("I1", "Stored figures are the sums of their entries", sums.summed),
    Check("I2", "Entries and facts belong to operations of their customer", numbering.owned),
    Check("I3", "Entries and operations are numbered without gaps", numbering.numbered),
    Check("I4", "No operation, fact or entry differs from its hash", chaining.chained),
    Check("I4", "The office's chain holds", chaining.office_chained, is_whole=True),
    Check("I5", "Every entry has a source, a key and a cause", numbering.explained),
    Check("I6", "An operation is undone at most once", numbering.undone_once),
    Check("I6", "The ledger is the level of all standing facts", levels.levels_follow_facts),
    Check("I7", "Nothing holds less than zero credits", levels.never_below_zero),
    Check("I8", "The balance of every day is the sum of its entries", sums.daily),
    Check("I9", "Credits granted are valid, not started, expired or voided", levels.lots_add_up),
    Check("I10", "A key made one operation", numbering.keys_used_once, is_whole=True),
    Check("I13", "Terms start before they end, and one fact is in force", statements.one_in_force),
    Check("I19", "A feature has one billing model", statements.one_billing_model),
)

Part = tuple[Seen, int, list[Problem], set[int]]
"""What a check has seen, how much of it is broken, the first of that, and whose it is."""

BATCH_ENTRIES = 20_000
BATCH_CUSTOMERS = 200
"""A batch holds so many customers, or fewer with so many entries together, or one larger one."""


def checks() -> list[Check]:
    """All invariants: those of this app, and those that the settings name of apps above it."""
    above = [check for path in settings.BOOKS_CHECKS for check in import_string(path)]
    return [*OWN_CHECKS, *above]


def verify_all(customers: Sequence[Customer] | None = None, workers: int = 1) -> list[Outcome]:
    """Every invariant over some customers, or over all of them and what belongs to none.

    More than one worker shares the batches out to so many processes, for a command that has a
    machine to itself; then no transaction may be open.
    """
    outcomes = [Outcome(check) for check in checks() if customers is None or not check.is_whole]
    for outcome in outcomes:
        if outcome.check.is_whole:
            with one_snapshot():
                outcome.look_at(Batch({}))
    shares = [batch.ids for batch in batches(everyone() if customers is None else customers)]
    for found in looked_at(shares, workers):
        own = (outcome for outcome in outcomes if not outcome.check.is_whole)
        for outcome, part in zip(own, found, strict=True):
            outcome.add(*part)
    return outcomes


def looked_at(shares: Sequence[list[int]], workers: int) -> Iterator[list[Part]]:
    """What the checks found of each share of customers."""
    if workers == 1 or len(shares) < 2:
        yield from map(look_at, shares)
        return
    with helpers(workers) as pool:
        yield from pool.map(look_at, shares)


def look_at(customers: list[int]) -> list[Part]:
    """Every check of customers' books over a batch of them, in one snapshot."""
    found = [Outcome(check) for check in checks() if not check.is_whole]
    with one_snapshot():
        batch = Batch(Customer.objects.in_bulk(customers))
        for outcome in found:
            outcome.look_at(batch)
    return [(one.seen, one.broken, one.shown, one.customers) for one in found]


def books_behind() -> int:
    """How many customers' books do not know the newest rates yet; the next write books them."""
    return customers_behind().count()


def everyone() -> Iterator[Customer]:
    """All customers by id, read page by page so that nothing stays open meanwhile."""
    last = 0
    page_of = Customer.objects.select_related("standing").order_by("pk")
    while page := list(page_of.filter(pk__gt=last)[:BATCH_CUSTOMERS]):
        yield from page
        last = page[-1].pk


def batches(customers: Iterable[Customer]) -> Iterator[Batch]:
    """Customers in groups whose entries together stay within a batch."""
    held: list[Customer] = []
    entries = 0
    for customer in customers:
        standing: Balance | None = getattr(customer, "standing", None)
        seq = standing.seq if standing else 0
        if held and (entries + seq > BATCH_ENTRIES or len(held) == BATCH_CUSTOMERS):
            yield Batch.of(held)
            held, entries = [], 0
        held.append(customer)
        entries += seq
    if held:
        yield Batch.of(held)


def verify_books(customer: Customer) -> list[str]:
    """Every invariant of one customer's books, as sentences; none means that all hold."""
    return [problem.sentence for out in verify_all([customer]) for problem in out.shown]


def verify_seq(customer: Customer) -> list[str]:
    """Operations and entries are numbered without gaps, and their instants only rise."""
    batch, seen = Batch.of([customer]), Seen()
    heads = sums.balance_differences(batch.ids, seen)
    return [
        *sentences(numbering.owned(batch, seen)),
        *sentences(numbering.numbered(batch, seen)),
        *(str(head) for head in heads if head.column in sums.HEADS),
    ]


def verify_chain(customer: Customer | None) -> list[str]:
    """No operation, fact or entry differs from its hash; None verifies the office's chain."""
    if customer is None:
        return sentences(chaining.office_chained(Batch({}), Seen()))
    return sentences(chaining.chained(Batch.of([customer]), Seen()))


def verify_projections(customer: Customer) -> list[str]:
    """Balance, levels, daily changes and license rows equal the sums over facts and entries."""
    batch = Batch.of([customer])
    return sentences([*sums.summed(batch, Seen()), *sums.daily(batch, Seen())])


def sentences(problems: Iterable[Problem]) -> list[str]:
    """What the problems say."""
    return [problem.sentence for problem in problems]
