"""Rates booked for everybody: one transaction a customer, wherever the books are behind."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from django.db import connection, transaction

from credits.domain.locks import pass_gate
from credits.domain.post import bring_up_to_rates
from credits.domain.rates import customers_behind, newest_rates
from credits.models import Balance, Customer

logger = logging.getLogger(__name__)

BATCH = 500
"""Customers read at a time."""


class RatesNotBooked(Exception):
    """The rates could not be booked for some customers. All others have them."""


@dataclass
class RateRun:
    """One run over all customers whose books are behind."""

    booked: int = 0
    failed: set[int] = field(default_factory=set)
    """The ids of the customers for whom it went wrong; each is in the log with its error."""

    def sweep(self, *, wait: bool) -> int:
        """Go once through the customers that are behind; how many were brought up to the rates.

        Without `wait` a customer whose books are locked is left to whoever holds them, so that
        two runs share the work instead of queueing behind each other.
        """
        before, last = self.booked, 0
        while batch := customers_behind().filter(pk__gt=last)[:BATCH]:
            for customer in batch:
                last = customer.pk
                if customer.pk not in self.failed:
                    self.attempt(customer, wait=wait)
        return self.booked - before

    def attempt(self, customer: Customer, *, wait: bool) -> None:
        """Bring one customer up to the rates; what goes wrong there stops nobody else's."""
        try:
            self.booked += book_customer(customer, wait=wait)
        except Exception:
            if not connection.is_usable():
                raise
            self.failed.add(customer.pk)
            logger.exception("rates_not_booked customer=%s", customer.public_id)


def apply_rates() -> int:
    """Book the newest rates for every customer that does not know them; how many there were.

    Killed in the middle, those done are done and the next run finds the others; a rerun finds
    none. Raises RatesNotBooked if it failed for some customer, after all others are done.
    """
    run = RateRun()
    run.sweep(wait=False)
    while run.sweep(wait=True):
        pass
    logger.info("rates_applied customers=%d failed=%d", run.booked, len(run.failed))
    if run.failed:
        raise RatesNotBooked(
            f"The rates were booked for {run.booked} customers and failed for {len(run.failed)}, "
            "which are named in the log. They are tried again with the next run."
        )
    return run.booked


@transaction.atomic
def book_customer(customer: Customer, *, wait: bool) -> bool:
    """Bring one customer up to the rates; False if another was faster, or holds the lock."""
    # The gate comes before the customer, as for every writer: a boundary may be closing.
    pass_gate()
    behind = Balance.objects.filter(pk=customer.pk, rates_through__lt=newest_rates())
    locked = behind.select_for_update(no_key=True, skip_locked=not wait)
    if not locked.values_list("pk"):
        return False
    bring_up_to_rates(customer)
    return True
