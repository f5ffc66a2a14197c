"""How credits were bought."""

from billing.models.purchases import Channel, Purchase, PurchaseLine, PurchaseState

__all__ = ["Channel", "Purchase", "PurchaseLine", "PurchaseState"]
