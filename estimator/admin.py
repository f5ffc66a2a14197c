"""Estimates at the support desk, readable, and their place on customers' pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from billing.models import Purchase
from credits import clock
from credits.admin.links import customers_called, list_url, record_link, uuid_in
from credits.admin.people import portal_tools
from credits.admin.records import SHOWN, Chapter, RecordAdmin, add_chapter
from credits.models import Customer
from credits.templatetags.figures import NOTHING, credits_text, day, instant, last_day
from estimator.domain.contents import read
from estimator.domain.line_words import plan_words, quantity_words, reserve_words
from estimator.domain.pipeline import hand_overs, stage_of
from estimator.domain.plans import Plan, Reserve
from estimator.domain.sharing import state_of
from estimator.models import Estimate, EstimateLine, EstimateLink, HandOver

LINK_ID = re.compile(r"[0-9a-f]{32}")
"""How the address of a shared link begins: its id, which opens nothing by itself."""

SHOWN_OF_LINK = 8
"""Characters of it that tell links apart."""

LINKS = "Links for people without an account"
LINK_COLUMNS = ("Version", "Address begins", "Shared", "By", "Open through", "State")


def estimate_lines(request: HttpRequest, estimate: Estimate) -> Chapter:
    lines = estimate.lines.select_related("feature__group__solution").order_by("position")
    return Chapter(
        title="Lines",
        columns=("Feature", "Solution", "Units", "Over the term"),
        rows=[
            (
                record_link(line.feature),
                line.feature.group.solution.name,
                quantity_words(read(line.quantities[line.feature.key]), line.feature),
                plan_words(plan_of(line)) or "the same",
            )
            for line in lines
        ],
        empty="It has no lines.",
    )


def plan_of(line: EstimateLine) -> Plan:
    """How a line grows and when it starts."""
    return Plan(line.growth, line.starts_on, line.ramp_months)


def estimate_versions(request: HttpRequest, estimate: Estimate) -> Chapter:
    found = estimate.versions.select_related("saved_by")[:SHOWN]
    return Chapter(
        title="Saved",
        columns=("Version", "Name", "Level to hold", "Saved", "Rates as known", "By"),
        figures=frozenset({2}),
        rows=[
            (
                version.number,
                version.content["name"],
                credits_text(version.level),
                instant(version.saved_at),
                instant(version.known_at),
                record_link(version.saved_by),
            )
            for version in found
        ],
    )


def estimate_links(request: HttpRequest, estimate: Estimate) -> Chapter:
    found = EstimateLink.objects.filter(version__estimate=estimate)
    return Chapter(
        title=LINKS,
        columns=LINK_COLUMNS,
        rows=link_rows(found),
        empty="It was shared with nobody.",
    )


def customer_links(request: HttpRequest, customer: Customer) -> Chapter:
    found = EstimateLink.objects.filter(version__estimate__customer=customer)
    return Chapter(
        title=LINKS,
        columns=("Estimate", *LINK_COLUMNS),
        rows=link_rows(found, names_estimate=True),
        empty="No estimate was shared.",
    )


def link_rows(
    found: QuerySet[EstimateLink], *, names_estimate: bool = False
) -> list[Sequence[Any]]:
    """Who shared what until when, and who closed it before; never the secret of a link."""
    now = clock.now()
    rows = found.select_related("version__estimate", "shared_by", "revoked__actor")
    return [
        (
            *((record_link(link.version.estimate),) if names_estimate else ()),
            link.version.number,
            link.public_id.hex[:SHOWN_OF_LINK],
            instant(link.shared_at),
            record_link(link.shared_by),
            last_day(link.expires_at),
            closed(link) if link.revoked else state_of(link, now).label,
        )
        for link in rows[:SHOWN]
    ]


def closed(link: EstimateLink) -> str:
    """By whom a link was revoked, and when."""
    operation = link.revoked
    if operation is None:
        return ""
    return format_html(
        "Revoked {}, {}", instant(operation.recorded_at), record_link(operation.actor)
    )


def estimate_hand_overs(request: HttpRequest, estimate: Estimate) -> Chapter:
    return hand_over_chapter(hand_overs().filter(estimate=estimate), "It was not handed over.")


def purchase_hand_over(request: HttpRequest, purchase: Purchase) -> Chapter:
    found = hand_overs().filter(purchase=purchase)
    return hand_over_chapter(found, "It came of no estimate.")


def hand_over_chapter(found: QuerySet[HandOver], empty: str) -> Chapter:
    return Chapter(
        title="Handed over to sales",
        columns=("Estimate", "Version", "Credits", "Needed from", "Handed over", "By", "State"),
        figures=frozenset({2}),
        rows=[
            (
                record_link(row.estimate),
                row.version,
                credits_text(row.credits),
                day(row.first_day),
                instant(row.handed_at),
                record_link(row.handed_by),
                record_link(row.purchase) if row.purchase else stage_of(row).label,
            )
            for row in found.order_by("-handed_at", "-pk")[:SHOWN]
        ],
        empty=empty,
    )


def customer_estimates(request: HttpRequest, customer: Customer) -> Chapter:
    found = Estimate.objects.for_customer(customer).select_related("updated_by")
    return Chapter(
        title="Estimates",
        columns=("Estimate", "Level to hold", "Saved", "By"),
        figures=frozenset({1}),
        rows=[
            (
                record_link(estimate),
                credits_text(estimate.level),
                instant(estimate.updated_at),
                record_link(estimate.updated_by),
            )
            for estimate in found[:SHOWN]
        ],
        empty="No estimate was saved.",
        more_url=list_url(Estimate, customer__id__exact=customer.pk),
    )


def link_in(word: str) -> UUID | None:
    """The id of a shared link that a word is: the first 32 characters after shared/."""
    return UUID(hex=word) if LINK_ID.fullmatch(word) else None


@admin.register(Estimate)
class EstimateAdmin(RecordAdmin):
    """Saved estimates, by name and customer, each with its lines and versions."""

    list_display = ("label", "name", "of", "amount", "years", "version", "saved", "who")
    list_filter = ("updated_at",)
    list_select_related = ("customer", "updated_by")
    linked_by = ("customer", "updated_by")
    ordering = ("-updated_at", "-pk")
    search_fields = ("name",)
    search_help_text = (
        "Name of the estimate, the customer, or the first 32 characters of a shared address."
    )
    shelf = "Purchases and licenses"
    story = (
        "of",
        "label",
        "name",
        "amount",
        "years",
        "overlap",
        "reserve",
        "version",
        "created_at",
        "created_by",
        "saved",
        "who",
        "public_id",
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.add_chapter(10, estimate_lines)
        self.add_chapter(20, estimate_versions)
        self.add_chapter(30, estimate_links)
        self.add_chapter(40, estimate_hand_overs)

    def words(self, word: str) -> Q:
        public_id = uuid_in(word)
        if public_id is not None:
            return Q(public_id=public_id) | Q(customer__public_id=public_id)
        link = link_in(word)
        if link is not None:
            shared = EstimateLink.objects.filter(public_id=link)
            return Q(pk__in=shared.values("version__estimate"))
        return Q(name__icontains=word) | customers_called(word, "customer__")

    def told(self, record: Any) -> tuple[str, str]:
        level = f"{credits_text(record.level)} credits to hold"
        return str(record), f"{record.customer.name} · {level}"

    def tools(self, request: HttpRequest, record: Estimate) -> list[tuple[str, str]]:
        return portal_tools(request, record.customer)

    @admin.display(description="customer", ordering="customer__name")
    def of(self, estimate: Estimate) -> str:
        return record_link(estimate.customer)

    @admin.display(description="level to hold", ordering="level")
    def amount(self, estimate: Estimate) -> str:
        return credits_text(estimate.level)

    @admin.display(description="reserve")
    def reserve(self, estimate: Estimate) -> str:
        kept = Reserve(estimate.reserve_credits, estimate.reserve_percent)
        return reserve_words(kept) or NOTHING

    @admin.display(description="saved", ordering="updated_at")
    def saved(self, estimate: Estimate) -> str:
        return instant(estimate.updated_at)

    @admin.display(description="by", ordering="updated_by__email")
    def who(self, estimate: Estimate) -> str:
        return record_link(estimate.updated_by)


add_chapter(Customer, 60, customer_estimates)
add_chapter(Customer, 61, customer_links)
add_chapter(Purchase, 60, purchase_hand_over)
