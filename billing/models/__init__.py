"""How credits were asked for and bought, what is told of them, and what the clock did."""

from billing.models.contracts import ContractChannel, PaygContract
from billing.models.lifecycle import CustomerLife, LifeEvent, LifeEventKind, Recorded
from billing.models.notices import (
    InboxMark,
    Notice,
    NoticeKind,
    NoticeSettings,
    Watched,
    WatchedState,
)
from billing.models.purchases import Channel, Purchase, PurchaseLine, PurchaseState
from billing.models.requests import CreditRequest, RequestCause, RequestState

__all__ = [
    "Channel",
    "ContractChannel",
    "CreditRequest",
    "CustomerLife",
    "InboxMark",
    "LifeEvent",
    "LifeEventKind",
    "Notice",
    "NoticeKind",
    "NoticeSettings",
    "PaygContract",
    "Purchase",
    "PurchaseLine",
    "PurchaseState",
    "Recorded",
    "RequestCause",
    "RequestState",
    "Watched",
    "WatchedState",
]
