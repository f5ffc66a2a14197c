"""Messages of marketplaces and what differs from them, at the support desk."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest

from billing.admin.marketplaces import SHELF
from billing.domain.marketplaces.agreements import short
from billing.domain.marketplaces.providers import Unavailable, UnknownAgreement
from billing.domain.marketplaces.reconciling import repair
from billing.domain.marketplaces.replaying import replay_message
from billing.models import (
    DifferenceState,
    MarketplaceDifference,
    MarketplaceMessage,
    MessageState,
)
from credits.admin.acting import Act, ActingAdmin
from credits.admin.links import customers_called, record_link, record_url
from credits.domain.commands import Asked
from credits.exceptions import NotAllowed
from credits.models import Customer
from credits.templatetags.figures import NOTHING, instant


class Replay(Act):
    """A parked message is tried again."""

    record: MarketplaceMessage
    name = "replay"
    label = "Try again"
    button = "Try it again"
    done = "The message is tried again within a minute."

    @property
    def customer(self) -> Customer | None:
        agreement = self.record.agreement
        return agreement.customer if agreement is not None else None

    @property
    def is_offered(self) -> bool:
        return self.record.state == MessageState.PARKED

    @property
    def title(self) -> str:
        return f"Try message {self.record.message_id} again"

    @property
    def sentence(self) -> str:
        return (
            f"It was parked: {self.record.problem} Whatever the marketplace says of its "
            "agreement when it is asked is applied."
        )

    def act(self, request: HttpRequest, form: Any, ask: Asked) -> str:
        """Have it tried again."""
        replay_message(self.record, ask)
        messages.success(request, self.done)
        return record_url(self.record)


class Repair(Act):
    """What the marketplace says of an agreement is applied anew."""

    record: MarketplaceDifference
    name = "repair"
    label = "Repair"
    button = "Apply what the marketplace says"

    @property
    def customer(self) -> Customer | None:
        agreement = self.record.agreement
        return agreement.customer if agreement is not None else None

    @property
    def is_offered(self) -> bool:
        return self.record.state == DifferenceState.OPEN

    @property
    def title(self) -> str:
        return f"Repair {short(self.record.reference)}"

    @property
    def sentence(self) -> str:
        return (
            f"Ours: {self.record.ours}. Theirs: {self.record.theirs}. The marketplace is asked "
            "once more, and what it says then is applied to the customer's licenses."
        )

    def act(self, request: HttpRequest, form: Any, ask: Asked) -> str:
        """Ask the marketplace, apply, and say what still differs."""
        try:
            still = repair(self.record, ask)
        except UnknownAgreement:
            raise NotAllowed(
                "The marketplace knows no such agreement, so nothing was applied. Void its "
                "licenses by hand if it is gone for good."
            ) from None
        except Unavailable as problem:
            raise NotAllowed(
                f"The marketplace gives no answer now ({problem}). Try again in a few minutes."
            ) from problem
        if still:
            named = ", ".join(one.kind for one in still)
            messages.warning(request, f"It was applied, and this still differs: {named}.")
        else:
            messages.success(request, "It was applied. Nothing differs any more.")
        return record_url(self.record)


@admin.register(MarketplaceMessage)
class MarketplaceMessageAdmin(ActingAdmin):
    """What marketplaces sent, as it came, and what became of it."""

    corrections = (Replay,)
    list_display = ("message_id", "marketplace", "action", "about", "received", "state", "problem")
    list_filter = ("state", "marketplace", "received_at")
    list_select_related = ("agreement__customer",)
    linked_by = ("agreement",)
    search_fields = ("message_id",)
    search_help_text = "Message id, agreement, or the customer."
    place_in_search = 9
    shelf = SHELF
    story = (
        "message_id",
        "marketplace",
        "action",
        "about",
        "of",
        "said",
        "received",
        "deliveries",
        "state",
        "problem",
        "attempts",
        "due",
        "settled",
        "body",
        "sha256",
        "public_id",
    )

    def words(self, word: str) -> Q:
        own = Q(message_id__icontains=word) | Q(reference__icontains=word)
        return own | customers_called(word, "agreement__customer__")

    def told(self, record: Any) -> tuple[str, str]:
        return record.message_id, f"{record.action} · {record.get_state_display().lower()}"

    def tools(self, request: HttpRequest, record: MarketplaceMessage) -> list[tuple[str, str]]:
        return self.correction_tools(request, record)

    @admin.display(description="agreement")
    def about(self, message: MarketplaceMessage) -> str:
        if message.agreement is None:
            return short(message.reference)
        return record_link(message.agreement, short(message.reference))

    @admin.display(description="customer")
    def of(self, message: MarketplaceMessage) -> str:
        return record_link(message.agreement.customer if message.agreement else None)

    @admin.display(description="happened")
    def said(self, message: MarketplaceMessage) -> str:
        return instant(message.said_at)

    @admin.display(description="received", ordering="received_at")
    def received(self, message: MarketplaceMessage) -> str:
        return instant(message.received_at)

    @admin.display(description="tried from")
    def due(self, message: MarketplaceMessage) -> str:
        return instant(message.due_at) if message.state == MessageState.STORED else NOTHING

    @admin.display(description="settled")
    def settled(self, message: MarketplaceMessage) -> str:
        return instant(message.settled_at)


@admin.register(MarketplaceDifference)
class MarketplaceDifferenceAdmin(ActingAdmin):
    """What the nightly reconciliation found, repaired on confirmation."""

    corrections = (Repair,)
    list_display = ("what", "about", "of", "ours", "theirs", "found", "state")
    list_filter = ("state", "marketplace", "found_at")
    list_select_related = ("agreement__customer", "repair")
    linked_by = ("agreement",)
    search_fields = ("reference",)
    search_help_text = "Agreement, kind of difference, or the customer."
    shelf = SHELF
    story = (
        "what",
        "marketplace",
        "about",
        "of",
        "ours",
        "theirs",
        "found",
        "seen",
        "state",
        "closed",
        "repaired",
        "public_id",
    )

    def words(self, word: str) -> Q:
        own = Q(reference__icontains=word) | Q(kind=word.lower())
        return own | customers_called(word, "agreement__customer__")

    def told(self, record: Any) -> tuple[str, str]:
        return f"{short(record.reference)}: {record.kind}", record.get_state_display().lower()

    def tools(self, request: HttpRequest, record: MarketplaceDifference) -> list[tuple[str, str]]:
        return self.correction_tools(request, record)

    @admin.display(description="what differs", ordering="kind")
    def what(self, one: MarketplaceDifference) -> str:
        return one.kind.replace("-", " ")

    @admin.display(description="agreement", ordering="reference")
    def about(self, one: MarketplaceDifference) -> str:
        name = short(one.reference)
        return record_link(one.agreement, name) if one.agreement else name

    @admin.display(description="customer")
    def of(self, one: MarketplaceDifference) -> str:
        customer = one.agreement.customer if one.agreement else None
        return record_link(customer) if customer else NOTHING

    @admin.display(description="found", ordering="found_at")
    def found(self, one: MarketplaceDifference) -> str:
        return instant(one.found_at)

    @admin.display(description="seen last")
    def seen(self, one: MarketplaceDifference) -> str:
        return instant(one.seen_at)

    @admin.display(description="closed")
    def closed(self, one: MarketplaceDifference) -> str:
        return instant(one.closed_at)

    @admin.display(description="repaired by")
    def repaired(self, one: MarketplaceDifference) -> str:
        return record_link(one.repair, one.repair.kind) if one.repair else NOTHING
