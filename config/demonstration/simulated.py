"""What the systems of a made-up customer report: pure, the same for the same seed and day."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from credits import clock
from credits.domain.pricing import Quantities

EPOCH = date(2025, 1, 1)
"""From here on everything grows, so that a day's number does not depend on the day of the run."""

DAYS_OF_GROWTH = 365
SATURDAY = 5
SILENT_DAYS = 4
LATE_BY = timedelta(days=2, hours=7)
CORRECTED_AFTER = timedelta(hours=6)


@dataclass(frozen=True)
class System:
    """A system that reports one group: under which name, at which hours, and what."""

    group: str
    name: str
    hours: tuple[int, ...]
    units: Callable[[random.Random, date], Quantities]
    is_silent: bool = False
    """It fell silent some days before the present."""


@dataclass(frozen=True)
class Sent:
    """One report: what it says, for which instant, and when it reaches the books."""

    group: str
    at: datetime
    arrives_at: datetime
    quantities: Quantities
    revision: int = 0

    @property
    def key(self) -> str:
        """What tells it from every other report of the same seed."""
        return f"{self.group}/{self.at:%Y-%m-%dT%H:%M}/{self.revision}"


def grown(chance: random.Random, day: date, start: int, a_year: float, noise: float) -> int:
    """A number that grows by a share each year, with some noise from day to day."""
    years = (day - EPOCH).days / DAYS_OF_GROWTH
    return max(0, round(start * (1 + a_year * years) * (1 + chance.uniform(-noise, noise))))


def on_weekends(day: date, units: int, share: float) -> int:
    """What is left of a number on Saturdays and Sundays."""
    return round(units * share) if day.weekday() >= SATURDAY else units


def endpoints(chance: random.Random, day: date) -> Quantities:
    """Endpoints by the package they need; a few servers need the highest."""
    return {
        "endpoint-core": Decimal(grown(chance, day, 60, 0.2, 0.01)),
        "endpoint-essentials": Decimal(grown(chance, day, 140, 0.25, 0.01)),
        "endpoint-pro": Decimal(grown(chance, day, 12, 0.3, 0.0)),
    }


def mailboxes(chance: random.Random, day: date) -> Quantities:
    """Users synchronized from the directory; nobody joins on a weekend."""
    workday = day - timedelta(days=max(0, day.weekday() - SATURDAY + 1))
    return {"email-core": Decimal(grown(chance, workday, 180, 0.15, 0.0))}


def submissions(chance: random.Random, day: date) -> Quantities:
    """Endpoints with sandbox submission, many of them off on weekends."""
    units = on_weekends(day, grown(chance, day, 150, 0.3, 0.04), 0.6)
    return {"endpoint-sandbox-submission": Decimal(units)}


def traffic(chance: random.Random, day: date) -> Quantities:
    """Average throughput in Mbps, with decimals."""
    mbps = on_weekends(day, grown(chance, day, 380, 0.4, 0.15), 0.3)
    return {"network-virtual-sensor": Decimal(mbps) + Decimal(chance.randrange(1_000)) / 1_000}


def accounts(chance: random.Random, day: date) -> Quantities:
    """Resources in each cloud account; now and then an account joins."""
    names = ["production", "staging", "analytics", "sandbox"]
    count = min(len(names), 2 + (day - EPOCH).days // 250)
    return {
        "cloud-risk": {
            name: Decimal(grown(chance, day, 600 - 140 * place, 0.5, 0.03))
            for place, name in enumerate(names[:count])
        }
    }


SYSTEMS = (
    System("endpoint-packages", "Endpoint inventory", (6,), endpoints),
    System("email-core", "Directory", (2,), mailboxes),
    System("endpoint-sandbox-submission", "Endpoint inventory", (6,), submissions, is_silent=True),
    System("network-virtual-sensor", "Network sensors", (0, 6, 12, 18), traffic),
    System("cloud-risk", "Cloud connector", (4,), accounts),
)


def reports(now: datetime, *, days: int, seed: int) -> Iterator[Sent]:
    """All reports of the last days that have reached the books by now, as they arrive.

    A report of a day is the same whenever it is asked for, so that a later run adds only what
    has come since. Now and then one arrives two days late, and one is corrected.
    """
    found = [
        sent
        for system in SYSTEMS
        for day in days_of(now, days)
        for sent in day_of(system, day, now, seed)
    ]
    return iter(sorted(found, key=lambda sent: (sent.arrives_at, sent.group, sent.revision)))


def days_of(now: datetime, days: int) -> Iterator[date]:
    """The last days, today included."""
    today = clock.day_of(now)
    return (today - timedelta(days=back) for back in range(days - 1, -1, -1))


def day_of(system: System, day: date, now: datetime, seed: int) -> Iterator[Sent]:
    """What a system sends for one day."""
    if system.is_silent and day > clock.day_of(now) - timedelta(days=SILENT_DAYS):
        return
    for hour in system.hours:
        chance = random.Random(f"{seed}/{system.group}/{day}/{hour}")  # noqa: S311 - no secret.
        at = clock.start_of(day) + timedelta(hours=hour, minutes=chance.randrange(20))
        units = system.units(chance, day)
        is_late, is_corrected = chance.random() < 0.03, chance.random() < 0.03
        arrives = at + (LATE_BY if is_late else timedelta(minutes=chance.randrange(1, 10)))
        if arrives > now:
            continue
        yield Sent(system.group, at, arrives, units)
        if is_corrected and arrives + CORRECTED_AFTER <= now:
            corrected = {key: less(value) for key, value in units.items()}
            yield Sent(system.group, at, arrives + CORRECTED_AFTER, corrected, revision=1)


def less(quantity: Decimal | Mapping[str, Decimal]) -> Decimal | Mapping[str, Decimal]:
    """A number corrected downwards: some were counted twice."""
    if isinstance(quantity, Mapping):
        return {account: units * 9 // 10 for account, units in quantity.items()}
    return quantity * 9 // 10
