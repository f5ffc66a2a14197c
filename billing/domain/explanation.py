"""Explain any number: the ledger rows whose sum is the figure, each with what caused it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum, Window
from django.db.models.functions import RowNumber

from billing.domain.causes import Cause, Causes, with_facts
from billing.domain.explained_levels import is_long, levels_asked, of_licenses
from credits.domain.books import Subject
from credits.domain.figures import rows
from credits.models import (
    AllocationGroup,
    Customer,
    Feature,
    LedgerEntry,
    License,
    Side,
    Solution,
    subject_of,
)

NEWEST = 50
AT_ONCE = 60
"""The most rows of several groups that are told beside each other; of more, their sums are."""
CHUNK = 500
BALANCE = "balance"


@dataclass(frozen=True)
class Question:
    """Which figure is asked about, at which instant, as known at which instant."""

    customer: Customer
    side: str
    at: datetime
    known: datetime
    license: License | None = None
    feature: Feature | None = None
    solution: Solution | None = None
    group: AllocationGroup | None = None

    @property
    def is_single(self) -> bool:
        """Whether it is about one license or one feature."""
        return self.license is not None or self.feature is not None

    @property
    def sides(self) -> list[str]:
        """The sides of the balance that are asked about."""
        both = [Side.VALID.value, Side.ALLOCATED.value]
        return both if self.side == BALANCE else [self.side]

    def rows(self) -> QuerySet[LedgerEntry]:
        """The rows whose sum is the figure."""
        found = rows(
            self.customer,
            at=self.at,
            known=self.known,
            side=None if self.side == BALANCE else self.side,
            license_id=self.license.pk if self.license else None,
            feature_id=self.feature.pk if self.feature else None,
        )
        if self.solution is not None:
            found = found.filter(feature__group__solution=self.solution)
        if self.group is not None:
            found = found.filter(feature__group=self.group)
        return found


@dataclass(frozen=True)
class Row:
    """One ledger row with its cause."""

    entry: LedgerEntry
    cause: Cause

    @property
    def is_live(self) -> bool:
        """Whether it counts from the instant it was recorded at."""
        return self.entry.effective_at == self.entry.recorded_at


@dataclass(frozen=True)
class Group:
    """All rows of one license or feature: the newest ones, older ones carried forward."""

    subject: Subject
    name: str
    key: str
    """What its own explanation is asked by: a license's public id, a feature's key."""
    solution: Solution | None
    total: int
    count: int | None
    """How many rows; None where they were not counted, since they would have to be read."""
    rows: tuple[Row, ...] = ()
    is_cut: bool = False
    """Whether there are older rows than those, where they were not counted."""

    @property
    def older(self) -> int:
        """How many rows are carried forward; 0 where they were not counted."""
        return self.count - len(self.rows) if self.count is not None else 0

    @property
    def carried(self) -> int:
        """What the older rows sum to."""
        return self.total - sum(row.entry.credits for row in self.rows)


@dataclass(frozen=True)
class Section:
    """One side of the figure."""

    side: str
    groups: tuple[Group, ...]
    settled: tuple[Group, ...]
    """What nets to zero: ended licenses, released features."""

    @property
    def total(self) -> int:
        return sum(group.total for group in self.groups)

    @property
    def settled_rows(self) -> int | None:
        """How many rows that is; None where they were not counted."""
        counts = [group.count for group in self.settled if group.count is not None]
        return sum(counts) if len(counts) == len(self.settled) else None


class Explanation:
    """The rows of one figure, grouped; read when they are asked for."""

    def __init__(self, question: Question) -> None:
        self.question = question

    @property
    def is_brief(self) -> bool:
        """Whether only the sums are told; the rows of each have an explanation of their own."""
        groups = [group for section in self.sections for group in section.groups]
        return bool(groups) and not any(group.rows for group in groups)

    @property
    def total(self) -> int:
        """The figure: the sum of its rows, allocated credits taken from valid ones."""
        sums = [section.total for section in self.sections]
        return sums[0] - sums[1] if self.question.side == BALANCE else sums[0]

    @cached_property
    def sections(self) -> list[Section]:
        """The sides asked about, each with its licenses or features, the largest first.

        Where they have many rows, each is told by its sum alone: its rows are all carried.
        """
        groups = self._groups
        found = [self._section(side, groups) for side in self.question.sides]
        shown = [group for section in found for group in section.groups]
        if len(shown) > 1 and sum(most_rows(group) for group in shown) > AT_ONCE:
            return found
        told = self._told(shown)
        return [
            replace(section, groups=tuple(with_rows(g, told[g.subject]) for g in section.groups))
            for section in found
        ]

    def _section(self, side: str, groups: Sequence[Group]) -> Section:
        own = sorted(
            (group for group in groups if group.subject[0] == side),
            key=lambda group: (-group.total, group.name),
        )
        if self.question.is_single:
            return Section(side, tuple(own), ())
        settled = tuple(group for group in own if group.total == 0)
        return Section(side, tuple(group for group in own if group.total != 0), settled)

    @cached_property
    def _groups(self) -> list[Group]:
        """The sum of each license and feature, with its number of rows where they are few."""
        if not self._is_long:
            return summed(self.question.rows())
        found: list[Group] = []
        for side in self.question.sides:
            asked = replace(self.question, side=side)
            levels = levels_asked(asked) if side == Side.ALLOCATED else None
            if levels is None:
                found += summed(self._rows(side))
            else:
                found += [group_held(feature, total) for feature, total in levels.items()]
        return found

    def _rows(self, side: str) -> QuerySet[LedgerEntry]:
        """The rows of one side; in a long ledger those of licenses are found by what made them."""
        found = replace(self.question, side=side).rows()
        if self._is_long and side == Side.VALID:
            found = found.filter(operation__in=self._of_licenses)
        return found

    @cached_property
    def _of_licenses(self) -> list[int]:
        return of_licenses(self.question.customer, self.question.license)

    @cached_property
    def _is_long(self) -> bool:
        return is_long(self.question.customer)

    def _told(self, groups: Sequence[Group]) -> dict[Subject, list[Row]]:
        """The newest rows of groups, oldest first, each with its cause."""
        newest = [pk for pks in self._newest(groups) for pk in pks]
        entries = list(with_facts(LedgerEntry.objects.filter(pk__in=newest)))
        causes = Causes.of_groups({e.feature.group_id for e in entries if e.feature is not None})
        told: dict[Subject, list[Row]] = defaultdict(list)
        for entry in entries:
            told[subject_of(entry)].append(Row(entry, causes.of(entry)))
        return told

    def _newest(self, groups: Sequence[Group]) -> Iterator[list[int]]:
        """The newest rows of each group by their keys, of uncounted ones one more.

        Those of an uncounted feature are found from the newest row of the ledger backwards.
        """
        for group in groups:
            if group.count is None:
                own = self._rows(group.subject[0]).filter(feature=group.subject[1])
                newest = own.order_by("-customer_id", "-seq")
                yield list(newest.values_list("pk", flat=True)[: NEWEST + 1])
        counted = [group.subject for group in groups if group.count is not None]
        if not self._is_long:
            yield list(newest_of_each(self.question.rows(), counted))
            return
        for side in self.question.sides:
            if subjects := [subject for subject in counted if subject[0] == side]:
                yield list(newest_of_each(self._rows(side), subjects))

    def all_rows(self) -> Iterator[Row]:
        """Every row of the figure with its cause, oldest first, read piece by piece."""
        groups = self.question.rows().order_by().values("feature__group")
        causes = Causes.of_groups(groups)
        for entry in with_facts(self.question.rows()).iterator(chunk_size=CHUNK):
            yield Row(entry, causes.of(entry))


def most_rows(group: Group) -> int:
    """How many rows of a group a page would show."""
    return NEWEST if group.count is None else min(group.count, NEWEST)


def with_rows(group: Group, rows: Sequence[Row]) -> Group:
    """A group with its newest rows, and whether there are more where they were not counted."""
    is_cut = group.count is None and len(rows) > NEWEST
    return replace(group, rows=tuple(rows[-NEWEST:]), is_cut=is_cut)


def newest_of_each(rows: QuerySet[LedgerEntry], subjects: Sequence[Subject]) -> QuerySet[Any, int]:
    """The newest of the rows of each license or feature, by their keys."""
    licenses = [pk for side, pk in subjects if side == Side.VALID]
    features = [pk for side, pk in subjects if side == Side.ALLOCATED]
    place = Window(
        RowNumber(),
        partition_by=[F("side"), F("license_id"), F("feature_id")],
        order_by=F("seq").desc(),
    )
    own = rows.filter(Q(license__in=licenses) | Q(feature__in=features)).order_by()
    return own.annotate(place=place).filter(place__lte=NEWEST).values_list("pk", flat=True)


def summed(rows: QuerySet[LedgerEntry]) -> list[Group]:
    """The sum and number of rows of each license and feature; one query."""
    sums = (
        rows.order_by()
        .values(
            "side",
            "license_id",
            "license__number",
            "license__public_id",
            "feature_id",
            "feature__name",
            "feature__key",
            "feature__group__solution__position",
        )
        .annotate(total=Sum("credits"), count=Count("pk"))
    )
    return [group_of(dict(values)) for values in sums]


def group_held(feature: Feature, total: int) -> Group:
    """A group from what a feature holds; its rows are not counted."""
    return Group(
        subject=(Side.ALLOCATED.value, feature.pk),
        name=feature.name,
        key=feature.key,
        solution=feature.group.solution,
        total=total,
        count=None,
    )


def group_of(values: dict[str, Any]) -> Group:
    """A group from its row of sums."""
    is_license = values["side"] == Side.VALID
    position = values["feature__group__solution__position"]
    return Group(
        subject=(values["side"], values["license_id"] if is_license else values["feature_id"]),
        name=f"L-{values['license__number']}" if is_license else values["feature__name"],
        key=str(values["license__public_id"]) if is_license else values["feature__key"],
        solution=None if is_license else Solution(position=position),
        total=values["total"],
        count=values["count"],
    )
