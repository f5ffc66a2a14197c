"""What billing adds to the frame of every page: how old the published figures are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from credits import clock
from credits.domain.boundaries import DELAY, HOUR, missed, newest_boundary


class Freshness:
    """Through when figures are shown, and when they move on: by what was closed, not by jobs."""

    def __init__(self, now: datetime, through: datetime | None) -> None:
        self._now = now
        self.through = through
        """The boundary in force; None before the first one."""

    @property
    def missed(self) -> int:
        """Hours whose update is late."""
        return missed(self.through, self._now) if self.through else 0

    @property
    def late(self) -> bool:
        return self.missed > 0

    @property
    def next_update(self) -> datetime | None:
        """The hour at which the boundary moves on; None where that hour has come."""
        if self.through is None:
            return None
        at = self.through + HOUR + DELAY
        return at if at > self._now else None


def freshness(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `freshness` for base.html, only inside a customer.

    Read when a page asks for it; Annual credits brings its own, of the boundary it was read at.
    """
    if getattr(request, "customer", None) is None:
        return {}
    return {"freshness": SimpleLazyObject(lambda: Freshness(clock.now(), newest_boundary()))}
