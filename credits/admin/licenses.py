"""Licenses: found by number and customer, each with its terms and its rows in the ledger."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from credits import clock
from credits.admin import book_chapters
from credits.admin.correcting import CorrectingAdmin
from credits.admin.corrections import OF_LICENSES
from credits.admin.filters import LicenseStateFilter, license_state
from credits.admin.links import (
    amount_in,
    customers_called,
    list_url,
    number_in,
    record_link,
    uuid_in,
)
from credits.admin.people import portal_tools
from credits.models import LedgerEntry, License
from credits.templatetags.figures import (
    credits_text,
    day,
    instant,
    last_date,
    last_day,
    last_day_text,
)


@admin.register(License)
class LicenseAdmin(CorrectingAdmin):
    """Lots of credits with a term."""

    corrections = OF_LICENSES

    list_display = ("label", "of", "kind", "amount", "first", "last", "state")
    list_filter = (LicenseStateFilter, "kind", "starts_at", "ends_at")
    list_select_related = ("customer",)
    linked_by = ("customer",)
    ordering = ("-ends_at", "-pk")
    shelf = "Purchases and licenses"
    search_fields = ("number",)
    search_help_text = "License number (L-204), the customer, its credits (52,000), or all."
    place_in_search = 3
    story = (
        "of",
        "kind",
        "amount",
        "first",
        "usable_until",
        "state",
        "voided",
        "renews_license",
        "renewed_by",
        "public_id",
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.add_chapter(10, book_chapters.license_terms)
        self.add_chapter(90, book_chapters.license_entries)

    def words(self, word: str) -> Q:
        number, public_id = number_in(word, "L"), uuid_in(word)
        if number is not None:
            return Q(number=number)
        if public_id is not None:
            return Q(public_id=public_id) | Q(customer__public_id=public_id)
        found = customers_called(word, "customer__")
        amount = amount_in(word)
        return found if amount is None else found | Q(credits=amount)

    def told(self, record: Any) -> tuple[str, str]:
        until = f"{credits_text(record.credits)} credits until {last_day_text(record.ends_at)}"
        return record.label, f"{record.customer.name} · {until}"

    def tools(self, request: HttpRequest, record: License) -> list[tuple[str, str]]:
        narrowed = {"customer__id__exact": record.customer_id, "license__id__exact": record.pk}
        return [
            *self.correction_tools(request, record),
            *portal_tools(request, record.customer),
            (list_url(LedgerEntry, **narrowed), "Ledger"),
        ]

    @admin.display(description="license", ordering="number")
    def label(self, license: License) -> str:
        return license.label

    @admin.display(description="customer", ordering="customer__name")
    def of(self, license: License) -> str:
        return record_link(license.customer)

    @admin.display(description="credits", ordering="credits")
    def amount(self, license: License) -> str:
        return credits_text(license.credits)

    @admin.display(description="first day", ordering="starts_at")
    def first(self, license: License) -> str:
        return day(license.starts_at)

    @admin.display(description="last day", ordering="ends_at")
    def last(self, license: License) -> str:
        return last_date(license.ends_at)

    @admin.display(description="last day")
    def usable_until(self, license: License) -> str:
        return last_day(license.ends_at)

    @admin.display(description="state")
    def state(self, license: License) -> str:
        return license_state(license, clock.now())

    @admin.display(description="voided")
    def voided(self, license: License) -> str:
        return instant(license.voided_at)

    @admin.display(description="renews")
    def renews_license(self, license: License) -> str:
        return record_link(license.renews)

    @admin.display(description="renewed by")
    def renewed_by(self, license: License) -> str:
        return record_link(getattr(license, "renewal", None))
