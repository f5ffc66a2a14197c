"""What stands against an allocation or a release: closed rates and features that need others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal

from credits.domain.booking import GroupFacts, holding_at, levels_at, quantities_of
from credits.domain.books import Books
from credits.domain.pricing import quantity_of, total
from credits.exceptions import NotAllowed, RateClosed
from credits.models import Feature, FeatureRate, Side


def check_open(
    books: Books, before: GroupFacts, after: GroupFacts, rates: Mapping[str, FeatureRate]
) -> None:
    """A closed rate takes no new allocations; what is held may stay or fall."""
    old, new = units_held(before, books.now), units_held(after, books.now)
    for key, rate in rates.items():
        if rate.closes_at is None or books.now < rate.closes_at:
            continue
        if new.get(key, 0) > old.get(key, 0):
            raise RateClosed(
                f"{rate.feature.name} takes no new allocations since {rate.closes_at:%Y-%m-%d}. "
                "What it holds stays.",
                field=key,
            )


def units_held(facts: GroupFacts, at: datetime) -> dict[str, Decimal]:
    """The units of each feature that is on, by feature key."""
    report = facts.report.at(at)
    if report is None:
        return {}
    quantities = quantities_of(report)
    return {key: total(quantity_of(key, quantities)) for key in holding_at(facts, at)}


def holding(books: Books) -> dict[int, int]:
    """Credits each feature of the customer holds now, by feature id."""
    held = {
        pk: level.credits for (side, pk), level in books.levels().items() if side == "allocated"
    }
    for entry in books.due():
        if entry.side == Side.ALLOCATED and entry.feature_id is not None:
            held[entry.feature_id] = held.get(entry.feature_id, 0) + entry.credits
    return held


def check_required(
    books: Books,
    before: GroupFacts,
    after: GroupFacts,
    rates: Mapping[str, FeatureRate],
) -> None:
    """Refuse switching a feature on while a feature it requires holds nothing."""
    old, new = levels_at(before, books.now), levels_at(after, books.now)
    rising = [
        rate.feature
        for rate in rates.values()
        if rate.feature.requires and new[rate.feature_id] > 0 and old[rate.feature_id] == 0
    ]
    if not rising:
        return
    held = holding(books) | new
    in_use = keys_in_use({pk for pk, credits in held.items() if credits > 0})
    for feature in rising:
        for alternatives in feature.requires:
            if not in_use.intersection(alternatives):
                names = " or ".join(names_of(alternatives))
                raise NotAllowed(f"{feature.name} needs {names}, which holds no credits.")


def check_needed(books: Books, before: GroupFacts, after: GroupFacts) -> None:
    """Refuse releasing a feature that another feature holding credits needs."""
    old, new = levels_at(before, books.now), levels_at(after, books.now)
    if not any(old[pk] > 0 and new[pk] == 0 for pk in old):
        return
    held = holding(books)
    remaining = {pk for pk, credits in (held | new).items() if credits > 0}
    in_use = keys_in_use(remaining)
    lost = keys_in_use({pk for pk, credits in held.items() if credits > 0}) - in_use
    for feature in Feature.objects.filter(pk__in=remaining).exclude(requires=[]):
        for alternatives in feature.requires:
            if lost.intersection(alternatives) and not in_use.intersection(alternatives):
                names = " or ".join(names_of(alternatives))
                raise NotAllowed(f"{feature.name} holds credits and needs {names}.")


def keys_in_use(feature_ids: AbstractSet[int]) -> set[str]:
    """The keys of features; a bundle in use puts its parts in use."""
    rates = FeatureRate.objects.filter(feature__in=feature_ids).select_related("feature")
    return {key for rate in rates for key in (rate.feature.key, *rate.parts)}


def names_of(keys: Iterable[str]) -> list[str]:
    """Feature names for a sentence."""
    return list(Feature.objects.filter(key__in=keys).values_list("name", flat=True))
