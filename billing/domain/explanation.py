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
from credits.domain.books import Subject
from credits.domain.figures import rows
from credits.models import Customer, Feature, LedgerEntry, License, Side, Solution, subject_of

NEWEST = 50
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

    @property
    def is_single(self) -> bool:
        """Whether it is about one license or one feature."""
        return self.license is not None or self.feature is not None

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
    count: int
    rows: tuple[Row, ...] = ()

    @property
    def older(self) -> int:
        """How many rows are carried forward."""
        return self.count - len(self.rows)

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
    def settled_rows(self) -> int:
        return sum(group.count for group in self.settled)


class Explanation:
    """The rows of one figure, grouped; read when they are asked for."""

    def __init__(self, question: Question) -> None:
        self.question = question

    @property
    def total(self) -> int:
        """The figure: the sum of its rows, allocated credits taken from valid ones."""
        sums = [section.total for section in self.sections]
        return sums[0] - sums[1] if self.question.side == BALANCE else sums[0]

    @cached_property
    def sections(self) -> list[Section]:
        """The sides asked about, each with its licenses or features, the largest first."""
        both = [Side.VALID.value, Side.ALLOCATED.value]
        sides = both if self.question.side == BALANCE else [self.question.side]
        groups = self._groups()
        found = [self._section(side, groups) for side in sides]
        told = self._told([group for section in found for group in section.groups])
        return [
            replace(
                section,
                groups=tuple(replace(g, rows=tuple(told[g.subject])) for g in section.groups),
            )
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

    def _groups(self) -> list[Group]:
        """The sum and number of rows of each license and feature; one query."""
        sums = (
            self.question.rows()
            .order_by()
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

    def _told(self, groups: Sequence[Group]) -> dict[Subject, list[Row]]:
        """The newest rows of groups, oldest first, each with its cause."""
        licenses = [pk for side, pk in (g.subject for g in groups) if side == Side.VALID]
        features = [pk for side, pk in (g.subject for g in groups) if side == Side.ALLOCATED]
        newest = (
            self.question.rows()
            .filter(Q(license__in=licenses) | Q(feature__in=features))
            .order_by()
            .annotate(
                place=Window(
                    RowNumber(),
                    partition_by=[F("side"), F("license_id"), F("feature_id")],
                    order_by=F("seq").desc(),
                )
            )
            .filter(place__lte=NEWEST)
        )
        entries = list(with_facts(LedgerEntry.objects.filter(pk__in=newest.values("pk"))))
        causes = Causes.of_groups({e.feature.group_id for e in entries if e.feature is not None})
        told: dict[Subject, list[Row]] = defaultdict(list)
        for entry in entries:
            told[subject_of(entry)].append(Row(entry, causes.of(entry)))
        return told

    def all_rows(self) -> Iterator[Row]:
        """Every row of the figure with its cause, oldest first, read piece by piece."""
        groups = self.question.rows().order_by().values("feature__group")
        causes = Causes.of_groups(groups)
        for entry in with_facts(self.question.rows()).iterator(chunk_size=CHUNK):
            yield Row(entry, causes.of(entry))


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
