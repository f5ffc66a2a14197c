"""The catalogue: solutions, groups, features and their dated rates."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from credits.admin import book_chapters
from credits.admin.links import add_url, record_link
from credits.admin.rate_chapter import feature_rates, unknown_text
from credits.admin.rate_entry import RateMaking
from credits.admin.records import RecordAdmin
from credits.models import AllocationGroup, Feature, FeatureRate, Solution
from credits.templatetags.figures import day, instant


@admin.register(Solution)
class SolutionAdmin(RecordAdmin):
    """Families of features."""

    list_display = ("name", "key", "position")
    search_fields = ("name",)
    story = ("name", "key", "position")

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.add_chapter(10, book_chapters.solution_features)

    def words(self, word: str) -> Q:
        return Q(name__icontains=word) | Q(key__icontains=word.lower())


@admin.register(AllocationGroup)
class AllocationGroupAdmin(RecordAdmin):
    """Features that are priced together."""

    list_display = ("name", "key", "of_solution")
    list_filter = ("solution",)
    list_select_related = ("solution",)
    linked_by = ("solution",)
    search_fields = ("name",)
    story = ("name", "key", "of_solution")

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.add_chapter(10, book_chapters.group_features)

    def words(self, word: str) -> Q:
        return Q(name__icontains=word) | Q(key__icontains=word.lower())

    @admin.display(description="solution", ordering="solution__position")
    def of_solution(self, group: AllocationGroup) -> str:
        return record_link(group.solution)


@admin.register(Feature)
class FeatureAdmin(RecordAdmin):
    """What credits can be allocated to."""

    list_display = ("name", "key", "of_group", "unit", "payg")
    list_filter = ("payg",)
    list_select_related = ("group",)
    linked_by = ("group",)
    search_fields = ("name",)
    story = (
        "name",
        "key",
        "of_group",
        "unit",
        "unit_plural",
        "requires",
        "payg",
        "retention_days",
        "public_id",
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.add_chapter(10, feature_rates)

    def words(self, word: str) -> Q:
        return Q(name__icontains=word) | Q(key__icontains=word.lower())

    @admin.display(description="group", ordering="group__name")
    def of_group(self, feature: Feature) -> str:
        return record_link(feature.group)


@admin.register(FeatureRate)
class FeatureRateAdmin(RateMaking):
    """What features cost, from a day on; never edited, a new one follows."""

    list_display = ("since", "of_feature", "rate", "closes", "assumed", "source")
    list_filter = ("model", "assumed", "at", "closes_at")
    list_select_related = ("feature",)
    linked_by = ("feature", "operation")
    ordering = ("-at", "-pk")
    search_fields = ("feature",)
    story = (
        "of_feature",
        "since",
        "rate",
        "cap",
        "parts",
        "closes",
        "assumed",
        "source",
        "remark",
        "stated",
        "by",
        "unknown",
    )

    def words(self, word: str) -> Q:
        return Q(feature__name__icontains=word) | Q(feature__key__icontains=word.lower())

    def told(self, record: FeatureRate) -> tuple[str, str]:
        return record.feature.name, f"{book_chapters.rate_text(record)} from {record.at:%Y-%m-%d}"

    def tools(self, request: HttpRequest, record: FeatureRate) -> list[tuple[str, str]]:
        if not self.has_add_permission(request):
            return []
        name = record.feature.name
        return [(add_url(FeatureRate, feature=record.feature.key), f"Enter a rate of {name}")]

    @admin.display(description="customers whose books do not know it yet")
    def unknown(self, rate: FeatureRate) -> str:
        return unknown_text(rate)

    @admin.display(description="from", ordering="at")
    def since(self, rate: FeatureRate) -> str:
        return day(rate.at)

    @admin.display(description="feature", ordering="feature__name")
    def of_feature(self, rate: FeatureRate) -> str:
        return record_link(rate.feature)

    @admin.display(description="rate", ordering="credits")
    def rate(self, rate: FeatureRate) -> str:
        return book_chapters.rate_text(rate)

    @admin.display(description="closed to new allocations", ordering="closes_at")
    def closes(self, rate: FeatureRate) -> str:
        return day(rate.closes_at)

    @admin.display(description="entered")
    def stated(self, rate: FeatureRate) -> str:
        return instant(rate.operation.recorded_at)

    @admin.display(description="operation")
    def by(self, rate: FeatureRate) -> str:
        return f"{rate.operation.kind}, {rate.operation.public_id}"
