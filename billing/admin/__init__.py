"""The support desk's view of this app: every record readable, nothing editable."""

from billing.admin import contracts, lifecycle, purchases, requests

__all__ = ["contracts", "lifecycle", "purchases", "requests"]
