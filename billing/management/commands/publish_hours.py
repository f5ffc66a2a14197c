from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.domain.publication import GateBusy, publish_hours
from billing.management.hours import hour_argument
from credits import clock
from credits.domain.boundaries import missing_hours
from credits.exceptions import CreditsError


class Command(BaseCommand):
    """What the worker does each hour, by hand; with --through also past a jump of the clock."""

    help = "Close and record the hours of Annual credits that are missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--through",
            type=hour_argument,
            metavar="HOUR",
            help="the last hour to close, UTC, such as 2026-11-24T09:00; however many are missing",
        )
        parser.add_argument("--yes", action="store_true", help="close them; a boundary stays")

    def handle(self, *args: Any, through: datetime | None, yes: bool, **options: Any) -> None:
        now = clock.now()
        if through is not None and not yes:
            raise CommandError(asking(missing_hours(now), through))
        try:
            recorded = publish_hours(now, through=through)
        except CreditsError as error:
            raise CommandError(error.message) from error
        except GateBusy as error:
            raise CommandError(str(error)) from error
        for at in recorded:
            self.stdout.write(f"Published through {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC.")
        if not recorded:
            self.stdout.write("Nothing is missing.")


def asking(missing: list[datetime], through: datetime) -> str:
    """What would be closed, for an operator who has not confirmed it."""
    hours = [at for at in missing if at <= through]
    if not hours:
        return "Nothing is missing up to then."
    return (
        f"This closes {len(hours)} hours, {hours[0]:%Y-%m-%d %H:%M} to {hours[-1]:%Y-%m-%d %H:%M} "
        "UTC, for ever: whatever is recorded later is recorded after them. Add --yes to do it."
    )
