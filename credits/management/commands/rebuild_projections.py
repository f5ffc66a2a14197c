from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from credits.domain.rebuilding import rebuild_office, rebuild_projections
from credits.domain.verify import everyone
from credits.domain.verifying.sums import Difference, said
from credits.management.customers import customer_named


class Command(BaseCommand):
    """Make balances, levels, daily changes and license rows anew from ledger and facts."""

    help = "Restore the projections from ledger and facts; says what differed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--customer", default="", help="Slug, number or public id of one.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Say what differs; write nothing."
        )

    def handle(self, *args: Any, customer: str, dry_run: bool, **options: Any) -> None:
        customers, differing, looked_at = 0, 0, 0
        if not customer:
            differing += self.tell("The office", rebuild_office(dry_run=dry_run))
        for one in [customer_named(customer)] if customer else everyone():
            found = rebuild_projections(one, dry_run=dry_run)
            differing += self.tell(str(one), found)
            customers += bool(found)
            looked_at += 1
        of = f"{looked_at:,} customer{'' if looked_at == 1 else 's'}"
        if not differing:
            self.stdout.write(f"Nothing differs: {of}.")
        elif dry_run:
            self.stdout.write(f"{differing:,} values differ, {customers:,} of {of}. Wrote nothing.")
        else:
            self.stdout.write(f"Mended {differing:,} values, {customers:,} of {of}.")

    def tell(self, name: str, found: list[Difference]) -> int:
        """One line for each value that was not what its rows make."""
        for difference in found:
            change = f"{said(difference.kept)} → {said(difference.made)}"
            self.stdout.write(f"{name}: {difference.what} {change}")
        return len(found)
