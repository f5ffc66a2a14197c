"""Offers: what one unit of a marketplace's plan is worth, said by the office, never changed.

Rules: docs/rules.md#marketplaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import transaction

from billing.domain.marketplaces.wanted import Worth
from billing.models import Marketplace, MarketplaceOffer, OfferKind
from credits.domain.commands import Decision, OfficeCommand
from credits.domain.licenses import MAX_CREDITS
from credits.domain.post import post_office
from credits.exceptions import InvalidCommand, NotAllowed

NAME_LENGTH = 200


@dataclass(frozen=True, kw_only=True)
class EnterOffer(OfficeCommand):
    """Say what one unit of a plan is worth: whole credits, or pay-as-you-go.

    Raises InvalidCommand for a plan or a worth that makes no sense, NotAllowed for a plan whose
    worth was said before: what was sold under it stays what it was, and another worth is another
    plan.
    """

    kind: ClassVar[str] = "enter-offer"

    marketplace: str
    product: str
    plan: str
    kind_of_offer: str = OfferKind.CREDITS
    credits: int = 0

    def content(self) -> Mapping[str, Any]:
        return {
            "marketplace": self.marketplace,
            "product": self.product.strip(),
            "plan": self.plan.strip(),
            "kind": str(self.kind_of_offer),
            "credits": self.credits,
        }

    def decide(self, now: Any) -> Decision:
        if self.marketplace not in Marketplace.values:
            known = ", ".join(Marketplace.values)
            raise InvalidCommand(f"The marketplace is one of: {known}.", field="marketplace")
        for name in ("product", "plan"):
            text = getattr(self, name).strip()
            if not 1 <= len(text) <= NAME_LENGTH or not text.isprintable():
                raise InvalidCommand(
                    f"Enter the {name}, up to {NAME_LENGTH} characters.", field=name
                )
        check_worth(self.kind_of_offer, self.credits)
        if offers_of(self.marketplace, self.product.strip()).get(self.plan.strip()):
            raise NotAllowed(
                f"What {self.plan.strip()} is worth was said before. Nothing was changed.",
                field="plan",
            )
        return Decision(subject=f"{self.marketplace} {self.product.strip()} {self.plan.strip()}")


def check_worth(kind: str, credits: int) -> None:
    """Credits from 1 on, or pay-as-you-go and none. Raises InvalidCommand."""
    if kind not in OfferKind.values:
        raise InvalidCommand(f"The kind is one of: {', '.join(OfferKind.values)}.", field="kind")
    if kind == OfferKind.PAYG and credits:
        raise InvalidCommand("Pay-as-you-go has no credits of its own.", field="credits")
    if kind == OfferKind.CREDITS and not 1 <= credits <= MAX_CREDITS:
        raise InvalidCommand(
            f"A unit is worth whole credits from 1 to {MAX_CREDITS:,}.", field="credits"
        )


@transaction.atomic
def enter_offer(command: EnterOffer) -> MarketplaceOffer:
    """Enter an offer, exactly once per key; a repeat returns the one entered first."""
    answer = post_office(command)
    if answer.repeated:
        return MarketplaceOffer.objects.get(operation=answer.operation)
    return MarketplaceOffer.objects.create(
        marketplace=command.marketplace,
        product=command.product.strip(),
        plan=command.plan.strip(),
        kind=command.kind_of_offer,
        credits=command.credits,
        operation=answer.operation,
    )


def offers_of(marketplace: str, product: str) -> dict[str, Worth]:
    """What the plans of a product are worth, by plan."""
    found = MarketplaceOffer.objects.filter(marketplace=marketplace, product=product)
    return {offer.plan: Worth(offer.kind, offer.credits) for offer in found}
