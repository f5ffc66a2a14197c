from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from credits.domain.people import CreateCustomer
from credits.domain.post import post_office
from credits.exceptions import CreditsError
from credits.management.people import asked_by_command
from credits.models import Customer, OverAllocation


class Command(BaseCommand):
    """Make a customer with empty books."""

    help = "Make a customer. Prints the part of the address that names it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument(
            "--slug", default="", help="Part of the address; from the name if left."
        )
        parser.add_argument("--domain", default="", help="Mail domain, for finding the customer.")
        parser.add_argument(
            "--over-allocation", choices=OverAllocation.values, default=OverAllocation.CONFIRM
        )

    def handle(
        self, *args: Any, name: str, slug: str, domain: str, over_allocation: str, **options: Any
    ) -> None:
        command = CreateCustomer(
            asked=asked_by_command(),
            name=name,
            slug=slug,
            domain=domain,
            over_allocation=over_allocation,
        )
        try:
            answer = post_office(command)
        except CreditsError as error:
            raise CommandError(error.message) from error
        made = Customer.objects.get(public_id=answer.data["customer"])
        self.stdout.write(f"Made {name}: {made.slug}")
