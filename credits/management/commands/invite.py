from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from credits.domain.people import Invite
from credits.domain.post import post
from credits.exceptions import CreditsError
from credits.management.people import asked_by_command, customer_by_slug, told
from credits.models import Role


class Command(BaseCommand):
    """Make a person a member of a customer."""

    help = "Make a person a member of a customer. Prints the link to set a password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("customer", help="The part of the address that names the customer.")
        parser.add_argument("email")
        parser.add_argument("--name", default="")
        parser.add_argument("--role", choices=Role.values, default=Role.VIEWER)

    def handle(
        self, *args: Any, customer: str, email: str, name: str, role: str, **options: Any
    ) -> None:
        invite = Invite(
            customer=customer_by_slug(customer),
            asked=asked_by_command(),
            email=email,
            name=name,
            role=role,
        )
        try:
            answer = post(invite)
        except CreditsError as error:
            raise CommandError(error.message) from error
        self.stdout.write(told(answer))
