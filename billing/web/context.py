"""What billing adds to the frame of every page: how old the published figures are."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from credits import clock
from credits.domain.boundaries import HOUR, boundary_at


class Freshness:
    """Through when figures are shown, and when they move on. Made when the frame asks for it."""

    late = False

    @cached_property
    def _now(self) -> datetime:
        return clock.now()

    @property
    def through(self) -> datetime:
        """The boundary in force."""
        return boundary_at(self._now)

    @property
    def next_update(self) -> datetime:
        """The next full hour, at which the boundary moves on."""
        return self._now.replace(minute=0, second=0, microsecond=0) + HOUR


def freshness(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `freshness` for base.html, only inside a customer."""
    if getattr(request, "customer", None) is None:
        return {}
    return {"freshness": Freshness()}
