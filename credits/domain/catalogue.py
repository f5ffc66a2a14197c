"""The catalogue in the books: load its file, and read what features cost at an instant."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import Max

from credits import clock
from credits.domain.catalogue_file import (
    CatalogueFile,
    FeatureRow,
    GroupRow,
    RateRow,
    SolutionRow,
    read_catalogue,
)
from credits.domain.commands import Answer, Asked, Decision, OfficeCommand
from credits.domain.in_force import newest
from credits.domain.post import post_office
from credits.exceptions import NotAllowed
from credits.models import AllocationGroup, Feature, FeatureRate, Solution

DAY = timedelta(days=1)

Columns = Callable[[Any, int], dict[str, Any]]
"""What a row of the file, at its place, makes of a row's columns."""


@dataclass(frozen=True, kw_only=True)
class LoadCatalogue(OfficeCommand):
    """Bring the catalogue in line with its file: names, groups, and rates not yet stated.

    A rate that is stated otherwise on the same day is a correction: a later fact. Nothing is
    ever removed. Raises NotAllowed for a feature that would change its group.
    """

    kind: ClassVar[str] = "load-catalogue"

    file: CatalogueFile
    digest: str

    def content(self) -> Mapping[str, Any]:
        return {"digest": self.digest}

    def decide(self, now: datetime) -> Decision:
        rates = missing_rates(self.file)

        def save() -> None:
            save_names(self.file)
            features = Feature.objects.in_bulk(field_name="key")
            for rate, row in rates:
                rate.feature_id = features[row.feature].pk

        return Decision(
            facts=[rate for rate, _ in rates],
            save_rows=save,
            answer={"rates": len(rates)},
            subject=f"{len(self.file.features)} features",
        )


def load_catalogue(text: str, *, source: str = "command") -> Answer | None:
    """Load a catalogue file; None if the catalogue says all of it already.

    Raises CatalogueError with every bad line, NotAllowed for a changed group: then nothing of
    the file was loaded.
    """
    file = read_catalogue(text)
    if not is_news(file):
        return None
    sha = hashlib.sha256(text.encode()).hexdigest()
    stated = FeatureRate.objects.aggregate(newest=Max("operation_id"))["newest"] or 0
    asked = Asked(source=source, key=f"catalogue/{sha}/{stated}")
    return post_office(LoadCatalogue(asked=asked, file=file, digest=sha))


def is_news(file: CatalogueFile) -> bool:
    """Whether the file says anything the catalogue does not."""
    changed = [
        *changed_rows(Solution, file.solutions, solution_fields),
        *changed_rows(AllocationGroup, file.groups, group_fields),
        *changed_rows(Feature, file.features, feature_fields),
    ]
    return bool(changed or missing_rates(file))


def missing_rates(file: CatalogueFile) -> list[tuple[FeatureRate, RateRow]]:
    """The rates of the file that the catalogue does not state yet.

    What was entered by hand since the file said so stands, until the file itself says otherwise.
    """
    stated: dict[tuple[str, datetime], FeatureRate] = {}
    loaded: dict[tuple[str, datetime], FeatureRate] = {}
    found = FeatureRate.objects.standing().select_related("feature", "operation")
    for rate in found.order_by("pk"):
        stated[rate.feature.key, rate.at] = rate
        if rate.operation.kind == LoadCatalogue.kind:
            loaded[rate.feature.key, rate.at] = rate
    missing = []
    for row in file.rates:
        rate = rate_of(row)
        known = [
            said[row.feature, rate.at]
            for said in (stated, loaded)
            if (row.feature, rate.at) in said
        ]
        if rate_fields(rate) not in [rate_fields(one) for one in known]:
            missing.append((rate, row))
    return missing


def rate_of(row: RateRow) -> FeatureRate:
    """A line of the file as a fact, in force from 00:00 UTC of its first day."""
    return FeatureRate(
        at=clock.start_of(row.valid_from),
        model=row.model,
        credits=row.credits,
        block=row.block,
        cap=row.cap,
        parts=list(row.parts),
        closes_at=clock.start_of(row.valid_to + DAY) if row.valid_to else None,
        assumed=row.assumed,
        source=row.source,
        remark=row.note,
    )


def rate_fields(rate: FeatureRate) -> tuple[Any, ...]:
    """What makes two statements of a rate the same."""
    return (
        rate.model,
        rate.credits,
        rate.block,
        rate.cap,
        list(rate.parts),
        rate.closes_at,
        rate.assumed,
        rate.source,
        rate.remark,
    )


def save_names(file: CatalogueFile) -> None:
    """Insert or rename solutions, groups and features; a feature keeps its group."""
    kinds: Sequence[tuple[type[Any], Sequence[Any], Columns]] = (
        (Solution, file.solutions, solution_fields),
        (AllocationGroup, file.groups, group_fields),
        (Feature, file.features, feature_fields),
    )
    for model, rows, fields in kinds:
        changed = changed_rows(model, rows, fields)
        if not changed:
            continue
        if model is Feature:
            refuse_new_groups(changed)
        resolved = resolver()
        new = [model(key=key, **resolved(values)) for key, values in changed]
        names = [name.removesuffix("__key") for name in changed[0][1]]
        # Hundreds of rows in one statement.
        model.objects.bulk_create(
            new, update_conflicts=True, unique_fields=["key"], update_fields=names
        )


def refuse_new_groups(changed: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """A feature's group never changes; a new feature replaces it."""
    keys = [key for key, _ in changed]
    held = dict(Feature.objects.filter(key__in=keys).values_list("key", "group__key"))
    for key, values in changed:
        if held.get(key, values["group__key"]) != values["group__key"]:
            raise NotAllowed(
                f"The group of feature {key} cannot change. Add a new feature instead."
            )


def resolver() -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Turns the keys of related rows, as they are stored now, into the rows."""
    related: dict[str, Mapping[str, Any]] = {
        "solution": Solution.objects.in_bulk(field_name="key"),
        "group": AllocationGroup.objects.in_bulk(field_name="key"),
    }

    def resolved(values: Mapping[str, Any]) -> dict[str, Any]:
        fields = dict(values)
        for name, found in related.items():
            if f"{name}__key" in fields:
                fields[name] = found[fields.pop(f"{name}__key")]
        return fields

    return resolved


def changed_rows(
    model: type[Any], rows: Sequence[Any], fields: Columns
) -> list[tuple[str, dict[str, Any]]]:
    """The rows of the file that are new or differ from what is stored, by key."""
    wanted = {row.key: fields(row, place) for place, row in enumerate(rows, start=1)}
    names = list(next(iter(wanted.values()), {}))
    stored = {row["key"]: row for row in model.objects.values("key", *names)}
    return [
        (key, values) for key, values in wanted.items() if {"key": key, **values} != stored.get(key)
    ]


def solution_fields(row: SolutionRow, place: int) -> dict[str, Any]:
    """A solution's columns."""
    return {"name": row.name, "position": place}


def group_fields(row: GroupRow, _: int) -> dict[str, Any]:
    """A group's columns."""
    return {"name": row.name, "solution__key": row.solution}


def feature_fields(row: FeatureRow, place: int) -> dict[str, Any]:
    """A feature's columns."""
    return {
        "name": row.name,
        "group__key": row.group,
        "unit": row.unit,
        "unit_plural": row.unit_plural,
        "requires": [list(alternatives) for alternatives in row.requires],
        "payg": row.payg,
        "retention_days": row.retention_days,
        "position": place,
    }


@dataclass(frozen=True)
class Offer:
    """A feature with the rate in force at an instant."""

    feature: Feature
    rate: FeatureRate
    is_open: bool
    """Whether new allocations are taken at that instant."""
    following: FeatureRate | None = None
    """The next rate that is known ahead."""


def offers(at: datetime) -> list[Offer]:
    """Every feature with a rate in force at an instant, in catalogue order; one query."""
    rates = FeatureRate.objects.all().standing().select_related("feature__group__solution")
    by_feature: dict[int, list[FeatureRate]] = defaultdict(list)
    for rate in rates:
        by_feature[rate.feature_id].append(rate)
    found = [one for own in by_feature.values() if (one := offer_of(own, at)) is not None]
    return sorted(found, key=lambda o: (o.feature.group.solution.position, o.feature.position))


def offer_of(rates: Sequence[FeatureRate], at: datetime) -> Offer | None:
    """A feature as its rates offer it at an instant; None before the first of them."""
    rate = newest(rates, at)
    if rate is None:
        return None
    later = min((other.at for other in rates if other.at > at), default=None)
    is_open = rate.closes_at is None or at < rate.closes_at
    return Offer(rate.feature, rate, is_open, newest(rates, later) if later else None)
