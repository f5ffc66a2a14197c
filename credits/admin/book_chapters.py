"""The chapters of operations, licenses and the catalogue: facts, entries, terms, rates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from credits.admin.chapters import why
from credits.admin.links import list_url, record_link
from credits.admin.records import SHOWN, Chapter
from credits.models import (
    AllocationGroup,
    Feature,
    FeatureChoice,
    FeatureRate,
    LedgerEntry,
    License,
    Operation,
    Solution,
    UsageReport,
)
from credits.templatetags.figures import credits_text, day, instant, signed

ENTRY_COLUMNS = ("Effective", "Recorded", "Credits", "Of", "Operation")


def entry_rows(entries: Iterable[LedgerEntry]) -> list[tuple[Any, ...]]:
    """Ledger entries as rows of a chapter."""
    return [
        (
            instant(entry.effective_at),
            instant(entry.recorded_at),
            record_link(entry, signed(entry.credits)),
            record_link(entry.license or entry.feature),
            record_link(entry.operation, entry.operation.kind),
        )
        for entry in entries
    ]


def entries_chapter(entries: QuerySet[LedgerEntry], more_url: str) -> Chapter:
    """The newest rows of the ledger that belong to a record."""
    found = entries.select_related("license", "feature", "operation").order_by("-pk")[:SHOWN]
    return Chapter(
        title="Ledger entries",
        columns=ENTRY_COLUMNS,
        figures=frozenset({2}),
        rows=entry_rows(found),
        empty="It changed no credits.",
        more_url=more_url,
    )


def operation_entries(request: HttpRequest, operation: Operation) -> Chapter:
    more = list_url(LedgerEntry, operation__id__exact=operation.pk)
    return entries_chapter(LedgerEntry.objects.filter(operation=operation), more)


def operation_facts(request: HttpRequest, operation: Operation) -> Chapter:
    """What the operation stated: terms, reports, choices and rates, until it is reversed."""
    terms = operation.terms.select_related("license")[:SHOWN]
    reports = operation.reports.select_related("group")[:SHOWN]
    choices = operation.choices.select_related("feature")[:SHOWN]
    rates = operation.rates.select_related("feature")[:SHOWN]
    rows = [
        *((day(t.at), "term", record_link(t.license), term_text(t)) for t in terms),
        *((instant(r.at), "report", record_link(r.group), quantities_text(r)) for r in reports),
        *((instant(c.at), "choice", record_link(c.feature), choice_text(c)) for c in choices),
        *((day(r.at), "rate", record_link(r.feature), rate_text(r)) for r in rates),
    ]
    return Chapter(
        title="Facts",
        columns=("From", "Fact", "Of", "It is so"),
        rows=rows,
        empty="It stated no fact.",
    )


def license_terms(request: HttpRequest, license: License) -> Chapter:
    found = license.terms.select_related("operation", "operation__actor", "operation__note")
    return Chapter(
        title="Its terms, as they were stated",
        columns=("From", "It is so", "Stated", "Operation", "Who", "Why"),
        rows=[
            (
                day(term.at),
                term_text(term),
                instant(term.operation.recorded_at),
                record_link(term.operation, term.operation.kind),
                record_link(term.operation.actor),
                why(term.operation),
            )
            for term in found.order_by("pk")[:SHOWN]
        ],
    )


def license_entries(request: HttpRequest, license: License) -> Chapter:
    entries = LedgerEntry.objects.filter(customer=license.customer_id, license=license)
    more = list_url(
        LedgerEntry, customer__id__exact=license.customer_id, license__id__exact=license.pk
    )
    return entries_chapter(entries, more)


def solution_features(request: HttpRequest, solution: Solution) -> Chapter:
    return features_chapter(Feature.objects.filter(group__solution=solution))


def group_features(request: HttpRequest, group: AllocationGroup) -> Chapter:
    return features_chapter(group.features.all())


def features_chapter(features: QuerySet[Feature]) -> Chapter:
    return Chapter(
        title="Features",
        columns=("Feature", "Key", "Group", "Counted in"),
        rows=[
            (record_link(one), one.key, record_link(one.group), one.unit_plural)
            for one in features.select_related("group")
        ],
    )


def term_text(term: Any) -> str:
    if term.until is None or not term.credits:
        return "no credits"
    return f"{credits_text(term.credits)} credits until {term.until:%Y-%m-%d}, 00:00 UTC"


def quantities_text(report: UsageReport) -> str:
    """The quantities of a report: units 300, or each key with its own."""
    if not isinstance(report.quantities, dict):
        return str(report.quantities)
    return ", ".join(f"{key} {value}" for key, value in report.quantities.items())


def choice_text(choice: FeatureChoice) -> str:
    return f"{'on' if choice.is_on else 'off'}, {choice.get_billing_model_display().lower()}"


def rate_text(rate: FeatureRate) -> str:
    per = "" if rate.block == 1 else f" per {rate.block.normalize():f}"
    return f"{rate.credits.normalize():f}{per}, {rate.get_model_display().lower()}"
