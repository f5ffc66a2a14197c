from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from credits.domain.people import AssignRep, MakeStaff
from credits.domain.post import post, post_office
from credits.exceptions import CreditsError
from credits.management.people import asked_by_command, customer_by_slug, told
from credits.roles import StaffRole


class Command(BaseCommand):
    """Give a person a staff role, and a sales rep the customers to look after."""

    help = "Give a person a staff role. Prints the link to set a password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("role", choices=[role.value for role in StaffRole])
        parser.add_argument("--name", default="")
        parser.add_argument("--assign", nargs="*", default=[], metavar="CUSTOMER")

    def handle(
        self, *args: Any, email: str, role: str, name: str, assign: list[str], **options: Any
    ) -> None:
        customers = [customer_by_slug(slug) for slug in assign]
        try:
            answer = post_office(
                MakeStaff(asked=asked_by_command(), email=email, role=role, name=name)
            )
            for customer in customers:
                post(AssignRep(customer=customer, asked=asked_by_command(), email=email))
        except CreditsError as error:
            raise CommandError(error.message) from error
        self.stdout.write(told(answer))
