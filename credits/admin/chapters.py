"""The chapters of records' pages: what belongs to a record, newest first, with links onward."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from credits import clock
from credits.admin.filters import license_state
from credits.admin.links import add_url, list_url, record_link
from credits.admin.records import SHOWN, Chapter
from credits.domain.boundaries import boundary_at
from credits.domain.figures import Position, standing
from credits.models import (
    AllocationGroup,
    Assignment,
    Customer,
    Feature,
    FeatureChoice,
    FeatureRate,
    LedgerEntry,
    License,
    Membership,
    Operation,
    Side,
    Solution,
    UsageReport,
    User,
)
from credits.templatetags.figures import balance, credits_text, day, instant, last_date, signed

ENTRY_COLUMNS = ("Effective", "Recorded", "Credits", "Of", "Operation")
OPERATION_COLUMNS = ("When", "Operation", "About", "Who", "Through", "Why")


def customer_balance(request: HttpRequest, customer: Customer) -> Chapter:
    """What the customer holds now, each figure a link to its rows."""
    now = clock.now()
    boundary = boundary_at(now)
    stands = standing(customer, now=now, boundary=boundary)
    live, shown = stands.live, stands.shown
    published = "not yet published" if stands.unpublished else f"through {boundary:%H:%M} UTC"

    def rows_of(credits: int, **narrowed: str) -> str:
        address = list_url(LedgerEntry, customer__id__exact=customer.pk, **narrowed)
        return format_html('<a href="{}">{}</a>', address, credits_text(credits))

    changes = plural(len(stands.pending), "change")
    valid = rows_of(live.figure.valid, side__exact=Side.VALID.value)
    allocated = rows_of(live.figure.allocated, side__exact=Side.ALLOCATED.value)
    return Chapter(
        title="Balance now",
        columns=("", "Credits", ""),
        figures=frozenset({1}),
        rows=[
            ("Valid", valid, plural(len(live.by_license), "license")),
            ("Allocated", allocated, plural(len(live.by_feature), "feature")),
            ("Balance", balance(live.figure.balance), ahead(live)),
            ("Shown to the customer", balance(shown.figure.balance), published),
            ("Not shown yet", signed(stands.pending_balance), changes),
        ],
    )


def plural(count: int, noun: str) -> str:
    return f"{credits_text(count)} {noun}{'' if count == 1 else 's'}"


def ahead(live: Position) -> str:
    """What is known ahead: the first shortage, or the end of what is valid."""
    if live.first_short is not None:
        short = live.first_short
        return f"first short: {credits_text(short.figure.balance)} on {short.at:%Y-%m-%d}"
    if live.covered_until is not None:
        return f"covered until {live.covered_until:%Y-%m-%d}, 00:00 UTC"
    return ""


def customer_members(request: HttpRequest, customer: Customer) -> Chapter:
    members = customer.memberships.select_related("user")
    return Chapter(
        title="Members",
        columns=("Person", "Mail address", "Role", "Last log-in"),
        rows=[
            (
                record_link(member.user, member.user.name),
                member.user.email,
                member.get_role_display(),
                instant(member.user.last_login),
            )
            for member in members[:SHOWN]
        ],
        empty="Nobody may log in for this customer.",
        more_url=list_url(Membership, customer__id__exact=customer.pk),
        add_url=add_url(Membership, customer=customer.label)
        if request.user.has_perm("credits.add_membership")
        else "",
        add="Add a member",
    )


def customer_reps(request: HttpRequest, customer: Customer) -> Chapter:
    return Chapter(
        title="Looked after by",
        columns=("Sales rep", "Mail address"),
        rows=[
            (record_link(assignment.user, assignment.user.name), assignment.user.email)
            for assignment in customer.assignments.select_related("user")[:SHOWN]
        ],
        empty="No sales rep is assigned.",
        more_url=list_url(Assignment, customer__id__exact=customer.pk),
    )


def customer_licenses(request: HttpRequest, customer: Customer) -> Chapter:
    now = clock.now()
    return Chapter(
        title="Licenses",
        columns=("License", "Kind", "Credits", "First day", "Last day", "State"),
        figures=frozenset({2}),
        rows=[
            (
                record_link(license),
                license.get_kind_display(),
                credits_text(license.credits),
                day(license.starts_at),
                last_date(license.ends_at),
                license_state(license, now),
            )
            for license in customer.licenses.order_by("-ends_at", "-number")[:SHOWN]
        ],
        empty="No license was ever granted.",
        more_url=list_url(License, customer__id__exact=customer.pk),
    )


def customer_operations(request: HttpRequest, customer: Customer) -> Chapter:
    return operations_chapter(
        "Last operations",
        Operation.objects.filter(customer=customer).order_by("-position"),
        list_url(Operation, customer__id__exact=customer.pk),
    )


def operations_chapter(title: str, operations: QuerySet[Operation], more_url: str) -> Chapter:
    """Operations with who, when and why."""
    found = operations.select_related("actor", "note")[:SHOWN]
    return Chapter(
        title=title,
        columns=OPERATION_COLUMNS,
        rows=[
            (
                instant(operation.recorded_at),
                record_link(operation, operation.kind),
                operation.subject,
                record_link(operation.actor, operation.actor.name if operation.actor else None),
                operation.source,
                why(operation),
            )
            for operation in found
        ],
        empty="Nothing was done yet.",
        more_url=more_url,
    )


def why(operation: Operation) -> str:
    """The reason given with an operation; its note lies beside it, and may have been erased."""
    note = getattr(operation, "note", None)
    return note.text if note is not None else ""


def person_memberships(request: HttpRequest, person: User) -> Chapter:
    found = person.memberships.select_related("customer")
    return Chapter(
        title="Member of",
        columns=("Customer", "Number", "Role"),
        rows=[
            (record_link(member.customer), member.customer.label, member.get_role_display())
            for member in found[:SHOWN]
        ],
        empty="Of no customer.",
        more_url=list_url(Membership, user__id__exact=person.pk),
    )


def person_assignments(request: HttpRequest, person: User) -> Chapter:
    found = person.assignments.select_related("customer")
    return Chapter(
        title="Looks after",
        columns=("Customer", "Number"),
        rows=[(record_link(one.customer), one.customer.label) for one in found[:SHOWN]],
        empty="No customer.",
        more_url=list_url(Assignment, user__id__exact=person.pk),
    )


def person_operations(request: HttpRequest, person: User) -> Chapter:
    return operations_chapter(
        "What this person did last",
        Operation.objects.filter(actor=person).order_by("-pk"),
        list_url(Operation, actor__id__exact=person.pk),
    )


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


def feature_rates(request: HttpRequest, feature: Feature) -> Chapter:
    return Chapter(
        title="Rates",
        columns=("From", "Rate", "Source", "Remark"),
        rows=[
            (
                day(rate.at),
                record_link(rate, rate_text(rate)),
                rate.source,
                rate.remark,
            )
            for rate in feature.rates.order_by("-at", "-pk")[:SHOWN]
        ],
        more_url=list_url(FeatureRate, feature__id__exact=feature.pk),
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
