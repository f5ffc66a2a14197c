"""The ledger beside the level function of all facts that stand, for one customer."""

from __future__ import annotations

from credits.domain.verifying.checks import Batch, Seen
from credits.domain.verifying.levels import levels_follow_facts
from credits.models import Customer


def verify_levels(customer: Customer) -> list[str]:
    """The ledger of every license and feature is the level function of the facts that stand."""
    return [p.sentence for p in levels_follow_facts(Batch.of([customer]), Seen())]
