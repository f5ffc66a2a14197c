"""Addresses of shared estimates that were never given out: how often they may be tried.

Those that are wrong are counted like refused log-ins (docs/rules.md#r21), by secret and by address
of the client. A right one is never kept waiting, whoever else is behind the same address: its
signature cannot be guessed (docs/rules.md#estimate-links).
"""

from __future__ import annotations

from datetime import datetime

from credits.domain import door
from credits.models import SecurityEventKind
from estimator.domain.sharing import SHAPE, LinkRefused, signed_id, standing_link
from estimator.models import EstimateLink


def visit(secret: str, address: str | None, now: datetime) -> EstimateLink:
    """The link of an address that somebody opens.

    Raises LinkRefused and LinkEnded as `sharing.open_link` does, and door.Delayed in place of the
    first for too many wrong secrets. What has not even the shape of one is refused uncounted.
    """
    try:
        public_id = signed_id(secret)
    except LinkRefused:
        if SHAPE.fullmatch(secret):
            door.take_place(door.visitor(secret, address), SecurityEventKind.LINK_REFUSED)
        raise
    return standing_link(public_id, now)
