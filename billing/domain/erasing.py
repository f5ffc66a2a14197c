"""What a purge erases of purchases and notices (settings.ERASERS, docs/rules.md#r13)."""

from __future__ import annotations

from billing.domain.order_changes.events import erase_words
from billing.models import (
    DraftState,
    InboxMark,
    MarketplaceMessage,
    Notice,
    NoticeSettings,
    Purchase,
    PurchaseDraft,
    PurchaseFile,
    WatchedState,
)
from credits.models import Customer

OPEN_DRAFTS = (DraftState.DRAFT, DraftState.WAITING, DraftState.REFUSED)


def erase(customer: Customer) -> None:
    """Erase the free text of purchases, and all that was told to a customer's people.

    Orders, prices, agreements and requests are numbers of a business and stay.
    """
    Purchase.objects.filter(customer=customer).exclude(note="").update(note="")
    erase_words(customer)
    drafts = PurchaseDraft.objects.filter(customer=customer)
    drafts.filter(state__in=OPEN_DRAFTS).update(state=DraftState.DISCARDED)
    drafts.update(typed={}, order_number="")
    PurchaseFile.objects.filter(customer=customer).delete()
    MarketplaceMessage.objects.filter(agreement__customer=customer).update(body="")
    for told in (InboxMark, NoticeSettings, Notice, WatchedState):
        told.objects.filter(customer=customer).delete()
