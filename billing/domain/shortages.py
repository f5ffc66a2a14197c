"""The shortage that a request for credits is about, read from the known course."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from credits import clock
from credits.domain.figures import Position, Step
from credits.models import License, Side


@dataclass(frozen=True)
class Shortage:
    """Credits that are missing from an instant on, and the license whose end makes it, if any."""

    at: datetime
    credits: int
    license: License | None

    @property
    def first_day(self) -> date:
        """The UTC day on which credits are first missing."""
        return clock.day_of(self.at)


def shortage_on(position: Position, day: date) -> Shortage | None:
    """The shortage in force when a UTC day begins, else the first one after; None if none is known.

    The end of the last license counts as well: from then on all that is allocated is missing.
    """
    step = short_step(position, clock.start_of(day))
    if step is None:
        return None
    return Shortage(step.at, -step.figure.balance, ending_license(step))


def short_step(position: Position, by: datetime) -> Step | None:
    """The step at which the shortage of `shortage_on` begins; the present one has no entries."""
    begun: Step | None = None
    for step in (Step(position.at, position.figure, ()), *position.ahead):
        if begun is not None and step.at > by:
            return begun
        begun = None if step.figure.balance >= 0 else begun or step
    return begun


def ending_license(step: Step) -> License | None:
    """Of the licenses that give less from a step on, the one that gives the most less."""
    changes: Counter[int] = Counter()
    for entry in step.entries:
        if entry.side == Side.VALID and entry.license_id is not None:
            changes[entry.license_id] += entry.credits
    falling = [(credits, pk) for pk, credits in changes.items() if credits < 0]
    return License.objects.get(pk=min(falling)[1]) if falling else None
