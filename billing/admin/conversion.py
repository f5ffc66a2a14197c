"""Seat licenses and conversion rates at the support desk, and their place on other pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.forms import BaseForm
from django.http import HttpRequest

from billing.admin.seat_forms import LowerUnits, RaiseUnits, SeatForm, seat_number
from billing.domain.conversion.codes import clean_code
from billing.domain.conversion.in_force import units_on
from billing.domain.conversion.listing import arithmetic_of
from billing.domain.conversion.reducing import ReduceSeats
from billing.domain.conversion.seats import Seats
from billing.domain.conversion.terms import enter_entitlement, renew_entitlement
from billing.models import ConversionRate, Entitlement, EntitlementTerm
from billing.web.seat_page import row_arithmetic
from credits import clock
from credits.admin.correcting import CorrectingAdmin, correction_url
from credits.admin.corrections import UNDONE_ELSEWHERE
from credits.admin.filters import license_state
from credits.admin.links import (
    add_url,
    customers_called,
    list_url,
    record_link,
    uuid_in,
)
from credits.admin.making import MakingAdmin
from credits.admin.people import portal_tools
from credits.admin.records import SHOWN, Chapter, RecordAdmin, add_chapter
from credits.domain.commands import Asked
from credits.exceptions import CreditsError, InvalidCommand
from credits.models import Customer, License, Operation
from credits.templatetags.figures import credits_text, day, grouped, instant, last_date


def entitlement_terms(request: HttpRequest, entitlement: Entitlement) -> Chapter:
    """The terms of a seat license, each with its arithmetic."""
    now = clock.now()
    terms = entitlement.terms.select_related("license", "purchase", "rate")
    return Chapter(
        title="Terms",
        columns=("License", "Units", "Rate", "Credits", "First day", "Last day", "State", "Order"),
        figures=frozenset({1, 2, 3}),
        rows=[
            (
                record_link(term.license),
                grouped(term.units),
                record_link(term.rate, f"{term.rate.credits.normalize():,f}"),
                credits_text(term.license.credits),
                day(term.starts_at),
                last_date(term.license.ends_at),
                license_state(term.license, now),
                record_link(term.purchase),
            )
            for term in terms
        ],
    )


@admin.register(Entitlement)
class EntitlementAdmin(CorrectingAdmin, MakingAdmin):
    """Seat licenses, entered and renewed here, their units lowered."""

    corrections = (RaiseUnits, LowerUnits)
    list_display = ("label", "of", "product", "kind", "entered")
    list_filter = ("kind", "product", "created_at")
    list_select_related = ("customer",)
    linked_by = ("customer",)
    ordering = ("-number",)
    search_fields = ("number",)
    search_help_text = "EN-1001, activation code, product, or the customer."
    place_in_search = 4
    shelf = "Purchases and licenses"
    story = ("of", "product", "kind", "units_today", "entered", "public_id")
    making_form = SeatForm
    making_title = "Enter a seat license"
    making_sentence = (
        "Its units become credits at the rate of its first day, to its own last day, as a license "
        "of their own."
    )
    making_button = "Convert into credits"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.add_chapter(10, entitlement_terms)

    def words(self, word: str) -> Q:
        public_id = uuid_in(word)
        if public_id is not None:
            return Q(public_id=public_id) | Q(customer__public_id=public_id)
        if (number := seat_number(word)) is not None:
            return Q(number=number)
        own = Q(product__icontains=word.lower()) | customers_called(word, "customer__")
        code = plain_code(word)
        return own | Q(terms__code__code=code) if code else own

    def told(self, record: Any) -> tuple[str, str]:
        return record.label, f"{record.customer.name} · {record.product}"

    def tools(self, request: HttpRequest, record: Entitlement) -> list[tuple[str, str]]:
        found = [
            *self.correction_tools(request, record),
            *portal_tools(request, record.customer),
        ]
        if not self.has_add_permission(request):
            return found
        given = {"customer": record.customer.label, "renews": record.label}
        return [(add_url(Entitlement, **given), "Renew"), *found]

    def carry_out(self, request: HttpRequest, form: BaseForm, ask: Asked) -> Any:
        told = form.cleaned_data
        seats = Seats(
            product=told["product"],
            units=told["units"],
            first_day=told["starts"],
            last_day=told["ends"],
            kind=told["kind"],
            unusual_confirmed=told["unusual"],
        )
        renews = told["renews"]
        if renews is None:
            return enter_entitlement(told["customer"], seats, ask, code=told["code"]).entitlement
        if renews.customer_id != told["customer"].pk:
            raise InvalidCommand("This customer has no such seat license.", field="renews")
        return renew_entitlement(renews, seats, ask, code=told["code"]).entitlement

    @admin.display(description="seat license", ordering="number")
    def label(self, entitlement: Entitlement) -> str:
        return entitlement.label

    @admin.display(description="customer", ordering="customer__name")
    def of(self, entitlement: Entitlement) -> str:
        return record_link(entitlement.customer)

    @admin.display(description="units today")
    def units_today(self, entitlement: Entitlement) -> str:
        return grouped(units_on(entitlement, clock.now()))

    @admin.display(description="entered", ordering="created_at")
    def entered(self, entitlement: Entitlement) -> str:
        return instant(entitlement.created_at)


@admin.register(ConversionRate)
class ConversionRateAdmin(RecordAdmin):
    """What a unit of a seat license is worth, from a day on; loaded from a file, never edited."""

    list_display = ("name", "product", "worth", "since", "until", "assumed")
    list_filter = ("product", "is_assumed", "valid_from")
    linked_by = ("operation",)
    ordering = ("name", "-valid_from")
    search_fields = ("product",)
    search_help_text = "The product, by its name or key."
    shelf = "Catalogue"
    story = (
        "name",
        "product",
        "worth",
        "since",
        "until",
        "assumed",
        "source",
        "note",
        "loaded",
        "by",
    )

    def words(self, word: str) -> Q:
        return Q(name__icontains=word) | Q(product__icontains=word.lower())

    def told(self, record: ConversionRate) -> tuple[str, str]:
        return record.name, f"{self.worth(record)} from {record.valid_from:%Y-%m-%d}"

    @admin.display(description="credits", ordering="credits")
    def worth(self, rate: ConversionRate) -> str:
        return f"{rate.credits.normalize():,f} each {rate.unit}"

    @admin.display(description="first day", ordering="valid_from")
    def since(self, rate: ConversionRate) -> str:
        return day(rate.valid_from)

    @admin.display(description="last day", ordering="valid_to")
    def until(self, rate: ConversionRate) -> str:
        return day(rate.valid_to) if rate.valid_to else "until the next"

    @admin.display(description="assumed", ordering="is_assumed", boolean=True)
    def assumed(self, rate: ConversionRate) -> bool:
        return rate.is_assumed

    @admin.display(description="loaded")
    def loaded(self, rate: ConversionRate) -> str:
        return instant(rate.operation.recorded_at)

    @admin.display(description="operation")
    def by(self, rate: ConversionRate) -> str:
        return f"{rate.operation.kind}, {rate.operation.public_id}"


def plain_code(word: str) -> str:
    """A word of a search as an activation code; empty if it can be none."""
    try:
        return clean_code(word)
    except CreditsError:
        return ""


def customer_entitlements(request: HttpRequest, customer: Customer) -> Chapter:
    """A customer's seat licenses, term by term, and the way to enter one."""
    now = clock.now()
    terms = EntitlementTerm.objects.filter(entitlement__customer=customer)
    found = terms.select_related("entitlement", "license", "rate").order_by("-starts_at", "-pk")
    return Chapter(
        title="Seat licenses",
        columns=("Seat license", "Product", "Units", "Credits", "License", "Last day", "State"),
        figures=frozenset({2, 3}),
        rows=[
            (
                record_link(term.entitlement),
                term.rate.name,
                grouped(term.units),
                credits_text(term.license.credits),
                record_link(term.license),
                last_date(term.license.ends_at),
                license_state(term.license, now),
            )
            for term in found[:SHOWN]
        ],
        empty="No seat license was entered.",
        more_url=list_url(Entitlement, customer__id__exact=customer.pk),
        add_url=add_url(Entitlement, customer=customer.label)
        if request.user.has_perm("billing.add_entitlement")
        else "",
        add="Enter a seat license",
    )


def license_seats(request: HttpRequest, license: License) -> Chapter:
    """How a license came out of units and rate."""
    row = arithmetic_of(license)
    term = getattr(license, "entitlement_term", None)
    return Chapter(
        title="Seat license it was converted from",
        columns=("Seat license", "Product", "Arithmetic"),
        rows=[(record_link(term.entitlement), row.product, row_arithmetic(row))]
        if row and term
        else [],
        empty="It is no seat license.",
    )


def lowering(operation: Operation) -> str:
    """Lowered units are not undone: units are added again from a day on."""
    if operation.kind != ReduceSeats.kind or "entitlement" not in operation.answer:
        return ""
    found = Entitlement.objects.filter(public_id=operation.answer["entitlement"]).first()
    return correction_url(found, LowerUnits.name) if found is not None else ""


add_chapter(Customer, 49, customer_entitlements)
add_chapter(License, 21, license_seats)
UNDONE_ELSEWHERE.append(lowering)
