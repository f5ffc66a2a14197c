"""What the demonstration sells on marketplaces: the worth of a unit of each plan."""

from __future__ import annotations

from collections.abc import Callable

from billing.domain.marketplaces.offers import EnterOffer, enter_offer
from billing.models import Marketplace, OfferKind
from credits.domain.commands import Asked

PRODUCT = "credits-and-billing"

PLANS = (
    ("credits-1k", OfferKind.CREDITS, 1_000),
    ("credits-10k", OfferKind.CREDITS, 10_000),
    ("pay-as-you-go", OfferKind.PAYG, 0),
)


def enter_offers(asked: Callable[[], Asked]) -> None:
    """The same plans on each marketplace."""
    for marketplace in Marketplace.values:
        for plan, kind, credits in PLANS:
            enter_offer(
                EnterOffer(
                    asked=asked(),
                    marketplace=marketplace,
                    product=PRODUCT,
                    plan=plan,
                    kind_of_offer=kind,
                    credits=credits,
                )
            )
