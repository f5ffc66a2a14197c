from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.domain.publication_check import verify_publications
from billing.management.hours import hour_argument


class Command(BaseCommand):
    """Make published hours again from the ledger; exit code 1 if one comes out differently."""

    help = "Compare what was published with what the ledger makes of it today."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--hour",
            type=hour_argument,
            metavar="HOUR",
            help="only the hour of this boundary, UTC, such as 2026-11-24T09:00",
        )

    def handle(self, *args: Any, hour: datetime | None, **options: Any) -> None:
        problems = list(verify_publications(hour))
        if problems:
            raise CommandError("\n".join(problems))
        self.stdout.write("Every published hour is what the ledger makes of it.")
