from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.domain.conversion.rates import OWN_FILE, load_conversion_rates
from credits.exceptions import CreditsError


class Command(BaseCommand):
    """Add the conversion rates of a file; running it again changes nothing."""

    help = "Load the rates at which seat licenses become credits, all of the file or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, default=OWN_FILE)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            answer = load_conversion_rates(file.read_bytes())
        except (OSError, CreditsError) as error:
            raise CommandError(str(error)) from error
        if answer is None:
            self.stdout.write("The conversion rates are up to date.")
        else:
            self.stdout.write(f"Loaded {answer.data['rates']} conversion rates.")
