from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.demonstration.simulate import MOST_DAYS, simulate
from credits.exceptions import CreditsError
from credits.management.people import customer_by_slug


def number_of_days(text: str) -> int:
    """A whole number of days that reports reach back."""
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MOST_DAYS):
        raise ArgumentTypeError(f"days are a whole number from 1 to {MOST_DAYS}")
    return int(text)


class Command(BaseCommand):
    """Let systems report a customer's units for some days; once more, it adds what is new."""

    help = (
        "Report the usage of a made-up customer day by day: growth, weekends, a silent system, "
        "late and corrected reports. The same seed never reports anything twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("customer", help="The part of the address that names the customer.")
        parser.add_argument("--days", type=number_of_days, default=90)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, customer: str, days: int, seed: int, **options: Any) -> None:
        if not settings.CLOCK_MAY_MOVE:
            raise CommandError("This installation runs on real time and makes up no history.")
        try:
            done = simulate(customer_by_slug(customer), days=days, seed=seed)
        except CreditsError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{done.new} reports posted, {done.known} were there already.")
