"""What the clock did, at the support desk: where access stands, who is marked, what happened."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from billing.models import CustomerLife, LifeEvent
from credits import clock
from credits.admin.links import customers_called, list_url, record_link
from credits.admin.people import portal_tools
from credits.admin.records import SHOWN, Chapter, RecordAdmin, add_chapter
from credits.domain.access_state import access_state
from credits.models import Customer
from credits.templatetags.figures import NOTHING, instant


@admin.register(CustomerLife)
class CustomerLifeAdmin(RecordAdmin):
    """Where each customer's access stands as recorded: who is locked, and who marked for purge."""

    list_display = ("of", "stage", "since_when", "ends", "marked", "held")
    list_filter = ("stage", "marked_at")
    list_select_related = ("customer",)
    linked_by = ("customer",)
    ordering = ("-marked_at", "-since", "pk")
    search_fields = ("customer",)
    search_help_text = "Customer."
    shelf = "Customers and people"
    story = ("of", "stage", "since_when", "ends", "marked", "held")

    def words(self, word: str) -> Q:
        return customers_called(word, "customer__")

    def told(self, record: Any) -> tuple[str, str]:
        return f"Access of {record.customer.name}", record.get_stage_display()

    def tools(self, request: HttpRequest, record: CustomerLife) -> list[tuple[str, str]]:
        return portal_tools(request, record.customer)

    @admin.display(description="customer", ordering="customer__name")
    def of(self, life: CustomerLife) -> str:
        return record_link(life.customer)

    @admin.display(description="since", ordering="since")
    def since_when(self, life: CustomerLife) -> str:
        return instant(life.since)

    @admin.display(description="access ends", ordering="ends_at")
    def ends(self, life: CustomerLife) -> str:
        return instant(life.ends_at)

    @admin.display(description="marked", ordering="marked_at")
    def marked(self, life: CustomerLife) -> str:
        return instant(life.marked_at)

    @admin.display(description="legal hold", ordering="customer__held_at")
    def held(self, life: CustomerLife) -> str:
        return instant(life.customer.held_at)


@admin.register(LifeEvent)
class LifeEventAdmin(RecordAdmin):
    """Every start, end and change of access, with the instant of the terms."""

    list_display = ("what", "of", "of_license", "when", "recorded")
    list_filter = ("kind", "at")
    list_select_related = ("customer", "license")
    linked_by = ("customer", "license")
    ordering = ("-pk",)
    search_fields = ("customer",)
    search_help_text = "Customer."
    shelf = "Customers and people"
    story = ("what", "of", "of_license", "when", "recorded")

    def words(self, word: str) -> Q:
        return customers_called(word, "customer__")

    @admin.display(description="what")
    def what(self, event: LifeEvent) -> str:
        return event.get_kind_display()

    @admin.display(description="customer", ordering="customer__name")
    def of(self, event: LifeEvent) -> str:
        return record_link(event.customer)

    @admin.display(description="license")
    def of_license(self, event: LifeEvent) -> str:
        return record_link(event.license)

    @admin.display(description="from", ordering="at")
    def when(self, event: LifeEvent) -> str:
        return instant(event.at)

    @admin.display(description="recorded by the run of", ordering="recorded_at")
    def recorded(self, event: LifeEvent) -> str:
        return instant(event.recorded_at)


def life_events(request: HttpRequest, life: CustomerLife) -> Chapter:
    return customer_events(request, life.customer)


def customer_events(request: HttpRequest, customer: Customer) -> Chapter:
    """How access stands by the terms and as recorded, and what led there."""
    found = LifeEvent.objects.filter(customer=customer).select_related("license")
    return Chapter(
        title=f"Access: {access_text(customer)}",
        columns=("What", "License", "From", "Recorded by the run of"),
        rows=[
            (
                event.get_kind_display(),
                record_link(event.license) if event.license else NOTHING,
                instant(event.at),
                instant(event.recorded_at),
            )
            for event in found.order_by("-at", "-pk")[:SHOWN]
        ],
        empty="Nothing was recorded yet.",
        more_url=list_url(LifeEvent, customer__id__exact=customer.pk),
    )


def access_text(customer: Customer) -> str:
    """Where access stands by the terms, and the mark, which only a run sets."""
    life = CustomerLife.objects.filter(customer=customer).first()
    stage = str(access_state(customer, clock.now()).stage)
    if life is None or life.marked_at is None:
        return stage
    if life.stage == "purged":
        return f"purged {life.since:%Y-%m-%d %H:%M} UTC"
    return f"{stage}, marked for purge {life.marked_at:%Y-%m-%d %H:%M} UTC"


add_chapter(Customer, 42, customer_events)
add_chapter(CustomerLife, 10, life_events)
