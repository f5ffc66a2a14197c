"""What marketplaces do, in words: their operations, and they themselves as a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credits.models import Operation

MARKET_KINDS: Mapping[str, Any] = {
    "link-agreement": gettext_lazy("Agreement linked"),
    "repair-agreement": gettext_lazy("Agreement repaired"),
    "shorten": gettext_lazy("License ends earlier"),
    "end-contract": gettext_lazy("Contract ends earlier"),
}

MARKET_SOURCES: Mapping[str, Any] = {
    "aws": gettext_lazy("AWS Marketplace"),
    "azure": gettext_lazy("Azure Marketplace"),
}


def linked(operation: Operation, person: str) -> str:
    """Linked the agreement AWS Marketplace l-1234."""
    return _("Linked the agreement %(agreement)s") % {"agreement": operation.subject}


def repaired(operation: Operation, person: str) -> str:
    """Looked at the agreement AWS Marketplace l-1234 anew."""
    return _("Applied anew what the marketplace says of %(agreement)s") % {
        "agreement": operation.subject
    }


def shortened(operation: Operation, person: str) -> str:
    """Let L-204 end earlier."""
    return _("Let %(license)s end earlier") % {"license": operation.subject}


def contract_ended(operation: Operation, person: str) -> str:
    """Let the contract AWS Marketplace l-1234 end earlier."""
    return _("Let the contract %(contract)s end earlier") % {"contract": operation.subject}


MARKET_SAYINGS: Mapping[str, Callable[[Operation, str], str]] = {
    "link-agreement": linked,
    "repair-agreement": repaired,
    "shorten": shortened,
    "end-contract": contract_ended,
}
