from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from credits.domain.counted import counted
from credits.domain.verify import books_behind, verify_all
from credits.domain.verifying.checks import Outcome, Problem
from credits.management.customers import customer_named
from credits.models import Customer


class Command(BaseCommand):
    """Check every invariant of the books; writes nothing and may run while others write."""

    help = "Check every invariant of the books, read-only. Exits with 1 if one is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--customer", default="", help="Slug, number or public id of one.")
        parser.add_argument(
            "--workers", type=int, choices=range(1, 17), default=1, help="Processes; 1 if left."
        )

    def handle(self, *args: Any, customer: str, workers: int, **options: Any) -> None:
        customers = [customer_named(customer)] if customer else None
        outcomes = verify_all(customers, workers)
        for outcome in outcomes:
            self.stdout.write(line(outcome))
            self.tell(outcome)
        self.stdout.write(f"Books that do not know the newest rates: {books_behind():,}")
        broken = sum(outcome.broken > 0 for outcome in outcomes)
        if broken:
            self.stdout.write(f"{broken} of {len(outcomes)} are broken.")
            sys.exit(1)
        self.stdout.write(f"All {len(outcomes)} hold.")

    def tell(self, outcome: Outcome) -> None:
        """What is broken, each under its customer; beyond the first ones only how many."""
        names = named(outcome.shown)
        for problem in outcome.shown:
            self.stdout.write(f"     {names.get(problem.customer_id, '')}{problem.sentence}")
        if outcome.broken > len(outcome.shown):
            self.stdout.write(f"     and {outcome.broken - len(outcome.shown):,} more.")


def line(outcome: Outcome) -> str:
    """One invariant: its number and name, what was looked at, and whether it holds."""
    seen = ", ".join(counted(n, name) for name, n in outcome.seen.items())
    verdict = f"BROKEN {outcome.broken:,}x" if outcome.broken else "holds"
    return f"{outcome.check.number:<4} {outcome.check.words}: {seen or 'nothing yet'}: {verdict}"


def named(problems: Iterable[Problem]) -> dict[int | None, str]:
    """How customers are named before a sentence."""
    customers = Customer.objects.in_bulk({p.customer_id for p in problems if p.customer_id})
    return {pk: f"{customer} ({customer.label}): " for pk, customer in customers.items()}
