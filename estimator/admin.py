"""Estimates at the support desk, readable, and their place on customers' pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from billing.models import Purchase
from credits.admin.links import customers_called, list_url, record_link, uuid_in
from credits.admin.people import portal_tools
from credits.admin.records import SHOWN, Chapter, RecordAdmin, add_chapter
from credits.domain.pricing import Quantity
from credits.models import Customer
from credits.templatetags.figures import credits_text, day, instant, units
from estimator.domain.contents import read
from estimator.domain.pipeline import hand_overs, stage_of
from estimator.models import Estimate, HandOver


def estimate_lines(request: HttpRequest, estimate: Estimate) -> Chapter:
    lines = estimate.lines.select_related("feature__group__solution").order_by("position")
    return Chapter(
        title="Lines",
        columns=("Feature", "Solution", "Units"),
        rows=[
            (
                record_link(line.feature),
                line.feature.group.solution.name,
                stated(read(line.quantities[line.feature.key])),
            )
            for line in lines
        ],
        empty="It has no lines.",
    )


def estimate_versions(request: HttpRequest, estimate: Estimate) -> Chapter:
    found = estimate.versions.select_related("saved_by")[:SHOWN]
    return Chapter(
        title="Saved",
        columns=("Version", "Name", "Level to hold", "Saved", "By"),
        figures=frozenset({2}),
        rows=[
            (
                version.number,
                version.content["name"],
                credits_text(version.level),
                instant(version.saved_at),
                record_link(version.saved_by),
            )
            for version in found
        ],
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


def stated(quantity: Quantity) -> str:
    """Units in one text: a number, or a number for each account."""
    if isinstance(quantity, Mapping):
        return "; ".join(f"account {name}: {units(number)}" for name, number in quantity.items())
    return units(quantity)


@admin.register(Estimate)
class EstimateAdmin(RecordAdmin):
    """Saved estimates, by name and customer, each with its lines and versions."""

    list_display = ("label", "name", "of", "amount", "years", "version", "saved", "who")
    list_filter = ("updated_at",)
    list_select_related = ("customer", "updated_by")
    linked_by = ("customer", "updated_by")
    ordering = ("-updated_at", "-pk")
    search_fields = ("name",)
    search_help_text = "Name of the estimate, or the customer."
    shelf = "Purchases and licenses"
    story = (
        "of",
        "label",
        "name",
        "amount",
        "years",
        "overlap",
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
        self.add_chapter(30, estimate_hand_overs)

    def words(self, word: str) -> Q:
        public_id = uuid_in(word)
        if public_id is not None:
            return Q(public_id=public_id) | Q(customer__public_id=public_id)
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

    @admin.display(description="saved", ordering="updated_at")
    def saved(self, estimate: Estimate) -> str:
        return instant(estimate.updated_at)

    @admin.display(description="by", ordering="updated_by__email")
    def who(self, estimate: Estimate) -> str:
        return record_link(estimate.updated_by)


add_chapter(Customer, 60, customer_estimates)
add_chapter(Purchase, 60, purchase_hand_over)
