"""Let the systems of a customer report for some days, each report at its own instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from config.demonstration.simulated import SYSTEMS, reports
from credits import clock
from credits.domain.commands import Asked
from credits.domain.post import post
from credits.domain.sources import SetUsageSource
from credits.domain.usage import ReportUsage
from credits.models import Customer

SOURCE = "simulation"
BEFORE = timedelta(minutes=1)
MOST_DAYS = 365


@dataclass
class Simulated:
    """What a run did."""

    new: int = 0
    known: int = 0
    """Reports that an earlier run with this seed had posted."""


def simulate(customer: Customer, *, days: int, seed: int) -> Simulated:
    """Set who reports, and post the reports of the last days as they arrived.

    A second run with the same seed posts only what has come since: every report has its key.
    Killed in the middle, it goes on where it was. Raises what the commands refuse.
    """
    done = Simulated()
    sent = list(reports(clock.now(), days=days, seed=seed))
    begin = sent[0].arrives_at - BEFORE if sent else clock.now()
    with clock.moved_to(begin):
        for system in SYSTEMS:
            post(
                SetUsageSource(
                    customer=customer,
                    asked=asked(customer, seed, f"source/{system.group}"),
                    group=system.group,
                    name=system.name,
                )
            )
    for one in sent:
        with clock.moved_to(one.arrives_at):
            answer = post(
                ReportUsage(
                    customer=customer,
                    asked=asked(customer, seed, one.key),
                    group=one.group,
                    quantities=one.quantities,
                    at=one.at,
                    revision=one.revision,
                )
            )
        done.known += answer.repeated
        done.new += not answer.repeated
    return done


def asked(customer: Customer, seed: int, what: str) -> Asked:
    """Nobody asked, but each thing has its key."""
    return Asked(source=SOURCE, key=f"{customer.public_id}/{seed}/{what}")
