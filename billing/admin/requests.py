"""Credit requests at the support desk, and their place on customers' and purchases' pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from billing.domain.request_lists import cause_text
from billing.models import CreditRequest, Purchase
from billing.web.request_page import story_of
from credits.admin.links import customers_called, list_url, number_in, record_link, uuid_in
from credits.admin.people import portal_tools
from credits.admin.records import SHOWN, Chapter, RecordAdmin, add_chapter
from credits.models import Customer
from credits.templatetags.figures import credits_text, day, instant


def request_story(request: HttpRequest, row: CreditRequest) -> Chapter:
    return Chapter(
        title="What happened to it",
        columns=("When", "What", "In own words", "Who"),
        rows=[
            (instant(one.at), f"{one.title} {one.link}".strip(), one.words or "–", one.who or "–")
            for one in story_of(row)
        ],
    )


def customer_requests(request: HttpRequest, customer: Customer) -> Chapter:
    found = CreditRequest.objects.filter(customer=customer).select_related("asked_by", "license")
    return Chapter(
        title="Requests for credits",
        columns=("Request", "Credits", "Needed by", "Cause", "State", "Asked", "By"),
        figures=frozenset({1}),
        rows=[
            (
                record_link(row),
                credits_text(row.credits),
                day(row.needed_on),
                cause_text(row),
                row.get_state_display(),
                instant(row.asked_at),
                record_link(row.asked_by),
            )
            for row in found[:SHOWN]
        ],
        empty="No credits were asked for.",
        more_url=list_url(CreditRequest, customer__id__exact=customer.pk),
    )


def purchase_request(request: HttpRequest, purchase: Purchase) -> Chapter:
    found = CreditRequest.objects.filter(purchase=purchase).select_related("asked_by")
    return Chapter(
        title="The request it was entered for",
        columns=("Request", "Credits", "Needed by", "Asked", "By"),
        figures=frozenset({1}),
        rows=[
            (
                record_link(row),
                credits_text(row.credits),
                day(row.needed_on),
                instant(row.asked_at),
                record_link(row.asked_by),
            )
            for row in found
        ],
        empty="It was entered without a request.",
    )


@admin.register(CreditRequest)
class CreditRequestAdmin(RecordAdmin):
    """What customers asked of sales, and what became of it."""

    list_display = ("label", "of", "amount", "needed", "why", "state", "asked", "who")
    list_filter = ("state", "cause", "asked_at", "needed_on")
    list_select_related = ("customer", "license", "asked_by")
    linked_by = ("customer", "asked_by", "license")
    ordering = ("-asked_at", "-pk")
    search_fields = ("number",)
    search_help_text = "Number (R-3), public id, mail address of who asked, or the customer."
    place_in_search = 8
    shelf = "Purchases and licenses"
    story = (
        "of",
        "amount",
        "needed",
        "why",
        "due_license",
        "state",
        "asked",
        "who",
        "by",
        "answered",
        "withdrawn",
        "bought",
        "public_id",
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.add_chapter(10, request_story)

    def words(self, word: str) -> Q:
        public_id = uuid_in(word)
        if public_id is not None:
            return Q(public_id=public_id) | Q(customer__public_id=public_id)
        number = number_in(word, "R")
        if number is not None:
            return Q(number=number)
        if "@" in word:
            return Q(asked_by__email=word.lower())
        return customers_called(word, "customer__")

    def told(self, record: Any) -> tuple[str, str]:
        asked = f"{credits_text(record.credits)} credits"
        state = record.get_state_display().lower()
        return record.label, f"{record.customer.name} · {asked} · {state}"

    def tools(self, request: HttpRequest, record: CreditRequest) -> list[tuple[str, str]]:
        found = portal_tools(request, record.customer)
        if not found:
            return []
        kwargs = {"slug": record.customer.slug, "public_id": record.public_id}
        return [
            (reverse("billing:request-detail", kwargs=kwargs), f"{record} in the portal"),
            *found,
        ]

    @admin.display(description="customer", ordering="customer__name")
    def of(self, row: CreditRequest) -> str:
        return record_link(row.customer)

    @admin.display(description="credits", ordering="credits")
    def amount(self, row: CreditRequest) -> str:
        return credits_text(row.credits)

    @admin.display(description="needed by", ordering="needed_on")
    def needed(self, row: CreditRequest) -> str:
        return day(row.needed_on)

    @admin.display(description="cause")
    def why(self, row: CreditRequest) -> str:
        return cause_text(row)

    @admin.display(description="license that ends")
    def due_license(self, row: CreditRequest) -> str:
        return record_link(row.license)

    @admin.display(description="asked", ordering="asked_at")
    def asked(self, row: CreditRequest) -> str:
        return instant(row.asked_at)

    @admin.display(description="asked by", ordering="asked_by__email")
    def who(self, row: CreditRequest) -> str:
        return record_link(row.asked_by)

    @admin.display(description="operation")
    def by(self, row: CreditRequest) -> str:
        return record_link(row.operation, row.operation.kind)

    @admin.display(description="answer")
    def answered(self, row: CreditRequest) -> str:
        return record_link(row.answer, "answer") if row.answer else "–"

    @admin.display(description="withdrawal")
    def withdrawn(self, row: CreditRequest) -> str:
        return record_link(row.withdrawal, "withdrawal") if row.withdrawal else "–"

    @admin.display(description="purchase")
    def bought(self, row: CreditRequest) -> str:
        return record_link(row.purchase)


add_chapter(Customer, 48, customer_requests)
add_chapter(Purchase, 20, purchase_request)
