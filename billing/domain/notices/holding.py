"""What features hold at instants from now on, for many customers at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from credits.domain.feature_names import told_apart
from credits.models import Feature, LedgerEntry, Level, Side

Asked = tuple[int, datetime]
"""A customer by its key, and an instant."""


@dataclass(frozen=True)
class Held:
    """What one feature holds (credits)."""

    key: str
    name: str
    credits: int


def holdings_at(asked: Sequence[Asked]) -> dict[Asked, list[Held]]:
    """Per customer and instant what each feature holds, the largest first; in three queries.

    As the books know it now, and no earlier than their last write.
    """
    if not asked:
        return {}
    customers = {pk for pk, _at in asked}
    held = levels_of(customers)
    ahead = booked_ahead(customers)
    levels = {(pk, at): level_at(held[pk], ahead[pk], at) for pk, at in asked}
    features = Feature.objects.select_related("group__solution").in_bulk(
        {feature for counts in levels.values() for feature in counts}
    )
    return {one: named(counts, features) for one, counts in levels.items()}


def levels_of(customers: Iterable[int]) -> Mapping[int, Counter[int]]:
    """What each feature holds as of the last fold."""
    held: Mapping[int, Counter[int]] = defaultdict(Counter)
    levels = Level.objects.filter(customer__in=customers, side=Side.ALLOCATED, credits__gt=0)
    for customer, feature, credits in levels.values_list("customer", "feature", "credits"):
        held[customer][feature] = credits
    return held


def booked_ahead(customers: Iterable[int]) -> Mapping[int, list[LedgerEntry]]:
    """What changes it after that."""
    ahead: Mapping[int, list[LedgerEntry]] = defaultdict(list)
    entries = LedgerEntry.objects.filter(
        customer__in=customers, side=Side.ALLOCATED, effective_at__gt=F("recorded_at")
    )
    for entry in entries.filter(effective_at__gt=F("customer__standing__folded_until")):
        ahead[entry.customer_id].append(entry)
    return ahead


def level_at(held: Counter[int], ahead: Iterable[LedgerEntry], at: datetime) -> Counter[int]:
    """What each feature holds at an instant; those without are left out."""
    level = Counter(held)
    for entry in ahead:
        if entry.effective_at <= at and entry.feature_id is not None:
            level[entry.feature_id] += entry.credits
    return +level


def named(counts: Mapping[int, int], features: Mapping[int, Feature]) -> list[Held]:
    """The holdings with their features' names, the largest first."""
    return sorted(holdings(counts, features), key=lambda one: (-one.credits, one.name))


def holdings(counts: Mapping[int, int], features: Mapping[int, Feature]) -> Iterator[Held]:
    """One for each feature."""
    found = [features[pk] for pk in counts]
    for feature, name in zip(found, told_apart(*found), strict=True):
        yield Held(feature.key, name, counts[feature.pk])
