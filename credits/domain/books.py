"""A customer's books as one writer sees them under the lock: read, folded, compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.models import Q

from credits.domain.booking import (
    Course,
    GroupFacts,
    difference,
    group_courses,
    held_course,
    license_course,
)
from credits.domain.pricing import RESERVED
from credits.exceptions import UnknownObject
from credits.models import (
    AllocationGroup,
    Balance,
    Customer,
    Fact,
    FeatureChoice,
    FeatureRate,
    LedgerEntry,
    Level,
    LicenseTerm,
    Operation,
    Side,
    UsageReport,
    subject_of,
)

Subject = tuple[str, int]

BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Booking:
    """One difference to be written: a signed change of whole credits from an instant on."""

    subject: Subject
    at: datetime
    credits: int


@dataclass
class Books:
    """What a command may read while it decides. `now` is the instant it will be recorded at."""

    customer: Customer
    balance: Balance
    now: datetime
    _entries: dict[datetime, list[LedgerEntry]] = field(default_factory=dict)
    _levels: dict[Subject, Level] | None = None
    _groups: dict[tuple[int, datetime, int], GroupFacts] = field(default_factory=dict)

    def entries_beyond(self, at: datetime) -> list[LedgerEntry]:
        """Entries effective or recorded after an instant, at most once read per instant."""
        if at not in self._entries:
            self._entries[at] = list(LedgerEntry.objects.all().beyond(self.customer, at))
        return self._entries[at]

    def levels(self) -> dict[Subject, Level]:
        """The stored levels as of `balance.folded_until`."""
        if self._levels is None:
            rows = Level.objects.filter(customer=self.customer)
            self._levels = {subject_of(row): row for row in rows}
        return self._levels

    def due(self) -> list[LedgerEntry]:
        """What was booked ahead and has come due since the books were last folded.

        Recorded before now: asked after the act was written, it leaves the act's own entries out.
        """
        folded = self.balance.folded_until
        return [
            entry
            for entry in self.entries_beyond(folded)
            if folded < entry.effective_at <= self.now and entry.recorded_at < self.now
        ]

    def totals(self) -> tuple[int, int]:
        """Valid and allocated credits now."""
        due = self.due()
        return (
            self.balance.valid + sum(e.credits for e in due if e.side == Side.VALID),
            self.balance.allocated + sum(e.credits for e in due if e.side == Side.ALLOCATED),
        )

    def held(self, subjects: Iterable[Subject], start: datetime) -> dict[Subject, Course]:
        """What the ledger holds of each subject from `start` on."""
        folded = self.balance.folded_until
        entries = self.entries_beyond(min(folded, start))
        own: dict[Subject, list[LedgerEntry]] = defaultdict(list)
        for entry in entries:
            own[subject_of(entry)].append(entry)
        levels = self.levels()
        courses = {}
        for subject in subjects:
            stored = levels[subject].credits if subject in levels else 0
            since = sum(e.credits for e in own[subject] if start < e.effective_at <= folded)
            came_due = sum(e.credits for e in own[subject] if folded < e.effective_at <= start)
            later = [e for e in own[subject] if e.effective_at > start]
            courses[subject] = held_course(stored - since + came_due, later, start)
        return courses

    def group_by_key(self, key: str) -> AllocationGroup:
        """The allocation group of a key, its facts from now on read in passing.

        Raises UnknownObject if no feature of such a group has a rate.
        """
        facts = self._read_group(Q(feature__group__key=key), Q(group__key=key), self.now)
        if not facts.rates:
            raise UnknownObject("There is no such feature.")
        group = facts.rates[0].feature.group
        self._groups[group.pk, self.now, 0] = facts
        return group

    def group_facts(
        self, group_id: int, start: datetime, without: Operation | None = None
    ) -> GroupFacts:
        """The standing facts of a group that decide anything from `start` on, read once."""
        wanted = (group_id, start, without.pk if without else 0)
        if wanted not in self._groups:
            self._groups[wanted] = self._read_group(
                Q(feature__group=group_id), Q(group=group_id), start, without
            )
        return self._groups[wanted]

    def _read_group(
        self, of_feature: Q, of_group: Q, start: datetime, without: Operation | None = None
    ) -> GroupFacts:
        reports = UsageReport.objects.filter(of_group, customer=self.customer)
        choices = FeatureChoice.objects.filter(of_feature, customer=self.customer)
        rates = FeatureRate.objects.filter(
            of_feature, operation_id__lte=self.balance.rates_through
        ).select_related("feature__group")
        if without is not None:
            reports = reports.exclude(operation=without)
            choices = choices.exclude(operation=without)
        in_force = list(rates.from_instant(start))
        if any(rate.model == RESERVED for rate in in_force):
            # A reservation's level depends on all that was ever stated.
            start = BEGINNING
            in_force = list(rates.from_instant(start))
        return GroupFacts(
            features={rate.feature_id: rate.feature.key for rate in in_force},
            reports=list(reports.from_instant(start)),
            choices=list(choices.from_instant(start)),
            rates=in_force,
        )


def differences(
    books: Books, facts: Sequence[Fact], withdraws: Operation | None = None
) -> list[Booking]:
    """What new and withdrawn facts change, each subject from its earliest instant on."""
    withdrawn = facts_of(withdraws) if withdraws else []
    bookings: list[Booking] = []
    for license_id, touched in by_license([*facts, *withdrawn]).items():
        start = min(fact.at for fact in touched)
        standing = LicenseTerm.objects.filter(license=license_id)
        if withdraws:
            standing = standing.exclude(operation=withdraws)
        new = by_license(facts).get(license_id, [])
        wanted = license_course([*standing.from_instant(start), *new], start)
        subject = (Side.VALID.value, license_id)
        bookings += compare(subject, wanted, books.held([subject], start)[subject])
    for group_id, changed in by_group([*facts, *withdrawn]).items():
        start = min(fact.at for fact in changed)
        stated = [fact for fact in changed if fact in facts]
        bookings += group_bookings(books, group_id, start, stated, withdraws)
    return bookings


def group_bookings(
    books: Books,
    group_id: int,
    start: datetime,
    new: Sequence[Fact] = (),
    withdraws: Operation | None = None,
) -> list[Booking]:
    """What a group's facts and rates want from `start` on, less what the ledger holds."""
    standing = books.group_facts(group_id, start, withdraws)
    facts = GroupFacts(
        features=standing.features,
        reports=[*standing.reports, *(f for f in new if isinstance(f, UsageReport))],
        choices=[*standing.choices, *(f for f in new if isinstance(f, FeatureChoice))],
        rates=standing.rates,
    )
    wanted = {(Side.ALLOCATED.value, f): c for f, c in group_courses(facts, start).items()}
    held = books.held(wanted, start)
    return [b for subject in wanted for b in compare(subject, wanted[subject], held[subject])]


def compare(subject: Subject, wanted: Course, held: Course) -> list[Booking]:
    """The bookings that turn what is held into what is wanted."""
    return [Booking(subject, at, credits) for at, credits in difference(wanted, held)]


def facts_of(operation: Operation) -> list[Fact]:
    """The facts an operation brought to a customer's books."""
    return [
        *operation.terms.all(),
        *operation.reports.all(),
        *operation.choices.select_related("feature"),
    ]


def by_license(facts: Iterable[Fact]) -> dict[int, list[LicenseTerm]]:
    """The terms among facts, by license."""
    found: dict[int, list[LicenseTerm]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, LicenseTerm):
            found[fact.license_id].append(fact)
    return found


def by_group(facts: Iterable[Fact]) -> dict[int, list[Fact]]:
    """The reports and choices among facts, by allocation group."""
    found: dict[int, list[Fact]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, UsageReport):
            found[fact.group_id].append(fact)
        elif isinstance(fact, FeatureChoice):
            found[fact.feature.group_id].append(fact)
    return found
