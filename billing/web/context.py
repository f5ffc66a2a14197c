"""What billing adds to the frame of every page: how old the published figures are."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from billing.web.links import instant_text
from credits import clock
from credits.domain.boundaries import DELAY, HOUR, missed, newest_boundary


class Freshness:
    """Through when figures are shown, and when they move on: by what was closed, not by jobs."""

    def __init__(
        self, now: datetime, through: datetime | None, newest: datetime | None = None
    ) -> None:
        self._now = now
        self.through = through
        """The boundary of the figures that are shown; None before the first one."""
        self.newest = newest or through
        """The boundary in force, where the figures are older."""

    @property
    def missed(self) -> int:
        """Hours whose update is late."""
        return missed(self.newest, self._now) if self.newest else 0

    @property
    def late(self) -> bool:
        return self.missed > 0

    @property
    def next_update(self) -> datetime | None:
        """The hour at which the boundary moves on; None where that hour has come."""
        if self.newest is None:
            return None
        at = self.newest + HOUR + DELAY
        return at if at > self._now else None

    @property
    def offered(self) -> datetime | None:
        """A newer boundary than the figures', which the reader may ask for."""
        return self.newest if self.newest != self.through else None

    @property
    def query(self) -> str:
        """How a page asks for what is newer still."""
        asked = {"since": self.newest, "shown": self.through if self.offered else None}
        known = {name: instant_text(at) for name, at in asked.items() if at is not None}
        return urlencode(known, safe=":")


def freshness(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `freshness` for base.html, only inside a customer.

    Read when a page asks for it; Annual credits brings its own, of the boundary it was read at.
    """
    if getattr(request, "customer", None) is None:
        return {}
    return {"freshness": SimpleLazyObject(lambda: Freshness(clock.now(), newest_boundary()))}
