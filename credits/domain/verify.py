"""The invariants of the books, each recomputed from the rows alone.

Every function answers with sentences that name the row that is wrong; an empty list means that
the rule holds. Nothing is written and nothing incremental is trusted: sums are made from all
entries, levels from all standing facts, hashes from what the rows hold today.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import datetime

from django.db.models import Q

from credits import clock
from credits.domain.books import Subject
from credits.domain.chain import operation_hash
from credits.domain.commands import digest
from credits.domain.verify_levels import entries_of, terms_of, verify_levels
from credits.models import (
    GENESIS,
    Balance,
    Customer,
    DailyChange,
    Fact,
    FeatureChoice,
    FeatureRate,
    Journal,
    LedgerEntry,
    Level,
    License,
    LicenseTerm,
    OfficeJournal,
    Operation,
    OperationNote,
    Side,
    UsageReport,
    subject_of,
)


def verify_books(customer: Customer) -> list[str]:
    """Every invariant of one customer's books."""
    return [
        *verify_seq(customer),
        *verify_chain(customer),
        *verify_projections(customer),
        *verify_levels(customer),
    ]


def verify_seq(customer: Customer) -> list[str]:
    """Operations and entries are numbered without gaps, and their instants only rise."""
    found = []
    operations = list(Operation.objects.filter(customer=customer).order_by("position", "pk"))
    entries = list(entries_of(customer).select_related("operation"))
    last = None
    for place, operation in enumerate(operations, start=1):
        if operation.position != place:
            found.append(f"{operation} is at position {operation.position}, expected {place}.")
        if last is not None and operation.recorded_at <= last:
            found.append(f"{operation} is recorded no later than the operation before it.")
        last = operation.recorded_at
    for place, entry in enumerate(entries, start=1):
        if entry.seq != place:
            found.append(f"Entry {entry} has seq {entry.seq}, expected {place}.")
        if entry.operation.customer_id != entry.customer_id:
            found.append(f"Entry {entry} belongs to an operation of another customer.")
        if entry.operation.recorded_at != entry.recorded_at:
            found.append(f"Entry {entry} is not recorded when its operation was.")
    balance = Balance.objects.get(customer=customer)
    for name, stored, counted in (
        ("seq", balance.seq, len(entries)),
        ("position", balance.position, len(operations)),
        ("last_recorded_at", balance.last_recorded_at, last),
    ):
        if stored != counted:
            found.append(f"The balance has {name} {stored}, expected {counted}.")
    return found


def verify_chain(customer: Customer | None) -> list[str]:
    """No operation, fact or entry differs from its hash; None verifies the office's chain."""
    journal: Journal | None = (
        Balance.objects.filter(customer=customer).first()
        if customer is not None
        else OfficeJournal.objects.first()
    )
    operations = Operation.objects.filter(customer=customer).order_by("position", "pk")
    facts, entries = facts_by_operation(customer), entries_by_operation(customer)
    notes = OperationNote.objects.filter(operation__in=operations).in_bulk()
    found, head = [], GENESIS
    for operation in operations:
        own_facts, own_entries = facts.pop(operation.pk, []), entries.pop(operation.pk, [])
        if operation.previous_hash != head:
            found.append(f"{operation} does not follow the operation before it.")
        if operation.hash != operation_hash(operation, own_facts, own_entries):
            found.append(f"{operation}, one of its facts or one of its entries was changed.")
        note = notes.get(operation.pk)
        if note is not None and digest(note.salt, note.text) != operation.note_digest:
            found.append(f"The reason of {operation} was changed.")
        head = operation.hash
    for operation_id in {*facts, *entries}:
        found.append(f"Operation {operation_id} has facts or entries here but is not in the chain.")
    if journal is not None and journal.chain_head != head:
        found.append("The chain does not end at the head that is kept beside it.")
    return found


def verify_projections(customer: Customer) -> list[str]:
    """Balance, levels, daily changes and license rows equal the sums over facts and entries."""
    balance = Balance.objects.get(customer=customer)
    entries = list(entries_of(customer))
    happened = [entry for entry in entries if entry.effective_at <= balance.folded_until]
    return [
        *compare(
            "The balance",
            sums(happened, lambda entry: entry.side),
            {Side.VALID: balance.valid, Side.ALLOCATED: balance.allocated},
        ),
        *compare(
            "The level",
            levels_of(entries, balance.folded_until),
            {
                subject_of(row): (row.credits, row.held_since)
                for row in Level.objects.filter(customer=customer)
            },
            nothing=(0, None),
        ),
        *compare(
            "The daily change",
            sums(entries, lambda entry: (entry.side, clock.day_of(entry.effective_at))),
            {
                (row.side, row.day): row.credits
                for row in DailyChange.objects.filter(customer=customer)
            },
        ),
        *verify_licenses(customer),
    ]


def verify_licenses(customer: Customer) -> list[str]:
    """The dates and credits on license rows are those of the terms that stand."""
    found = []
    terms = terms_of(customer)
    for license in License.objects.filter(customer=customer):
        stated = sorted(terms[license.pk], key=lambda term: (term.operation_id, term.pk))
        given = [term for term in stated if term.credits > 0]
        is_voided = not given or stated[-1].credits == 0
        if (license.voided_at is not None) != is_voided:
            found.append(f"{license.label} says voided at {license.voided_at}.")
        if given and license.credits != given[-1].credits:
            found.append(f"{license.label} says {license.credits} credits.")
        if given and license.ends_at != given[-1].until:
            found.append(f"{license.label} says that it ends at {license.ends_at}.")
    return found


def entries_by_operation(customer: Customer | None) -> dict[int, list[LedgerEntry]]:
    """Entries under the operation they name, wherever they say they belong."""
    found: dict[int, list[LedgerEntry]] = defaultdict(list)
    mine = Q(customer=customer) | Q(operation__customer=customer)
    for entry in LedgerEntry.objects.filter(mine).order_by("seq", "pk"):
        found[entry.operation_id].append(entry)
    return found


def facts_by_operation(customer: Customer | None) -> dict[int, list[Fact]]:
    """Facts under the operation that brought them."""
    found: dict[int, list[Fact]] = defaultdict(list)
    mine = Q(operation__customer=customer)
    rows: list[LicenseTerm | UsageReport | FeatureChoice | FeatureRate] = [
        *LicenseTerm.objects.filter(mine | Q(license__customer=customer)),
        *UsageReport.objects.filter(mine | Q(customer=customer)),
        *FeatureChoice.objects.filter(mine | Q(customer=customer)),
        *FeatureRate.objects.filter(mine),
    ]
    for row in rows:
        found[row.operation_id].append(row)
    return found


def levels_of(
    entries: Iterable[LedgerEntry], until: datetime
) -> dict[Hashable, tuple[int, datetime | None]]:
    """Each subject's level at an instant, and since when it has been above zero."""
    changes: dict[Subject, Counter[datetime]] = defaultdict(Counter)
    for entry in entries:
        if entry.effective_at <= until:
            changes[subject_of(entry)][entry.effective_at] += entry.credits
    levels: dict[Hashable, tuple[int, datetime | None]] = {}
    for subject, steps in changes.items():
        level, since = 0, None
        for at in sorted(steps):
            since = at if level <= 0 else since
            level += steps[at]
        levels[subject] = (level, since if level > 0 else None)
    return levels


def sums(
    entries: Iterable[LedgerEntry], name: Callable[[LedgerEntry], Hashable]
) -> dict[Hashable, int]:
    """The credits of entries, added up by a name."""
    total: Counter[Hashable] = Counter()
    for entry in entries:
        total[name(entry)] += entry.credits
    return dict(total)


def compare(
    what: str,
    wanted: Mapping[Hashable, object],
    stored: Mapping[Hashable, object],
    *,
    nothing: object = 0,
) -> list[str]:
    """One sentence for each name under which a stored sum is not the sum of the rows."""
    return [
        f"{what} of {name} is {stored.get(name, nothing)}, "
        f"but the ledger makes {wanted.get(name, nothing)}."
        for name in {**wanted, **stored}
        if stored.get(name, nothing) != wanted.get(name, nothing)
    ]
