from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from credits.domain.post import post
from credits.domain.sources import STALE_AFTER_HOURS, SetUsageSource
from credits.exceptions import CreditsError
from credits.management.people import asked_by_command, customer_by_slug


class Command(BaseCommand):
    """Say who states the units of a customer's group: a system by its name, or people by hand."""

    help = "Let a system report a group's units from now on, or people state them by hand again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("customer", help="The part of the address that names the customer.")
        parser.add_argument("group", help="The allocation group's key.")
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--name", help="What people call the system: Endpoint inventory.")
        who.add_argument("--by-hand", action="store_true", help="People state the units again.")
        parser.add_argument(
            "--stale-after-hours",
            type=int,
            default=STALE_AFTER_HOURS,
            help="Silent for longer, its figures are shown as stale.",
        )

    def handle(
        self,
        *args: Any,
        customer: str,
        group: str,
        name: str | None,
        stale_after_hours: int,
        **options: Any,
    ) -> None:
        command = SetUsageSource(
            customer=customer_by_slug(customer),
            asked=asked_by_command(),
            group=group,
            name=name,
            stale_after_hours=stale_after_hours,
        )
        try:
            answer = post(command)
        except CreditsError as error:
            raise CommandError(error.message) from error
        who = answer.data["reported_by"] or "people by hand"
        self.stdout.write(f"Units of {answer.operation.subject} are stated by {who} from now on.")
