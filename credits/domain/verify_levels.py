"""The ledger beside the level function of all facts that stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import QuerySet

from credits.domain.booking import GroupFacts, latest_stated, levels_at
from credits.domain.books import Subject
from credits.models import (
    Balance,
    Customer,
    FeatureChoice,
    FeatureRate,
    LedgerEntry,
    License,
    LicenseTerm,
    Side,
    UsageReport,
    subject_of,
)


def verify_levels(customer: Customer) -> list[str]:
    """The ledger of every license and feature is the level function of the facts that stand.

    Compared at every instant at which either changes.
    """
    entries: dict[Subject, list[LedgerEntry]] = defaultdict(list)
    for entry in entries_of(customer):
        entries[subject_of(entry)].append(entry)
    found = []
    stated = terms_of(customer)
    for license in License.objects.filter(customer=customer):
        terms, own = stated[license.pk], entries.pop((Side.VALID.value, license.pk), [])
        instants = {*(t.at for t in terms), *(t.until for t in terms if t.until), *steps(own)}
        found += unequal(license.label, {at: credits_at(terms, at) for at in instants}, own)
    for facts in groups_of(customer):
        held = {pk: entries.pop((Side.ALLOCATED.value, pk), []) for pk in facts.features}
        instants = {fact.at for fact in (*facts.reports, *facts.choices, *facts.rates)}
        instants |= {choice.until for choice in facts.choices if choice.until}
        instants |= {at for own in held.values() for at in steps(own)}
        levels = {at: levels_at(facts, at) for at in instants}
        for pk, key in facts.features.items():
            found += unequal(key, {at: levels[at].get(pk, 0) for at in instants}, held[pk])
    found += [f"Entries of {subject} have no fact behind them." for subject in entries]
    return found


def steps(entries: Iterable[LedgerEntry]) -> set[datetime]:
    """The instants at which entries take effect."""
    return {entry.effective_at for entry in entries}


def unequal(name: str, wanted: Mapping[datetime, int], entries: Sequence[LedgerEntry]) -> list[str]:
    """The first instant at which the ledger holds something else than is wanted."""
    for at in sorted(wanted):
        held = sum(entry.credits for entry in entries if entry.effective_at <= at)
        if held != wanted[at]:
            return [
                f"{name} has {held} credits in the ledger from {at:%Y-%m-%d %H:%M:%S.%f} on, "
                f"but its facts make {wanted[at]}."
            ]
    return []


def credits_at(terms: Sequence[LicenseTerm], at: datetime) -> int:
    """The credits a license gives: half-open, by the latest statement begun."""
    term = latest_stated(terms, at)
    return term.credits if term and (term.until is None or at < term.until) else 0


def groups_of(customer: Customer) -> list[GroupFacts]:
    """All standing facts of each group the customer has ever stated quantities for."""
    through = Balance.objects.values_list("rates_through", flat=True).get(customer=customer)
    reported = set(customer.reports.values_list("group_id", flat=True))
    reports: dict[int, list[UsageReport]] = defaultdict(list)
    choices: dict[int, list[FeatureChoice]] = defaultdict(list)
    rates: dict[int, list[FeatureRate]] = defaultdict(list)
    for report in UsageReport.objects.filter(customer=customer).standing():
        reports[report.group_id].append(report)
    for choice in (
        FeatureChoice.objects.filter(customer=customer).standing().select_related("feature")
    ):
        choices[choice.feature.group_id].append(choice)
    known = FeatureRate.objects.standing().filter(operation_id__lte=through)
    for rate in known.filter(feature__group__in=reported).select_related("feature"):
        rates[rate.feature.group_id].append(rate)
    return [
        GroupFacts(
            features={rate.feature_id: rate.feature.key for rate in rates[group]},
            reports=reports[group],
            choices=choices[group],
            rates=rates[group],
        )
        for group in sorted(reported)
    ]


def terms_of(customer: Customer) -> dict[int, list[LicenseTerm]]:
    """The standing terms of a customer, by license."""
    terms: dict[int, list[LicenseTerm]] = defaultdict(list)
    for term in LicenseTerm.objects.filter(license__customer=customer).standing():
        terms[term.license_id].append(term)
    return terms


def entries_of(customer: Customer) -> QuerySet[LedgerEntry]:
    """All of a customer's ledger, as it was numbered."""
    return LedgerEntry.objects.filter(customer=customer).order_by("seq", "pk")
