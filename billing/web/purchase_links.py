"""What belongs to a purchase in apps above this one, as its page shows it.

An app brings it by a function that settings.PURCHASE_LINKS names, so that nothing here knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from billing.models import Purchase


@dataclass(frozen=True)
class PurchaseLink:
    """One row of the order's facts: what it is, its name, and where it leads."""

    label: str
    text: str
    url: str


Linker = Callable[[Purchase], Sequence[PurchaseLink]]


def links_of(purchase: Purchase) -> list[PurchaseLink]:
    """Everything that belongs to a purchase elsewhere."""
    linkers: list[Linker] = [import_string(path) for path in settings.PURCHASE_LINKS]
    return [link for linker in linkers for link in linker(purchase)]
