from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.domain.marketplaces.applying import replay
from billing.models import Marketplace, MarketplaceMessage, MessageState


class Command(BaseCommand):
    """Have parked messages of a marketplace tried again, one by its id or all of them."""

    help = "Have parked messages tried again; the job apply-messages does it within a minute."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("marketplace", choices=Marketplace.values)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("message", nargs="?", default="", help="The id of one message.")
        which.add_argument("--all", action="store_true", help="Every parked message.")

    def handle(self, *args: Any, marketplace: str, message: str, all: bool, **options: Any) -> None:
        parked = MarketplaceMessage.objects.filter(
            marketplace=marketplace, state=MessageState.PARKED
        )
        if not all:
            parked = parked.filter(message_id=message)
            if not parked.exists():
                raise CommandError(f"There is no parked message {message!r}.")
        self.stdout.write(f"Messages that are tried again: {replay(parked)}.")
