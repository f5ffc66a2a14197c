from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.domain.lifecycle.purge import due, most, purge_due
from credits import clock


class Command(BaseCommand):
    """Who is due for purge; with --yes they are erased, however many they are."""

    help = "List the customers that are due for purge; with --yes erase them for good."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="erase them; nothing brings it back")

    def handle(self, *args: Any, yes: bool, **options: Any) -> None:
        now = clock.now()
        waiting = list(due(now).select_related("customer").order_by("pk"))
        for life in waiting:
            self.stdout.write(
                f"{life.customer.label} {life.customer.name}: access ended {life.ends_at:%Y-%m-%d}"
                f", marked {life.marked_at:%Y-%m-%d %H:%M} UTC"
            )
        if not waiting:
            self.stdout.write("Nobody is due for purge.")
        elif yes:
            self.purge(now)
        else:
            self.stdout.write(
                f"{len(waiting)} are due; a run erases up to {most()} by itself. "
                "Add --yes to erase them now."
            )

    def purge(self, now: Any) -> None:
        """Erase them, and say how many were."""
        failed: list[int] = []
        purged = purge_due(now, failed, is_told=True)
        self.stdout.write(f"Purged {purged}.")
        if failed:
            raise CommandError(f"{len(failed)} went wrong and were left whole; the log says why.")
