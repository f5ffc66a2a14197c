"""Purchases at the support desk, and their place on customers' and licenses' pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest

from billing.admin.order_corrections import OF_PURCHASES, CancelPurchase
from billing.models import Purchase
from billing.web.purchase_story import story_of
from credits import clock
from credits.admin.correcting import CorrectingAdmin, correction_url
from credits.admin.corrections import UNDONE_ELSEWHERE
from credits.admin.filters import license_state
from credits.admin.links import (
    amount_in,
    customers_called,
    list_url,
    person_of,
    record_link,
    uuid_in,
)
from credits.admin.people import portal_tools
from credits.admin.records import SHOWN, Chapter, add_chapter
from credits.domain.licenses import RESTATE
from credits.models import Customer, License, Operation
from credits.templatetags.figures import NOTHING, credits_text, day, grouped, instant, last_date


def purchase_licenses(request: HttpRequest, purchase: Purchase) -> Chapter:
    now = clock.now()
    lines = purchase.lines.select_related("license", "license__renews").order_by("position")
    return Chapter(
        title="Licenses it granted",
        columns=("License", "Kind", "Credits", "First day", "Last day", "State", "Renews"),
        figures=frozenset({2}),
        rows=[
            (
                record_link(line.license),
                line.license.get_kind_display(),
                credits_text(line.license.credits),
                day(line.license.starts_at),
                last_date(line.license.ends_at),
                license_state(line.license, now),
                record_link(line.license.renews),
            )
            for line in lines
        ],
    )


def purchase_history(request: HttpRequest, purchase: Purchase) -> Chapter:
    story = story_of(purchase, person_of(request), sees_prices=True)
    return Chapter(
        title="History",
        columns=("When", "What", "Changed", "Who", "Reason"),
        rows=[
            (
                instant(chapter.at),
                chapter.title,
                "; ".join(f"{one.name}: {one.before} → {one.after}" for one in chapter.changes),
                chapter.who or NOTHING,
                chapter.reason or NOTHING,
            )
            for chapter in story
        ],
    )


def customer_purchases(request: HttpRequest, customer: Customer) -> Chapter:
    orders = customer.purchases.annotate(credits=Sum("lines__license__credits"))
    found = orders.select_related("entered_by").order_by("-recorded_at", "-pk")
    return Chapter(
        title="Purchases",
        columns=("Order", "Channel", "Credits", "State", "Entered", "By"),
        figures=frozenset({2}),
        rows=[
            (
                record_link(purchase),
                purchase.get_channel_display(),
                credits_text(purchase.credits),
                purchase.get_state_display(),
                instant(purchase.recorded_at),
                record_link(purchase.entered_by),
            )
            for purchase in found[:SHOWN]
        ],
        empty="No purchase was entered.",
        more_url=list_url(Purchase, customer__id__exact=customer.pk),
    )


def license_purchase(request: HttpRequest, license: License) -> Chapter:
    found = Purchase.objects.filter(lines__license=license).select_related("entered_by")
    return Chapter(
        title="Purchase",
        columns=("Order", "Channel", "State", "Entered", "By"),
        rows=[
            (
                record_link(purchase),
                purchase.get_channel_display(),
                purchase.get_state_display(),
                instant(purchase.recorded_at),
                record_link(purchase.entered_by),
            )
            for purchase in found
        ],
        empty="It was granted without an order.",
    )


def cancelling(operation: Operation) -> str:
    """Where an operation that entered a purchase is undone: with the purchase.

    One that amended it is not undone; the order is amended again.
    """
    if operation.kind == RESTATE:
        return ""
    purchase: Purchase | None = getattr(operation, "purchase", None)
    return correction_url(purchase, CancelPurchase.name) if purchase is not None else ""


@admin.register(Purchase)
class PurchaseAdmin(CorrectingAdmin):
    """Orders, by number, channel and customer, each with the licenses it granted."""

    corrections = OF_PURCHASES
    list_display = (
        "order_number",
        "of",
        "amount",
        "licenses",
        "channel",
        "state",
        "recorded",
        "who",
    )
    list_filter = ("state", "channel", "recorded_at")
    list_select_related = ("customer", "entered_by")
    linked_by = ("customer", "entered_by")
    ordering = ("-recorded_at", "-pk")
    search_fields = ("order_number",)
    search_help_text = "Order number, the customer, or its credits or price (52,000)."
    place_in_search = 2
    shelf = "Purchases and licenses"
    story = (
        "of",
        "order_number",
        "channel",
        "state",
        "amount",
        "paid",
        "recorded",
        "who",
        "by",
        "note",
        "public_id",
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.add_chapter(10, purchase_licenses)
        self.add_chapter(20, purchase_history)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        orders: QuerySet[Any] = super().get_queryset(request)
        granted = {"credits": Sum("lines__license__credits"), "count": Count("lines")}
        annotated: QuerySet[Any] = orders.annotate(**granted)
        return annotated

    def words(self, word: str) -> Q:
        public_id = uuid_in(word)
        if public_id is not None:
            return Q(public_id=public_id) | Q(customer__public_id=public_id)
        found = Q(order_number__icontains=word) | customers_called(word, "customer__")
        amount = amount_in(word)
        return found if amount is None else found | Q(credits=amount) | Q(price=amount)

    def told(self, record: Any) -> tuple[str, str]:
        granted = f"{credits_text(record.credits)} credits"
        return record.order_number, f"{record.customer.name} · {granted} · {record.state}"

    def tools(self, request: HttpRequest, record: Purchase) -> list[tuple[str, str]]:
        return [
            *self.correction_tools(request, record),
            *portal_tools(request, record.customer),
        ]

    @admin.display(description="customer", ordering="customer__name")
    def of(self, purchase: Purchase) -> str:
        return record_link(purchase.customer)

    @admin.display(description="credits", ordering="credits")
    def amount(self, purchase: Any) -> str:
        return credits_text(purchase.credits)

    @admin.display(description="licenses", ordering="count")
    def licenses(self, purchase: Any) -> int:
        count: int = purchase.count
        return count

    @admin.display(description="price")
    def paid(self, purchase: Purchase) -> str:
        return (
            NOTHING if purchase.price is None else f"{grouped(purchase.price)} {purchase.currency}"
        )

    @admin.display(description="entered", ordering="recorded_at")
    def recorded(self, purchase: Purchase) -> str:
        return instant(purchase.recorded_at)

    @admin.display(description="entered by", ordering="entered_by__email")
    def who(self, purchase: Purchase) -> str:
        return record_link(purchase.entered_by)

    @admin.display(description="operation")
    def by(self, purchase: Purchase) -> str:
        return record_link(purchase.operation, purchase.operation.kind)


add_chapter(Customer, 50, customer_purchases)
add_chapter(License, 20, license_purchase)
UNDONE_ELSEWHERE.append(cancelling)
