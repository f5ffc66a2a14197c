"""A customer's books as one writer sees them under the lock: read, folded, compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from credits.domain.booking import (
    Course,
    GroupFacts,
    difference,
    group_courses,
    held_course,
    license_course,
)
from credits.domain.reading import GroupRows, read_group, read_groups
from credits.exceptions import UnknownObject
from credits.models import (
    AllocationGroup,
    Balance,
    Customer,
    Fact,
    FeatureChoice,
    LedgerEntry,
    Level,
    LicenseTerm,
    Operation,
    Side,
    UsageReport,
    UsageSource,
    subject_of,
)

Subject = tuple[str, int]


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
    _sources: dict[int, UsageSource | None] = field(default_factory=dict)
    _at_hand: dict[str, AllocationGroup] = field(default_factory=dict)

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

    def levels_of(self, subjects: Iterable[Subject]) -> Mapping[Subject, Level]:
        """The stored levels of some subjects at least."""
        return self.levels()

    def ahead(self, subjects: Iterable[Subject]) -> Iterable[LedgerEntry]:
        """What is booked beyond the fold, for some subjects at least."""
        return self.entries_beyond(self.balance.folded_until)

    def due(self) -> list[LedgerEntry]:
        """What was booked ahead and has come due since the books were last folded."""
        folded = self.balance.folded_until
        return [e for e in self.ahead(()) if folded < e.effective_at <= self.now]

    def totals(self) -> tuple[int, int]:
        """Valid and allocated credits now."""
        due = self.due()
        return (
            self.balance.valid + sum(e.credits for e in due if e.side == Side.VALID),
            self.balance.allocated + sum(e.credits for e in due if e.side == Side.ALLOCATED),
        )

    def held(self, subjects: Collection[Subject], start: datetime) -> dict[Subject, Course]:
        """What the ledger holds of each subject from `start` on."""
        folded = self.balance.folded_until
        entries = self.entries_beyond(start) if start < folded else self.ahead(subjects)
        own: dict[Subject, list[LedgerEntry]] = {subject: [] for subject in subjects}
        for entry in entries:
            if (subject := subject_of(entry)) in own:
                own[subject].append(entry)
        levels = self.levels_of(subjects)
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
        if key in self._at_hand:
            return self._at_hand[key]
        rows = self.read_group(key=key, start=self.now)
        if rows.group is None or not rows.facts.rates:
            raise UnknownObject("There is no such feature.")
        self._groups[rows.group.pk, self.now, 0] = rows.facts
        return rows.group

    def group_facts(
        self, group_id: int, start: datetime, without: Operation | None = None
    ) -> GroupFacts:
        """The standing facts of a group that decide anything from `start` on, read once."""
        wanted = (group_id, start, without.pk if without else 0)
        if wanted not in self._groups:
            rows = self.read_group(group=group_id, start=start, without=wanted[2])
            self._groups[wanted] = rows.facts
        return self._groups[wanted]

    def read_ahead(self, keys: Iterable[str]) -> None:
        """Read several groups at once, so that each is at hand when it is asked for."""
        found = read_groups(
            self.customer.pk,
            keys,
            start=self.now,
            through=self.balance.rates_through,
            folded=self.balance.folded_until,
            now=self.now,
        )
        for rows in found:
            if rows.group is not None and rows.facts.rates:
                self._groups[rows.group.pk, self.now, 0] = rows.facts
                self._sources[rows.group.pk] = rows.source
                self._at_hand[rows.group.key] = rows.group

    def read_group(
        self, *, key: str = "", group: int = 0, start: datetime, without: int = 0
    ) -> GroupRows:
        """Read a group as these books know its rates."""
        rows = read_group(
            self.customer.pk,
            key=key,
            group=group,
            start=start,
            through=self.balance.rates_through,
            folded=self.balance.folded_until,
            now=self.now,
            without=without,
        )
        if rows.group is not None:
            self._sources[rows.group.pk] = rows.source
        return rows

    def source_of(self, group: AllocationGroup) -> UsageSource | None:
        """The system that reports a group's units; None: they are stated by hand."""
        if group.pk not in self._sources:
            own = UsageSource.objects.filter(customer=self.customer, group=group)
            self._sources[group.pk] = own.first()
        return self._sources[group.pk]


@dataclass
class WritersBooks(Books):
    """The books under the lock, of which the writer reads no more than an act needs."""

    _near: dict[Subject, Level | None] = field(default_factory=dict)
    """The stored levels read so far; None where there is none."""
    _ahead: dict[int, LedgerEntry] | None = None
    """What is booked beyond the fold, by seq: all that has come due, and that of `_followed`."""
    _followed: set[Subject] = field(default_factory=set)

    def read_group(
        self, *, key: str = "", group: int = 0, start: datetime, without: int = 0
    ) -> GroupRows:
        rows = super().read_group(key=key, group=group, start=start, without=without)
        subjects = [(Side.ALLOCATED.value, feature) for feature in rows.facts.features]
        self._near |= dict.fromkeys(subjects)
        self._near |= {subject_of(level): level for level in rows.levels}
        self._ahead = (self._ahead or {}) | {entry.seq: entry for entry in rows.ahead}
        self._followed.update(subjects)
        return rows

    def levels_of(self, subjects: Iterable[Subject]) -> Mapping[Subject, Level]:
        far = [subject for subject in subjects if subject not in self._near]
        if far:
            self._near |= dict.fromkeys(far)
            of_license = Q(license__in=[pk for side, pk in far if side == Side.VALID])
            of_feature = Q(feature__in=[pk for side, pk in far if side == Side.ALLOCATED])
            for level in Level.objects.filter(of_license | of_feature, customer=self.customer):
                self._near[subject_of(level)] = level
        return {subject: level for subject, level in self._near.items() if level is not None}

    def ahead(self, subjects: Iterable[Subject]) -> Iterable[LedgerEntry]:
        if self._ahead is None or not self._followed.issuperset(subjects):
            return super().ahead(subjects)
        return self._ahead.values()


def differences(
    books: Books, facts: Sequence[Fact], withdraws: Operation | None = None
) -> list[Booking]:
    """What new and withdrawn facts change, each subject from its earliest instant on."""
    withdrawn = facts_of(withdraws) if withdraws else []
    bookings: list[Booking] = []
    for license_id, touched in by_license([*facts, *withdrawn]).items():
        start = min(fact.at for fact in touched)
        standing = LicenseTerm.objects.filter(license=license_id).standing()
        if withdraws:
            standing = standing.exclude(operation=withdraws)
        new = by_license(facts).get(license_id, [])
        wanted = license_course([*standing, *new], start)
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
