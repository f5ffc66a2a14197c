"""What stands against an allocation or a release: closed rates and features that need others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from credits.domain.booking import GroupFacts, holding_at, levels_at, quantities_of
from credits.domain.books import Books
from credits.domain.pricing import quantity_of, total
from credits.exceptions import NotAllowed, RateClosed
from credits.models import BillingModel, Feature, FeatureChoice, FeatureRate, Side


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
    """Refuse switching a feature on while a feature it requires is not in use."""
    old, new = levels_at(before, books.now), levels_at(after, books.now)
    rising = [
        rate.feature
        for rate in rates.values()
        if rate.feature.requires and new[rate.feature_id] > 0 and old[rate.feature_id] == 0
    ]
    if not rising:
        return
    holders = {pk for pk, credits in (holding(books) | new).items() if credits > 0}
    in_use = keys_of(uses(holders).values())
    for feature in rising:
        for alternatives in feature.requires:
            if not in_use.intersection(alternatives) and not paid_as_you_go(books, alternatives):
                names = " or ".join(names_of(alternatives))
                raise NotAllowed(f"{feature.name} needs {names}, which holds no credits.")


def check_needed(books: Books, before: GroupFacts, after: GroupFacts) -> None:
    """Refuse releasing a feature that another feature holding credits needs."""
    old, new = levels_at(before, books.now), levels_at(after, books.now)
    if any(old[pk] > 0 and new[pk] == 0 for pk in old):
        for need in needs_lost(books, new):
            raise NotAllowed(need.sentence)


@dataclass(frozen=True)
class Need:
    """A feature that goes on holding credits, and the features of which it needs one."""

    feature: Feature
    alternatives: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Sandbox holds credits and needs Internet Access."""
        return f"{self.feature.name} holds credits and needs {self.names}."

    @property
    def names(self) -> str:
        """Internet Access or AI Secure Access."""
        return " or ".join(names_of(self.alternatives))


def needs_lost(books: Books, new: Mapping[int, int]) -> Iterator[Need]:
    """What would be missing once features hold these credits, by feature id, in place of theirs."""
    held = holding(books)
    holders = {pk for pk, credits in held.items() if credits > 0}
    remaining = {pk for pk, credits in (held | dict(new)).items() if credits > 0}
    known = uses(holders | remaining)
    in_use = keys_of(use for pk, use in known.items() if pk in remaining)
    lost = keys_of(known.values()) - in_use
    for feature in (known[pk].feature for pk in sorted(remaining)):
        for alternatives in feature.requires:
            is_lost = lost.intersection(alternatives) and not in_use.intersection(alternatives)
            if is_lost and not paid_as_you_go(books, alternatives):
                yield Need(feature, tuple(alternatives))


@dataclass(frozen=True)
class Use:
    """A feature that holds credits, and the keys that are in use by that."""

    feature: Feature
    keys: frozenset[str]


def uses(feature_ids: AbstractSet[int]) -> dict[int, Use]:
    """What holding credits puts in use, by feature id: a bundle its parts as well."""
    found: dict[int, Use] = {}
    rates = FeatureRate.objects.filter(feature__in=feature_ids).select_related("feature")
    for rate in rates:
        before = found[rate.feature_id].keys if rate.feature_id in found else frozenset()
        keys = before | {rate.feature.key, *rate.parts}
        found[rate.feature_id] = Use(rate.feature, keys)
    return found


def keys_of(used: Iterable[Use]) -> set[str]:
    """The keys of all that is in use."""
    return {key for use in used for key in use.keys}


def paid_as_you_go(books: Books, keys: Iterable[str]) -> bool:
    """Whether one of these features is on and paid another way, so that it is in use as well."""
    choices = FeatureChoice.objects.filter(customer=books.customer, feature__key__in=list(keys))
    in_force = choices.first_in_force(books.now)
    return any(choice.is_on and on_contract(choice, books.now) for choice in in_force)


def on_contract(choice: FeatureChoice, at: datetime) -> bool:
    """Whether a choice in force puts a feature under a contract that still runs."""
    is_payg = choice.billing_model == BillingModel.PAYG
    return is_payg and (choice.until is None or at < choice.until)


def names_of(keys: Iterable[str]) -> list[str]:
    """Feature names for a sentence."""
    return list(Feature.objects.filter(key__in=keys).values_list("name", flat=True))
