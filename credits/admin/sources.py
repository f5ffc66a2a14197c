"""Who states the units of customers' groups: read, and set by a command with a reason."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.forms import BaseForm
from django.http import HttpRequest

from credits import clock
from credits.admin.forms import CustomerField, MakingForm
from credits.admin.links import add_url, customers_called, record_link
from credits.admin.making import MakingAdmin
from credits.admin.people import portal_tools
from credits.admin.records import Chapter, add_chapter
from credits.domain.commands import Asked
from credits.domain.post import post
from credits.domain.sources import (
    MOST_HOURS,
    NAME_LENGTH,
    STALE_AFTER_HOURS,
    Reporting,
    SetUsageSource,
    reporting,
    with_last_report,
)
from credits.models import Customer, UsageSource
from credits.templatetags.figures import instant


class SourceForm(MakingForm):
    """A system that reports, or nobody."""

    taken = ("customer", "group")

    customer = CustomerField(
        max_length=60, help_text="Its number or address part, like C-1001 or halden-energy."
    )
    group = forms.CharField(
        max_length=60, help_text="The allocation group's key, like endpoint-packages."
    )
    name = forms.CharField(
        label="System",
        max_length=NAME_LENGTH,
        required=False,
        help_text="What people call it: Endpoint inventory. Left empty, units come by hand again.",
    )
    stale_after_hours = forms.IntegerField(
        label="Called stale after hours",
        min_value=1,
        max_value=MOST_HOURS,
        initial=STALE_AFTER_HOURS,
    )


@admin.register(UsageSource)
class UsageSourceAdmin(MakingAdmin):
    """The systems that report, with those that are silent."""

    list_display = ("system", "of", "of_group", "last", "state", "patience")
    list_select_related = ("customer", "group")
    linked_by = ("customer", "group")
    shelf = "Books"
    search_fields = ("customer",)
    search_help_text = "Customer, system, or the group's key."
    story = ("system", "of", "of_group", "began", "last", "state", "patience")
    making_form = SourceForm
    making_title = "Set who reports"
    making_sentence = "From now on a system states a group's units, or people do so again."
    making_button = "Set it"

    def get_queryset(self, request: HttpRequest) -> QuerySet[UsageSource]:
        return with_last_report(super().get_queryset(request))

    def words(self, word: str) -> Q:
        own = Q(name__icontains=word) | Q(group__key=word.lower())
        return own | customers_called(word, "customer__")

    def tools(self, request: HttpRequest, record: UsageSource) -> list[tuple[str, str]]:
        return portal_tools(request, record.customer)

    def carry_out(self, request: HttpRequest, form: BaseForm, ask: Asked) -> Any:
        told = form.cleaned_data
        post(
            SetUsageSource(
                customer=told["customer"],
                asked=ask,
                group=told["group"],
                name=told["name"] or None,
                stale_after_hours=told["stale_after_hours"],
            )
        )
        found = UsageSource.objects.filter(customer=told["customer"], group__key=told["group"])
        return found.first() or told["customer"]

    @admin.display(description="system")
    def system(self, source: UsageSource) -> str:
        return source.name

    @admin.display(description="customer")
    def of(self, source: UsageSource) -> str:
        return record_link(source.customer)

    @admin.display(description="group")
    def of_group(self, source: UsageSource) -> str:
        return record_link(source.group)

    @admin.display(description="since")
    def began(self, source: UsageSource) -> str:
        return instant(source.since)

    @admin.display(description="last report")
    def last(self, source: UsageSource) -> str:
        return instant(told_by(source).last_at)

    @admin.display(description="state")
    def state(self, source: UsageSource) -> str:
        return state_words(told_by(source))

    @admin.display(description="stale after")
    def patience(self, source: UsageSource) -> str:
        return f"{source.stale_after_hours} hours"


def told_by(source: UsageSource) -> Reporting:
    """A source with its newest report."""
    return Reporting(source, source.last_at)  # type: ignore[attr-defined]


def state_words(source: Reporting) -> str:
    """Reports, or stale since when."""
    if source.is_stale(clock.now()):
        return f"stale since {source.stale_since:%Y-%m-%d %H:%M} UTC"
    return "reports" if source.last_at else "no report yet"


def customer_sources(request: HttpRequest, customer: Customer) -> Chapter:
    """Who reports a customer's units, and who is silent."""
    return Chapter(
        title="Units reported by systems",
        columns=("System", "Group", "Last report", "State"),
        rows=[
            (
                record_link(one.source, one.name),
                record_link(one.source.group),
                instant(one.last_at),
                state_words(one),
            )
            for one in reporting(customer).values()
        ],
        empty="All units are stated by hand.",
        add_url=add_url(UsageSource, customer=customer.label)
        if request.user.has_perm("credits.add_usagesource")
        else "",
        add="Set who reports",
    )


add_chapter(Customer, 50, customer_sources)
