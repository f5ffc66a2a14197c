"""A customer's operations, newest first, each with its facts and what it changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from credits.domain.activity_words import ChosenChange, ReportedChange, words_of
from credits.domain.allocations import UNDONE_BY_CUSTOMERS
from credits.models import (
    Customer,
    Feature,
    FeatureChoice,
    LedgerEntry,
    LicenseTerm,
    Membership,
    Operation,
    Side,
    UsageReport,
    User,
)

SYSTEM = "system"
"""The person to filter by for what nobody asked in person."""

JOINED = ("actor", "on_behalf_of", "note", "reversal", "reverses")


@dataclass(frozen=True)
class Change:
    """By how many credits one side changed, and from when where that is not the act itself."""

    credits: int
    starts_at: datetime | None = None


@dataclass
class Facts:
    """What one operation brought to the books."""

    terms: list[LicenseTerm] = field(default_factory=list)
    reports: list[ReportedChange] = field(default_factory=list)
    choices: list[ChosenChange] = field(default_factory=list)
    entries: list[LedgerEntry] = field(default_factory=list)
    person: str = ""
    """The name of the person it made a member, or assigned."""


@dataclass(frozen=True)
class Act:
    """One operation, ready to be told."""

    operation: Operation
    words: str
    facts: Facts
    valid: Change | None
    allocated: Change | None

    @property
    def reason(self) -> str:
        """The note that was given with it, unless a purge has erased it."""
        note = getattr(self.operation, "note", None)
        return note.text if note else ""

    @property
    def undone_by(self) -> Operation | None:
        """The operation that reversed it."""
        reversal: Operation | None = getattr(self.operation, "reversal", None)
        return reversal

    @property
    def can_be_undone(self) -> bool:
        """Whether a customer may undo it."""
        return self.operation.kind in UNDONE_BY_CUSTOMERS and self.undone_by is None


@dataclass(frozen=True)
class Asking:
    """Which operations are wanted. `before` and `after` are positions, exclusive."""

    kind: str = ""
    person: str = ""
    """A user's public id, or SYSTEM."""
    text: str = ""
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True)
class Page:
    """Some operations, and the positions from which to go on."""

    acts: tuple[Act, ...]
    older: int | None
    newer: int | None


def acts(customer: Customer, wanted: Asking, *, size: int) -> Page:
    """One page of a customer's operations, in a fixed number of queries at any depth."""
    found = matching(customer, wanted)
    rising = wanted.after is not None
    if wanted.after is not None:
        found = found.filter(position__gt=wanted.after).order_by("position")
    elif wanted.before is not None:
        found = found.filter(position__lt=wanted.before).order_by("-position")
    else:
        found = found.order_by("-position")
    rows = list(found.select_related(*JOINED)[: size + 1])
    has_more = len(rows) > size
    rows = rows[:size][::-1] if rising else rows[:size]
    is_first = not rising and wanted.before is None
    return Page(
        acts=tuple(told(customer, rows)),
        older=rows[-1].position if rows and (rising or has_more) else None,
        newer=rows[0].position if rows and not is_first and (not rising or has_more) else None,
    )


def one_act(customer: Customer, public_id: UUID) -> Act | None:
    """One operation of a customer, or None."""
    rows = Operation.objects.filter(customer=customer, public_id=public_id)
    return next(iter(told(customer, list(rows.select_related(*JOINED)))), None)


def acts_since(customer: Customer, features: Iterable[int], seq: int) -> list[Act]:
    """The newest operations that changed what features hold after a ledger seq."""
    newer = LedgerEntry.objects.filter(customer=customer, feature__in=features, seq__gt=seq)
    rows = Operation.objects.filter(pk__in=newer.values("operation")).order_by("-position")
    return told(customer, list(rows.select_related(*JOINED)[:5]))


def matching(customer: Customer, wanted: Asking) -> QuerySet[Operation]:
    """The operations of a customer that a filter lets through."""
    found: QuerySet[Operation] = Operation.objects.filter(customer=customer)
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    if wanted.person == SYSTEM:
        found = found.filter(actor__isnull=True)
    elif wanted.person:
        found = found.filter(actor__public_id=wanted.person)
    if wanted.text:
        found = found.filter(
            Q(subject__icontains=wanted.text)
            | Q(note__text__icontains=wanted.text)
            | Q(actor__name__icontains=wanted.text)
        )
    return found


def people_of(customer: Customer) -> QuerySet[User]:
    """Everybody who has asked something of a customer's books, by name."""
    own = Operation.objects.filter(customer=customer, actor__isnull=False)
    return User.objects.filter(pk__in=own.values("actor").distinct()).order_by("name", "pk")


def told(customer: Customer, operations: Sequence[Operation]) -> list[Act]:
    """Operations with their words; an undo is told by what it reversed."""
    wanted = {o.pk for o in operations} | {o.reverses_id for o in operations if o.reverses_id}
    facts = facts_of(customer, wanted)
    name_people(customer, facts, [*operations, *(o.reverses for o in operations if o.reverses)])
    found = []
    for operation in operations:
        own = facts[operation.pk]
        found.append(
            Act(
                operation=operation,
                words=words(operation, facts),
                facts=own,
                valid=change(own.entries, Side.VALID, operation.recorded_at),
                allocated=change(own.entries, Side.ALLOCATED, operation.recorded_at),
            )
        )
    return found


def words(operation: Operation, facts: Mapping[int, Facts]) -> str:
    """What an operation did, in a sentence."""
    own = facts[operation.pk]
    reversed_words = words(operation.reverses, facts) if operation.reverses else ""
    return words_of(
        operation,
        terms=own.terms,
        reports=own.reports,
        choices=own.choices,
        entries=own.entries,
        person=own.person,
        reversed_words=reversed_words,
    )


def facts_of(customer: Customer, operations: Iterable[int]) -> Mapping[int, Facts]:
    """What operations brought, by operation id, each kind of fact in one query."""
    ids = set(operations)
    facts: dict[int, Facts] = defaultdict(Facts)
    for term in LicenseTerm.objects.filter(operation__in=ids).select_related("license__renews"):
        facts[term.operation_id].terms.append(term)
    for chosen_ in chosen(ids):
        facts[chosen_.choice.operation_id].choices.append(chosen_)
    entries = LedgerEntry.objects.filter(customer=customer, operation__in=ids)
    for entry in entries.select_related("license", "feature__group__solution").order_by("seq"):
        facts[entry.operation_id].entries.append(entry)
    for change_ in reported(ids):
        facts[change_.report.operation_id].reports.append(change_)
    return facts


def reported(operations: Iterable[int]) -> list[ReportedChange]:
    """The reports of operations, each with what was in force before it as known then."""
    earlier = (
        UsageReport.objects.filter(
            customer=OuterRef("customer"),
            group=OuterRef("group"),
            at__lte=OuterRef("at"),
            operation_id__lt=OuterRef("operation_id"),
        )
        .exclude(operation__reversal__recorded_at__lte=OuterRef("operation__recorded_at"))
        .order_by(*UsageReport.objects.all().precedence)
        .values("quantities")[:1]
    )
    reports = list(
        UsageReport.objects.filter(operation__in=set(operations))
        .annotate(earlier=Subquery(earlier))
        .select_related("group")
        .order_by("pk")
    )
    features: dict[int, dict[str, Feature]] = defaultdict(dict)
    groups = {report.group_id for report in reports}
    named = Feature.objects.filter(group__in=groups).select_related("group__solution")
    for feature in named.order_by("position", "pk"):
        features[feature.group_id][feature.key] = feature
    return [
        ReportedChange(r, r.earlier or {}, features[r.group_id])  # type: ignore[attr-defined]
        for r in reports
    ]


def chosen(operations: Iterable[int]) -> list[ChosenChange]:
    """The choices of operations, each with the one that was in force before it as known then."""
    earlier = (
        FeatureChoice.objects.filter(
            customer=OuterRef("customer"),
            feature=OuterRef("feature"),
            at__lte=OuterRef("at"),
            operation_id__lt=OuterRef("operation_id"),
        )
        .exclude(operation__reversal__recorded_at__lte=OuterRef("operation__recorded_at"))
        .order_by(*FeatureChoice.objects.all().precedence)
        .values("is_on")[:1]
    )
    choices = (
        FeatureChoice.objects.filter(operation__in=set(operations))
        .annotate(was_on=Subquery(earlier))
        .select_related("feature")
    )
    ordered = choices.order_by("feature__position", "pk")
    return [ChosenChange(choice, choice.was_on) for choice in ordered]  # type: ignore[attr-defined]


def name_people(
    customer: Customer, facts: Mapping[int, Facts], operations: Iterable[Operation]
) -> None:
    """Look up the persons that operations are about, in one query.

    Sales reps by name, members as the customer's people call them, and who is no member any more
    by address.
    """
    about = {o: str(o.answer["user"]) for o in operations if o.answer.get("user")}
    own = Membership.objects.filter(customer=customer, user=OuterRef("pk"))
    people = User.objects.filter(public_id__in=set(about.values())).annotate(
        member=Subquery(own.values("pk")[:1]),
        since=Subquery(own.values("since")[:1]),
        invited_as=Subquery(own.values("invited_as")[:1]),
    )
    found: dict[str, Any] = {str(person.public_id): person for person in people}
    for operation, public_id in about.items():
        person = found.get(public_id)
        if person is None:
            continue
        name = person.name
        if operation.kind not in ("assign-rep", "unassign-rep"):
            own_name = Membership(
                user=person, since=person.since, invited_as=person.invited_as or ""
            )
            name = own_name.label if person.member else person.email
        facts[operation.pk].person = name


def change(entries: Iterable[LedgerEntry], side: str, recorded_at: datetime) -> Change | None:
    """What an operation changed on one side, at once or from the first instant it changes.

    An end that is booked ahead with its start is no change of its own: it is in the words.
    """
    own = [entry for entry in entries if entry.side == side]
    if not own:
        return None
    first = min(entry.effective_at for entry in own)
    until = max(recorded_at, first)
    credits = sum(entry.credits for entry in own if entry.effective_at <= until)
    return Change(credits, None if first == recorded_at else first)
