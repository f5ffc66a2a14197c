"""The instants that one slot of notices covers: after the slot before, up to its own present."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from credits import clock


@dataclass(frozen=True)
class Window:
    """The instants in (since, until]."""

    since: datetime
    until: datetime

    @classmethod
    def of_slot(cls, as_of: datetime) -> Window:
        """The 24 hours up to a slot's present."""
        return cls(as_of - clock.DAY, as_of)

    def __contains__(self, at: datetime) -> bool:
        return self.since < at <= self.until

    def moved(self, by: timedelta) -> Window:
        """The same length of time, later or earlier."""
        return Window(self.since + by, self.until + by)

    def holds(self, column: str) -> dict[str, Any]:
        """The condition that a column lies in it."""
        return {f"{column}__gt": self.since, f"{column}__lte": self.until}


def stored(at: datetime | None) -> str:
    """An instant as facts carry it: 2027-04-01T00:00:00+00:00; empty where there is none."""
    return at.astimezone(UTC).isoformat() if at else ""
