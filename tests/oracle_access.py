"""An independent oracle of terms, access and notices; it shares no code with the product.

It knows nothing but the calendar: a license is what somebody wrote down in some city (a wall
clock and a zone), and everything else is counted in whole UTC days from 1970.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

DAY = 86_400_000_000
"""Microseconds of a day; UTC days have no other length."""

GRACE_DAYS = 30

PAID = (("license-90", 90), ("license-30", 30), ("license-7", 7), ("license-ended", 0))
TRIAL = (("trial-15", 15), ("license-ended", 0))
"""The notices of a license, and how many days before its end each is due."""


def microseconds(wall: datetime, zone: str) -> int:
    """Microseconds since 1970 of a wall clock in a zone; the first of two, past a missing hour."""
    aware = wall.replace(tzinfo=ZoneInfo(zone), fold=0)
    offset = aware.utcoffset() or timedelta(0)
    naive = wall - offset - datetime(1970, 1, 1)
    return (naive.days * 86_400 + naive.seconds) * 1_000_000 + naive.microseconds


@dataclass(frozen=True)
class Written:
    """A license as a marketplace wrote it: first and last instant by a wall clock."""

    customer: int
    zone: str
    first: datetime
    last: datetime
    is_trial: bool = False

    @cached_property
    def begins(self) -> int:
        """The UTC day that holds the first instant: the whole of it is given."""
        return microseconds(self.first, self.zone) // DAY

    @cached_property
    def over(self) -> int:
        """The day after the UTC day that holds the last instant."""
        return microseconds(self.last, self.zone) // DAY + 1


def is_valid(license: Written, at: int) -> bool:
    """Whether a license counts at an instant, in microseconds since 1970."""
    return license.begins <= at // DAY < license.over


def stage(licenses: Sequence[Written], at: int) -> str:
    """Where a customer's access stands: asked of each day, one license after the other."""
    today = at // DAY
    if all(one.begins > today for one in licenses):
        return "new"
    if any(today < one.over for one in licenses if not one.is_trial):
        return "active"
    if any(today < one.over for one in licenses):
        return "trial"
    in_grace = (today < one.over + GRACE_DAYS for one in licenses if not one.is_trial)
    return "grace" if any(in_grace) else "locked"


def notices(license: Written, today: int) -> list[str]:
    """What of one license falls due at 00:00 of a UTC day; nothing before it began."""
    told = TRIAL if license.is_trial else PAID
    return [name for name, days in told if license.over - days == today >= license.begins]


Days = tuple[int, int, bool]
"""A license by its first day, the day after its last, and whether it is a trial."""


def day_stage(licenses: Sequence[Days], day: int) -> str:
    """Where access stands on a day, by licenses that have begun."""
    if any(day < over for _first, over, is_trial in licenses if not is_trial):
        return "active"
    if any(day < over for _first, over, _is_trial in licenses):
        return "trial"
    in_grace = (day < over + GRACE_DAYS for _first, over, is_trial in licenses if not is_trial)
    return "grace" if any(in_grace) else "locked"


def suspended_stage(
    *, others: Sequence[Days], suspended: Sequence[Days], since: int, day: int
) -> str:
    """The same while a marketplace suspends some of them, from a day on at noon."""
    counting = list(others) if day >= since else [*others, *suspended]
    return day_stage(counting, day)
