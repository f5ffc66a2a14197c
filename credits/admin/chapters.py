"""The chapters of records' pages: what belongs to a record, newest first, with links onward."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from credits import clock
from credits.admin.filters import license_state
from credits.admin.links import add_url, list_url, record_link
from credits.admin.records import SHOWN, Chapter
from credits.domain.figures import Position, standing
from credits.models import (
    Assignment,
    Customer,
    LedgerEntry,
    License,
    Membership,
    Operation,
    Side,
    User,
)
from credits.templatetags.figures import balance, credits_text, day, instant, last_date, signed

OPERATION_COLUMNS = ("When", "Operation", "About", "Who", "Through", "Why")


def customer_balance(request: HttpRequest, customer: Customer) -> Chapter:
    """What the customer holds now, each figure a link to its rows."""
    now = clock.now()
    stands = standing(customer, now=now)
    live, shown = stands.live, stands.shown
    unpublished = stands.unpublished or stands.boundary is None
    published = "not yet published" if unpublished else f"through {shown.at:%H:%M} UTC"

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
