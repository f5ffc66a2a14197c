"""What is measured on our side: allocations of one customer through the writer."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from decimal import Decimal
from itertools import count

from config.benchmarks.clients import Order, Sample
from config.benchmarks.floor import FEATURE, UNITS
from credits import clock
from credits.domain.allocations import Allocate
from credits.domain.commands import Asked
from credits.domain.licenses import GrantLicenses, Lot
from credits.domain.people import CreateCustomer, Invite
from credits.domain.post import post, post_office
from credits.models import Customer, Role, User

WARM_UP = 12
"""Allocations before the first measurement; a prepared statement has its final plan by then."""

PLENTY = 1_000_000_000
"""Credits of each customer: more than anything here allocates."""


class Allocator:
    """One person who states another quantity each time, as one of several clients."""

    def __init__(self, customer_id: int, client: int) -> None:
        self.customer = Customer.objects.get(pk=customer_id)
        self.actor = self.customer.memberships.get().user
        # No two clients of one customer ever state the same.
        self.base = 100 + 2 * UNITS * client
        self.turn = count()
        for _ in range(WARM_UP):
            self.allocate()

    def carry_out(self, order: Order) -> Sample:
        """Allocate from the start on for the seconds ordered, each in its own transaction."""
        ends_at = order.starts_at + order.seconds
        time.sleep(max(0, order.starts_at - time.monotonic()))
        latencies = []
        while (begun := time.monotonic()) < ends_at:
            self.allocate()
            latencies.append(time.monotonic() - begun)
        return Sample(latencies, time.monotonic() - order.starts_at)

    def allocate(self) -> None:
        """State the next quantity."""
        units = Decimal(self.base + next(self.turn) % UNITS)
        post(
            Allocate(
                customer=self.customer,
                asked=asked(self.actor),
                group=FEATURE,
                quantities={FEATURE: units},
            )
        )


def make_customer(name: str) -> Customer:
    """A customer with one admin and one large license that is valid all through the run."""
    answer = post_office(CreateCustomer(asked=asked(), name=name))
    customer = Customer.objects.get(public_id=answer.data["customer"])
    email = f"{customer.slug}@bench.example"
    post(Invite(customer=customer, asked=asked(), email=email, role=Role.ADMIN))
    today = clock.start_of(clock.day_of(clock.now()))
    lot = Lot(credits=PLENTY, starts_at=today, ends_at=today + timedelta(days=365))
    post(GrantLicenses(customer=customer, asked=asked(), lots=[lot]))
    return customer


def asked(actor: User | None = None) -> Asked:
    """A request of its own, as from the portal's pages."""
    return Asked(source="portal", key=str(uuid.uuid4()), actor=actor)
