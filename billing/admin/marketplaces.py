"""Marketplaces at the support desk: what is sold there, and what agreements have come to."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

import billing.admin.purchases  # noqa: F401 - it registers what is told more of below.
from billing.domain.marketplaces.agreements import items_of, short
from billing.domain.marketplaces.looking import words_of
from billing.models import (
    AgreementPurchase,
    MarketplaceAgreement,
    MarketplaceDifference,
    MarketplaceMessage,
    MarketplaceOffer,
    Purchase,
)
from credits.admin.links import customers_called, list_url, record_link, uuid_in
from credits.admin.people import portal_tools
from credits.admin.records import SHOWN, Chapter, RecordAdmin, add_chapter
from credits.models import Customer
from credits.templatetags.figures import NOTHING, credits_text, instant

SHELF = "Marketplaces"


@admin.register(MarketplaceOffer)
class MarketplaceOfferAdmin(RecordAdmin):
    """What a unit of each plan is worth, entered by manage.py marketplace_offer."""

    list_display = ("plan", "product", "marketplace", "kind", "worth", "entered")
    list_filter = ("marketplace", "kind")
    list_select_related = ("operation",)
    search_fields = ("plan",)
    search_help_text = "Product or plan."
    shelf = SHELF
    story = ("marketplace", "product", "plan", "kind", "worth", "entered")

    def words(self, word: str) -> Q:
        return Q(product__icontains=word) | Q(plan__icontains=word)

    @admin.display(description="credits per unit", ordering="credits")
    def worth(self, offer: MarketplaceOffer) -> str:
        return credits_text(offer.credits) if offer.credits else NOTHING

    @admin.display(description="entered")
    def entered(self, offer: MarketplaceOffer) -> str:
        return record_link(offer.operation, instant(offer.operation.recorded_at))


def agreement_orders(request: HttpRequest, agreement: MarketplaceAgreement) -> Chapter:
    found = agreement.orders.select_related("purchase").order_by("-number")
    return Chapter(
        title="What it has come to",
        columns=("Order", "State", "Recorded"),
        rows=[
            (
                record_link(one.purchase),
                one.purchase.get_state_display(),
                instant(one.purchase.recorded_at),
            )
            for one in found[:SHOWN]
        ],
        empty="No order yet.",
    )


def agreement_messages(request: HttpRequest, agreement: MarketplaceAgreement) -> Chapter:
    return Chapter(
        title="Messages",
        columns=("Message", "Action", "Received", "State", "Problem"),
        rows=[message_row(one) for one in agreement.messages.all()[:SHOWN]],
        empty="No message has come in.",
        more_url=list_url(MarketplaceMessage, agreement__id__exact=agreement.pk),
    )


def message_row(message: MarketplaceMessage) -> tuple[str, ...]:
    """A message in the tables of others' pages."""
    return (
        record_link(message, message.message_id),
        message.action or NOTHING,
        instant(message.received_at),
        message.get_state_display(),
        message.problem or NOTHING,
    )


def agreement_differences(request: HttpRequest, agreement: MarketplaceAgreement) -> Chapter:
    return Chapter(
        title="Differences",
        columns=("What", "Ours", "Theirs", "Found", "State"),
        rows=[
            (
                record_link(one, one.kind),
                one.ours,
                one.theirs,
                instant(one.found_at),
                one.get_state_display(),
            )
            for one in agreement.differences.all()[:SHOWN]
        ],
        empty="Nothing differs.",
        more_url=list_url(MarketplaceDifference, agreement__id__exact=agreement.pk),
    )


@admin.register(MarketplaceAgreement)
class MarketplaceAgreementAdmin(RecordAdmin):
    """Every agreement that was heard of, linked or not, as the marketplace said last."""

    list_display = ("name", "marketplace", "of", "state", "bought", "last", "trouble")
    list_filter = ("marketplace", "state", "found_at")
    list_select_related = ("customer",)
    linked_by = ("customer",)
    search_fields = ("reference",)
    search_help_text = "Reference, buyer's account, or the customer."
    place_in_search = 6
    shelf = SHELF
    story = (
        "reference",
        "marketplace",
        "account",
        "product",
        "of",
        "linked",
        "state",
        "bought",
        "first",
        "last",
        "suspended",
        "contract_of",
        "trouble",
        "looked",
        "public_id",
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.add_chapter(10, agreement_orders)
        self.add_chapter(20, agreement_messages)
        self.add_chapter(30, agreement_differences)

    def words(self, word: str) -> Q:
        public_id = uuid_in(word)
        own = Q(reference__icontains=word) | Q(account=word)
        if public_id is not None:
            return own | Q(public_id=public_id) | Q(customer__public_id=public_id)
        return own | customers_called(word, "customer__")

    def told(self, record: Any) -> tuple[str, str]:
        whose = record.customer.name if record.customer else "not linked"
        return short(record.reference), f"{whose} · {record.get_state_display().lower()}"

    def tools(self, request: HttpRequest, record: MarketplaceAgreement) -> list[tuple[str, str]]:
        return portal_tools(request, record.customer) if record.customer else []

    @admin.display(description="agreement", ordering="reference")
    def name(self, agreement: MarketplaceAgreement) -> str:
        return short(agreement.reference)

    @admin.display(description="customer", ordering="customer__name")
    def of(self, agreement: MarketplaceAgreement) -> str:
        return record_link(agreement.customer) if agreement.customer else "Not linked"

    @admin.display(description="linked by")
    def linked(self, agreement: MarketplaceAgreement) -> str:
        return record_link(agreement.linking, agreement.linking.kind) if agreement.linking else ""

    @admin.display(description="units")
    def bought(self, agreement: MarketplaceAgreement) -> str:
        return ", ".join(f"{one.units:,} × {one.plan}" for one in items_of(agreement)) or NOTHING

    @admin.display(description="begins", ordering="starts_at")
    def first(self, agreement: MarketplaceAgreement) -> str:
        return instant(agreement.starts_at)

    @admin.display(description="ends", ordering="ends_at")
    def last(self, agreement: MarketplaceAgreement) -> str:
        return instant(agreement.ends_at)

    @admin.display(description="suspended since")
    def suspended(self, agreement: MarketplaceAgreement) -> str:
        return instant(agreement.suspended_at)

    @admin.display(description="pay-as-you-go contract")
    def contract_of(self, agreement: MarketplaceAgreement) -> str:
        return record_link(agreement.contract) if agreement.contract else NOTHING

    @admin.display(description="problem")
    def trouble(self, agreement: MarketplaceAgreement) -> str:
        return words_of(agreement.problem) or NOTHING

    @admin.display(description="applied last")
    def looked(self, agreement: MarketplaceAgreement) -> str:
        return instant(agreement.applied_at)


def customer_agreements(request: HttpRequest, customer: Customer) -> Chapter:
    """A customer's agreements on the marketplaces."""
    return Chapter(
        title="Marketplace agreements",
        columns=("Agreement", "Marketplace", "State", "Ends", "Problem"),
        rows=[
            (
                record_link(one, short(one.reference)),
                one.get_marketplace_display(),
                one.get_state_display(),
                instant(one.ends_at),
                words_of(one.problem) or NOTHING,
            )
            for one in customer.agreements.all()[:SHOWN]
        ],
        empty="No agreement was linked.",
        more_url=list_url(MarketplaceAgreement, customer__id__exact=customer.pk),
    )


def purchase_agreement(request: HttpRequest, purchase: Purchase) -> Chapter:
    """The agreement that an order belongs to."""
    found = AgreementPurchase.objects.filter(purchase=purchase).select_related("agreement")
    return Chapter(
        title="Marketplace agreement",
        columns=("Agreement", "Marketplace", "State"),
        rows=[
            (
                record_link(one.agreement, short(one.agreement.reference)),
                one.agreement.get_marketplace_display(),
                one.agreement.get_state_display(),
            )
            for one in found
        ],
        empty="It came through no marketplace.",
    )


add_chapter(Customer, 52, customer_agreements)
add_chapter(Purchase, 40, purchase_agreement)
