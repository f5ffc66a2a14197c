"""Sixteen clients want the last credits of a customer that refuses to go below zero."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from credits import clock
from credits.domain import verify
from credits.domain.allocations import Allocate
from credits.domain.commands import Answer
from credits.domain.figures import figure
from credits.domain.post import post
from credits.exceptions import ShortBalance
from credits.models import Customer, OverAllocation
from tests.factories import credits as make
from tests.races.racing import Crew

CLIENTS = 16
GROUPS = (
    "email-core",
    "email-essentials",
    "email-pro",
    "email-sensor",
    "sandbox-daily-reserve",
    "endpoint-data-security",
    "endpoint-sandbox-submission",
    "ztsa-private-access",
)
AHEAD = timedelta(days=365)
VERIFIED = 10
"""Of so many rounds the books of one are verified as a whole."""


@dataclass
class Outcome:
    """Over how many rounds, how often it went over, and whatever else went wrong."""

    rounds: int = 0
    over: int = 0
    granted: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)


def race_for_the_last_credits(rounds: int) -> Outcome:
    """Each round has a fresh customer with credits for some of the clients, never for all."""
    outcome = Outcome()
    with Crew(CLIENTS) as crew:
        for _ in range(rounds):
            play(crew, outcome)
    return outcome


def play(crew: Crew, outcome: Outcome) -> None:
    customer = make.make_customer(over_allocation=OverAllocation.REFUSE)
    today = clock.day_of(clock.now())
    make.grant(customer, 130, today, today + AHEAD)
    results = crew.race(lambda number: ask(customer, number))
    outcome.rounds += 1
    for result in results:
        if isinstance(result, Answer):
            outcome.granted += 1
        elif isinstance(result, ShortBalance):
            outcome.refused += 1
        else:
            outcome.wrong.append(repr(result))
    now = clock.now() + timedelta(seconds=1)
    outcome.over += figure(customer, at=now, known=now).balance < 0
    if outcome.rounds % VERIFIED == 1:
        outcome.wrong += verify.verify_books(customer)


def ask(customer: Customer, number: int) -> Answer:
    """One unit of a feature; two clients share each feature, one of them asking for more."""
    group = GROUPS[number % len(GROUPS)]
    units = 1 + number // len(GROUPS)
    command = Allocate(
        customer=customer,
        asked=make.asked(),
        group=group,
        quantities={group: Decimal(units)},
    )
    return post(command)
