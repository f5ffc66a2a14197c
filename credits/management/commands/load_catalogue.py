from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from credits.domain.catalogue import load_catalogue
from credits.domain.rate_run import RatesNotBooked, apply_rates
from credits.exceptions import CreditsError

OWN_FILE = Path(__file__).resolve().parents[2] / "data" / "catalogue.csv"


class Command(BaseCommand):
    """Load the catalogue's file; running it again changes nothing."""

    help = "Load the catalogue from its file, all of it or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, default=OWN_FILE)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            text = file.read_text(encoding="utf-8-sig")
            answer = load_catalogue(text)
        except (OSError, UnicodeDecodeError, CreditsError) as error:
            raise CommandError(str(error)) from error
        try:
            apply_rates()
        except RatesNotBooked as error:
            raise CommandError(str(error)) from error
        if answer is None:
            self.stdout.write("The catalogue is up to date.")
        else:
            self.stdout.write(f"Loaded the catalogue: {answer.data['rates']} new rates.")
