"""The invariants of the books, each recomputed from the rows alone.

Every function answers with sentences that name the row that is wrong; an empty list means that
the rule holds. Nothing is written and nothing incremental is trusted: sums are made from all
entries, levels from all standing facts, hashes from what the rows hold today.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from credits import clock
from credits.domain.booking import GroupFacts, latest_stated, levels_at
from credits.domain.books import Subject
from credits.domain.chain import operation_hash
from credits.domain.commands import digest
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


def verify_levels(customer: Customer) -> list[str]:
    """The ledger of every license and feature is the level function of the facts that stand.

    Compared at every instant at which either changes.
    """
    entries: dict[Subject, list[LedgerEntry]] = defaultdict(list)
    for entry in entries_of(customer):
        entries[subject_of(entry)].append(entry)
    found = []
    stated = terms_of(customer)
    for license in License.objects.filter(customer=customer):
        terms, own = stated[license.pk], entries.pop((Side.VALID.value, license.pk), [])
        instants = {*(t.at for t in terms), *(t.until for t in terms if t.until), *steps(own)}
        found += unequal(license.label, {at: credits_at(terms, at) for at in instants}, own)
    for facts in groups_of(customer):
        held = {pk: entries.pop((Side.ALLOCATED.value, pk), []) for pk in facts.features}
        instants = {fact.at for fact in (*facts.reports, *facts.choices, *facts.rates)}
        instants |= {choice.until for choice in facts.choices if choice.until}
        instants |= {at for own in held.values() for at in steps(own)}
        levels = {at: levels_at(facts, at) for at in instants}
        for pk, key in facts.features.items():
            found += unequal(key, {at: levels[at].get(pk, 0) for at in instants}, held[pk])
    found += [f"Entries of {subject} have no fact behind them." for subject in entries]
    return found


def steps(entries: Iterable[LedgerEntry]) -> set[datetime]:
    """The instants at which entries take effect."""
    return {entry.effective_at for entry in entries}


def unequal(name: str, wanted: Mapping[datetime, int], entries: Sequence[LedgerEntry]) -> list[str]:
    """The first instant at which the ledger holds something else than is wanted."""
    for at in sorted(wanted):
        held = sum(entry.credits for entry in entries if entry.effective_at <= at)
        if held != wanted[at]:
            return [
                f"{name} has {held} credits in the ledger from {at:%Y-%m-%d %H:%M:%S.%f} on, "
                f"but its facts make {wanted[at]}."
            ]
    return []


def credits_at(terms: Sequence[LicenseTerm], at: datetime) -> int:
    """The credits a license gives: half-open, by the latest statement begun."""
    term = latest_stated(terms, at)
    return term.credits if term and (term.until is None or at < term.until) else 0


def groups_of(customer: Customer) -> list[GroupFacts]:
    """All standing facts of each group the customer has ever stated quantities for."""
    through = Balance.objects.values_list("rates_through", flat=True).get(customer=customer)
    reported = set(customer.reports.values_list("group_id", flat=True))
    reports: dict[int, list[UsageReport]] = defaultdict(list)
    choices: dict[int, list[FeatureChoice]] = defaultdict(list)
    rates: dict[int, list[FeatureRate]] = defaultdict(list)
    for report in UsageReport.objects.filter(customer=customer).standing():
        reports[report.group_id].append(report)
    for choice in (
        FeatureChoice.objects.filter(customer=customer).standing().select_related("feature")
    ):
        choices[choice.feature.group_id].append(choice)
    known = FeatureRate.objects.standing().filter(operation_id__lte=through)
    for rate in known.filter(feature__group__in=reported).select_related("feature"):
        rates[rate.feature.group_id].append(rate)
    return [
        GroupFacts(
            features={rate.feature_id: rate.feature.key for rate in rates[group]},
            reports=reports[group],
            choices=choices[group],
            rates=rates[group],
        )
        for group in sorted(reported)
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


def terms_of(customer: Customer) -> dict[int, list[LicenseTerm]]:
    """The standing terms of a customer, by license."""
    terms: dict[int, list[LicenseTerm]] = defaultdict(list)
    for term in LicenseTerm.objects.filter(license__customer=customer).standing():
        terms[term.license_id].append(term)
    return terms


def entries_of(customer: Customer) -> QuerySet[LedgerEntry]:
    """All of a customer's ledger, as it was numbered."""
    return LedgerEntry.objects.filter(customer=customer).order_by("seq", "pk")


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
