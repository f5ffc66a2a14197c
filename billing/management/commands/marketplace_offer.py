from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.domain.marketplaces.offers import EnterOffer, enter_offer
from billing.models import Marketplace, OfferKind
from credits.exceptions import CreditsError
from credits.management.people import asked_by_command


class Command(BaseCommand):
    """Say what one unit of a marketplace's plan is worth; it is never changed afterwards."""

    help = (
        "Enter an offer: the marketplace, the product (AWS: product code, Azure: offer id), the "
        "plan (AWS: dimension, Azure: plan id), and the credits of one unit or --payg."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("marketplace", choices=Marketplace.values)
        parser.add_argument("product")
        parser.add_argument("plan")
        worth = parser.add_mutually_exclusive_group(required=True)
        worth.add_argument("--credits", type=int, default=0, help="Whole credits of one unit.")
        worth.add_argument("--payg", action="store_true", help="It opens pay-as-you-go.")

    def handle(
        self,
        *args: Any,
        marketplace: str,
        product: str,
        plan: str,
        credits: int,
        payg: bool,
        **options: Any,
    ) -> None:
        command = EnterOffer(
            asked=asked_by_command(),
            marketplace=marketplace,
            product=product,
            plan=plan,
            kind_of_offer=OfferKind.PAYG if payg else OfferKind.CREDITS,
            credits=credits,
        )
        try:
            offer = enter_offer(command)
        except CreditsError as error:
            raise CommandError(error.message) from error
        told = "opens pay-as-you-go" if payg else f"is worth {offer.credits:,} credits"
        self.stdout.write(f"A unit of {offer.plan} {told}.")
