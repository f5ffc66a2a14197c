"""Whom a rate would touch, and by how much: the writer's own booking, on books read in batches.

Nothing here prices or compares: `group_bookings` says what the rate books for a customer, and
`position_of` what that makes of the balance, as under the lock. Each batch of customers is read by
a fixed number of queries and forgotten before the next.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q
from django.utils.dateformat import format as date_text

from credits.domain.booking import GroupFacts
from credits.domain.books import Booking, Books, Subject, group_bookings
from credits.domain.figures import Position
from credits.domain.post import MICROSECOND
from credits.domain.preview import position_of
from credits.domain.pricing import RESERVED
from credits.domain.rates import groups_since
from credits.domain.reading import BEGINNING
from credits.domain.snapshot import one_snapshot
from credits.models import (
    Balance,
    Customer,
    FeatureChoice,
    FeatureRate,
    LedgerEntry,
    Level,
    Operation,
    Side,
    UsageReport,
    subject_of,
)
from credits.models.facts import UsageReportQuerySet

BATCH = 500
"""Customers read at a time."""
SHOWN = 20
"""Customers named, those whose credits change most."""
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Touched:
    """One customer whose credits a rate changes, on the rate's first day (today, if it is past)."""

    customer: Customer
    before: int
    """Credits the feature's group holds without the rate."""
    after: int
    balance_before: int
    balance_after: int
    short_at: datetime | None
    """From when on the balance is below zero where it would not have been."""
    is_deeper: bool
    """Whether the balance is below zero anyway and becomes lower."""
    bookings: tuple[Booking, ...]
    """What the rate books."""

    @property
    def change(self) -> int:
        return self.after - self.before


@dataclass
class RateEffect:
    """What a rate would do over all customers."""

    at: datetime
    """The instant of the figures: the rate's first day, or now if that has passed."""
    reporting: int = 0
    """Customers for whom quantities were ever stated for the feature's group."""
    touched: int = 0
    credits: int = 0
    short: int = 0
    deeper: int = 0
    first_short: datetime | None = None
    _most: list[tuple[int, int, Touched]] = field(default_factory=list)

    def count(self, touched: Touched) -> None:
        """Add one customer."""
        self.touched += 1
        self.credits += touched.change
        self.deeper += touched.is_deeper
        if touched.short_at is not None:
            self.short += 1
            self.first_short = min(touched.short_at, self.first_short or touched.short_at)
        place = (abs(touched.change), -touched.customer.pk, touched)
        push = heapq.heappush if len(self._most) < SHOWN else heapq.heappushpop
        push(self._most, place)

    @property
    def most(self) -> list[Touched]:
        """The customers whose credits change most, the largest change first."""
        return [touched for *_, touched in sorted(self._most, reverse=True)]


@dataclass
class BatchBooks(Books):
    """One customer's books as they were read with the others of a batch."""

    facts: Mapping[int, GroupFacts] = field(default_factory=dict)
    stored: Mapping[Subject, Level] = field(default_factory=dict)
    entries: Sequence[LedgerEntry] = ()
    """What is booked ahead, and the group's entries since the rate's first day."""

    def entries_beyond(self, at: datetime) -> list[LedgerEntry]:
        return [entry for entry in self.entries if entry.effective_at > at]

    def levels(self) -> dict[Subject, Level]:
        return dict(self.stored)

    def group_facts(
        self, group_id: int, start: datetime, without: Operation | None = None
    ) -> GroupFacts:
        return self.facts[group_id]


def preview_rate(rate: FeatureRate, now: datetime) -> RateEffect:
    """What a rate that is not entered yet would do, over all customers of its feature's group.

    Credits are the group's, on the rate's first day (now, if that has passed). Short counts the
    customers whose balance falls below zero at some known instant where it would not have.
    """
    effect = RateEffect(at=max(rate.at, now))
    stated = list(FeatureRate.objects.standing().select_related("feature"))
    for batch in batches(rate.feature.group_id):
        with one_snapshot():
            books = read_batch(batch, rate, stated, now)
        effect.reporting += len(books)
        for own in books:
            if (touched := touched_by(rate, own, stated)) is not None:
                effect.count(touched)
    return effect


def batches(group_id: int) -> Iterator[list[int]]:
    """The ids of the customers with reports for a group, a batch at a time."""
    reports = UsageReport.objects.filter(customer=OuterRef("pk"), group=group_id)
    found = Balance.objects.filter(Exists(reports)).order_by("pk").values_list("pk", flat=True)
    last = 0
    while batch := list(found.filter(pk__gt=last)[:BATCH]):
        yield batch
        last = batch[-1]


def read_batch(
    ids: Sequence[int], rate: FeatureRate, stated: Sequence[FeatureRate], now: datetime
) -> list[BatchBooks]:
    """The books of a batch: balances, levels, entries, reports and choices, a query each."""
    balances = list(Balance.objects.filter(pk__in=ids).select_related("customer"))
    known = min((balance.rates_through for balance in balances), default=0)
    groups = {rate.feature.group_id, *since_known(stated, known)}
    of_groups = [r for r in stated if r.feature.group_id in groups]
    begin = min([rate.at, *(r.at for r in of_groups if r.operation_id > known)])
    # A reservation's level depends on all that was ever stated.
    is_reserved = any(r.model == RESERVED for r in (*of_groups, rate))
    facts = read_facts(ids, groups, of_groups, BEGINNING if is_reserved else begin)
    levels: dict[int, dict[Subject, Level]] = defaultdict(dict)
    for level in Level.objects.filter(customer__in=ids):
        levels[level.customer_id][subject_of(level)] = level
    entries: dict[int, list[LedgerEntry]] = defaultdict(list)
    for entry in read_entries(ids, groups, begin, now):
        entries[entry.customer_id].append(entry)
    return [
        BatchBooks(
            customer=balance.customer,
            balance=balance,
            now=max(now, (balance.last_recorded_at or now) + MICROSECOND),
            facts=facts[balance.pk],
            stored=levels[balance.pk],
            entries=entries[balance.pk],
        )
        for balance in balances
    ]


def read_facts(
    ids: Sequence[int], groups: Iterable[int], rates: Sequence[FeatureRate], begin: datetime
) -> dict[int, dict[int, GroupFacts]]:
    """Per customer and group the standing facts that decide anything from an instant on."""
    stated = UsageReport.objects.filter(customer__in=ids, group__in=groups).standing()
    in_force = (
        stated.filter(at__lte=begin)
        .order_by("customer_id", "group_id", *UsageReportQuerySet.precedence)
        .distinct("customer_id", "group_id")
        .values("pk")
    )
    reports: dict[tuple[int, int], list[UsageReport]] = defaultdict(list)
    for report in stated.filter(Q(at__gt=begin) | Q(pk__in=in_force)):
        reports[report.customer_id, report.group_id].append(report)
    choices: dict[tuple[int, int], list[FeatureChoice]] = defaultdict(list)
    chosen = FeatureChoice.objects.filter(customer__in=ids, feature__group__in=groups)
    for choice in chosen.standing().select_related("feature"):
        choices[choice.customer_id, choice.feature.group_id].append(choice)
    of_group: dict[int, list[FeatureRate]] = defaultdict(list)
    for rate in rates:
        of_group[rate.feature.group_id].append(rate)
    return {
        pk: {
            group: GroupFacts(
                features={r.feature_id: r.feature.key for r in of_group[group]},
                reports=reports[pk, group],
                choices=choices[pk, group],
                rates=of_group[group],
            )
            for group in groups
        }
        for pk in ids
    }


def read_entries(
    ids: Sequence[int], groups: Iterable[int], begin: datetime, now: datetime
) -> Iterator[LedgerEntry]:
    """What is booked ahead of each customer's fold, and the groups' entries since an instant."""
    own = LedgerEntry.objects.filter(customer__in=ids).order_by("customer_id", "seq")
    folded = F("customer__standing__folded_until")
    yield from own.filter(effective_at__gt=F("recorded_at")).filter(effective_at__gt=folded)
    if begin < now:
        late = own.filter(feature__group__in=groups, effective_at__gt=begin)
        yield from late.filter(effective_at__lte=folded)


def since_known(stated: Iterable[FeatureRate], known: int) -> dict[int, datetime]:
    """Per group the first instant of the rates that books do not know yet."""
    return groups_since((r.feature.group_id, r.at) for r in stated if r.operation_id > known)


def touched_by(
    rate: FeatureRate, books: BatchBooks, stated: Sequence[FeatureRate]
) -> Touched | None:
    """What the rate does to one customer; None if it changes nothing of its books.

    Rates that the customer's books do not know yet are booked before, as the writer would.
    """
    group = rate.feature.group_id
    behind = since_known(stated, books.balance.rates_through)
    before = bookings_of(books, behind)
    known = books.facts[group]
    books.facts = {
        **books.facts,
        group: replace(
            known,
            features={**known.features, rate.feature_id: rate.feature.key},
            rates=[*known.rates, rate],
        ),
    }
    start = min(rate.at, behind.get(group, rate.at))
    after = bookings_of(books, {**behind, group: start})
    net = net_of(before, after)
    if not net:
        return None
    day = max(rate.at, books.now)
    held = books.held([(Side.ALLOCATED.value, pk) for pk in books.facts[group].features], day)
    own = sum(course[day] for course in held.values())
    own += sum(b.credits for b in before if b.at <= day and b.subject in held)
    change = sum(booking.credits for booking in net if booking.at <= day)
    old, new = position_of(books, before), position_of(books, after)
    short_at, is_deeper = shortage(old, new)
    return Touched(
        customer=books.customer,
        before=own,
        after=own + change,
        balance_before=old.figure_at(day).balance,
        balance_after=new.figure_at(day).balance,
        short_at=short_at,
        is_deeper=is_deeper,
        bookings=tuple(net),
    )


def bookings_of(books: Books, since: Mapping[int, datetime]) -> list[Booking]:
    """What groups book from their instants on."""
    return [b for group, start in since.items() for b in group_bookings(books, group, start)]


def net_of(before: Iterable[Booking], after: Iterable[Booking]) -> list[Booking]:
    """What comes on top of what would be booked anyway, in time order."""
    net: Counter[tuple[Subject, datetime]] = Counter()
    for booking in after:
        net[booking.subject, booking.at] += booking.credits
    for booking in before:
        net[booking.subject, booking.at] -= booking.credits
    found = [Booking(subject, at, credits) for (subject, at), credits in net.items() if credits]
    return sorted(found, key=lambda booking: (booking.at, booking.subject))


def shortage(old: Position, new: Position) -> tuple[datetime | None, bool]:
    """From when on the balance is newly below zero; and whether it only becomes lower there.

    Where nothing is valid any more everybody is below zero: that makes nobody shorter.
    """
    instants = {old.at, *(step.at for step in old.ahead), *(step.at for step in new.ahead)}
    is_deeper = False
    for at in sorted(instants):
        before, after = old.figure_at(at), new.figure_at(at)
        if after.balance < 0 <= before.balance:
            return at, False
        is_deeper = is_deeper or (after.balance < before.balance < 0 < after.valid)
    return None, is_deeper


def effect_words(effect: RateEffect) -> str:
    """412 customers, +38,000 credits, 17 would be short, first on 1 March 2027."""
    if not effect.touched:
        return "No customer's credits change."
    parts = [counted(effect.touched, "customer")]
    if effect.credits:
        change = f"{abs(effect.credits):,} credit{'' if abs(effect.credits) == 1 else 's'}"
        parts.append(f"{'+' if effect.credits > 0 else MINUS}{change}")
    else:
        parts.append("no more and no less credits in sum")
    if effect.short and effect.first_short is not None:
        first = date_text(effect.first_short, "j F Y")
        parts.append(f"{effect.short:,} would be short, first on {first}")
    else:
        parts.append("nobody would be short")
    if effect.deeper:
        are = "is" if effect.deeper == 1 else "are"
        parts.append(f"{effect.deeper:,} that {are} short anyway would be shorter")
    return ", ".join(parts) + "."


def counted(count: int, noun: str) -> str:
    """1 customer; 2 customers."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
