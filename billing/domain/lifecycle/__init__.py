"""What the clock does to licenses and customers, recorded; and the purge (docs/rules.md#r13)."""

from __future__ import annotations

from datetime import datetime

from billing.domain.lifecycle.purge import purge_due
from billing.domain.lifecycle.recording import record_terms
from billing.domain.lifecycle.stages import move_all
from credits.domain.erasing import blank_mails
from credits.domain.jobs import JobFailed


def advance(as_of: datetime) -> dict[str, int]:
    """Record what began and ended by an instant, move and mark customers, purge who is due.

    In this order, each step in transactions of its own; killed anywhere and run again, it ends
    the same. Raises, after all else, TooManyDue where a person must look first, and JobFailed
    where a customer went wrong.
    """
    failed: list[int] = []
    counts = record_terms(as_of)
    counts |= move_all(as_of, failed)
    counts["blanked"] = blank_mails(as_of)
    counts["purged"] = purge_due(as_of, failed)
    if failed:
        raise JobFailed(f"{len(failed)} customers went wrong; the log names them.")
    return counts
