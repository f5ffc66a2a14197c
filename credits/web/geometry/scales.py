"""Axes, ticks and the room a text takes: what every chart needs."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NARROW = 270
CHARACTER = 6.9

_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 36, 60, 120, 240, 600)
_DAY_STEPS = (1, 2, 7, 14)


@dataclass(frozen=True)
class Tick:
    """One label on an axis; `at` is a percentage (time) or pixels from the top (credits)."""

    at: str
    text: str
    anchor: str = "middle"


def number(value: float) -> str:
    """A coordinate, short and never in exponent form."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"


def percent(value: float) -> str:
    """A horizontal position or width as SVG wants it."""
    return number(value) + "%"


def grouped(value: int) -> str:
    """The default way to write credits; pages pass their own for other locales."""
    return f"{value:,}".replace("-", "\u2212")


def text_width(text: str) -> float:
    """A generous estimate, in pixels, of a text at the charts' 12 px."""
    return len(text) * CHARACTER


def share_of(at: datetime, start: datetime, end: datetime) -> float:
    """Where an instant lies between start and end, 0 to 100, clipped."""
    span = (end - start).total_seconds()
    if span <= 0:
        return 0.0
    return min(100.0, max(0.0, (at - start).total_seconds() / span * 100))


def anchor_at(share: float, width: float) -> str:
    """The text-anchor that keeps a text of this width inside the narrowest plot."""
    x = share / 100 * NARROW
    if x < width / 2:
        return "start"
    if x > NARROW - width / 2:
        return "end"
    return "middle"


def nice_ticks(lowest: int, highest: int, wanted: int = 4) -> list[int]:
    """Round values from at or below zero to at or above the highest, evenly spaced.

    The axis always holds zero. Steps are 1, 2 or 5 times a power of ten, never below one credit.
    """
    low, high = min(0, lowest), max(0, highest)
    if low == high:
        return [0, 1]
    raw = (high - low) / wanted
    power = 10 ** max(0, math.floor(math.log10(raw)))
    step = max(1, next(power * m for m in (1, 2, 5, 10) if power * m >= raw))
    first, last = low // step, -(-high // step)
    return [step * i for i in range(first, last + 1)]


def time_ticks(start: datetime, end: datetime, wanted: int) -> list[Tick]:
    """At most `wanted` labels: months with the year where it changes, or days in a short range."""
    if (end - start) <= timedelta(days=62):
        return _day_ticks(start, end, wanted)
    months = _months(start, end)
    step = next((s for s in _MONTH_STEPS if len(months) <= wanted * s), _MONTH_STEPS[-1])
    chosen = [m for m in months if _month_number(m) % step == 0] or months[:1]
    ticks, year = [], None
    for month in chosen:
        text = f"{month:%b %Y}" if month.year != year else f"{month:%b}"
        year = month.year
        ticks.append(_tick(month, text, start, end))
    return ticks


def _tick(at: datetime, text: str, start: datetime, end: datetime) -> Tick:
    share = share_of(at, start, end)
    return Tick(percent(share), text, anchor_at(share, text_width(text)))


def _day_ticks(start: datetime, end: datetime, wanted: int) -> list[Tick]:
    first = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if first < start:
        first += timedelta(days=1)
    days = max(0, (end - first).days) + 1
    step = next((s for s in _DAY_STEPS if days <= wanted * s), 31)
    moments = (first + timedelta(days=i) for i in range(0, days, step))
    return [_tick(d, f"{d.day} {d:%b}", start, end) for d in moments if d <= end]


def _month_number(month: datetime) -> int:
    return month.year * 12 + month.month - 1


def _months(start: datetime, end: datetime) -> list[datetime]:
    """The first instants of all months within the range."""
    begin = start.astimezone(UTC)
    first = _month_number(begin)
    if begin > datetime(begin.year, begin.month, 1, tzinfo=UTC):
        first += 1
    last = _month_number(end.astimezone(UTC))
    return [datetime(n // 12, n % 12 + 1, 1, tzinfo=UTC) for n in range(first, last + 1)]
