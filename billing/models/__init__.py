"""How credits were bought, and what lets features be paid another way."""

from billing.models.contracts import ContractChannel, PaygContract
from billing.models.purchases import Channel, Purchase, PurchaseLine, PurchaseState

__all__ = [
    "Channel",
    "ContractChannel",
    "PaygContract",
    "Purchase",
    "PurchaseLine",
    "PurchaseState",
]
