from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from credits.domain.rate_run import RatesNotBooked, apply_rates


class Command(BaseCommand):
    """Book dated rates now, instead of with the next hourly run; a rerun finds none."""

    help = "Book the newest rates for every customer whose books do not know them yet."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            booked = apply_rates()
        except RatesNotBooked as error:
            raise CommandError(str(error)) from error
        noun = "customer" if booked == 1 else "customers"
        self.stdout.write(f"Booked the newest rates for {booked} {noun}.")
