"""What one unit of a plan is worth, as the office has entered it."""

from __future__ import annotations

from billing.domain.marketplaces.offers import EnterOffer, enter_offer
from billing.models import OfferKind
from credits.domain.commands import Asked
from tests.billing.marketplaces.azure.standin import OFFER


def offer(plan: str, credits: int) -> None:
    """A plan of so many credits a unit; without any it is pay-as-you-go."""
    enter_offer(
        EnterOffer(
            asked=Asked(source="test", key=f"offer-{plan}"),
            marketplace="azure",
            product=OFFER,
            plan=plan,
            kind_of_offer=OfferKind.CREDITS if credits else OfferKind.PAYG,
            credits=credits,
        )
    )
