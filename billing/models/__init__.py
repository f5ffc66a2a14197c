"""How credits were asked for and bought, and what lets features be paid another way."""

from billing.models.contracts import ContractChannel, PaygContract
from billing.models.purchases import Channel, Purchase, PurchaseLine, PurchaseState
from billing.models.requests import CreditRequest, RequestCause, RequestState

__all__ = [
    "Channel",
    "ContractChannel",
    "CreditRequest",
    "PaygContract",
    "Purchase",
    "PurchaseLine",
    "PurchaseState",
    "RequestCause",
    "RequestState",
]
