"""The support desk's view of this app: every record readable, nothing editable."""

from billing.admin import (
    answers,
    codes,
    contracts,
    conversion,
    lifecycle,
    marketplace_messages,
    marketplaces,
    notices,
    publication,
    purchases,
    requests,
)

__all__ = [
    "answers",
    "codes",
    "contracts",
    "conversion",
    "lifecycle",
    "marketplace_messages",
    "marketplaces",
    "notices",
    "publication",
    "purchases",
    "requests",
]
