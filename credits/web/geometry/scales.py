"""Axes, ticks and the room a text takes: what every chart needs."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

# The room for a drawing, in pixels: on the smallest phone, and from where portal.css shows the
# wide axis.
NARROW = 300
WIDE = 385
CHARACTER = 6.9
# How far an axis text may reach past the plot, where nothing else stands.
BLEED_LEFT = 30
BLEED_RIGHT = 12
GAP = 6

_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 36, 60, 120, 240, 600)
_DAY_STEPS = (1, 2, 7, 14, 28)


@dataclass(frozen=True)
class Tick:
    """One label on an axis; `at` is a percentage (time) or pixels from the top (credits)."""

    at: str
    text: str
    anchor: str = "middle"
    under: str = ""


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


def time_ticks(start: datetime, end: datetime, width: int, *, stacked: bool = False) -> list[Tick]:
    """As many labels as fit into `width` pixels: months, or days in a range of two months.

    The year stands where it changes: behind the month or, `stacked`, below it.
    """
    if end - start <= timedelta(days=62):
        days = _days(start, end)
        choices = [days[::step] for step in _DAY_STEPS]
    else:
        months = _months(start, end)
        choices = [[m for m in months if _month_number(m) % step == 0] for step in _MONTH_STEPS]
    for moments in choices:
        names = _named(moments, start, end, stacked=stacked)
        spans = [_span(share_of(at, start, end), text, under, width) for at, text, under in names]
        if all(a.right + GAP <= b.left for a, b in pairwise(spans)):
            return [span.tick for span in spans]
    return []


@dataclass(frozen=True)
class _Span:
    tick: Tick
    left: float
    right: float


def _span(share: float, text: str, under: str, width: int) -> _Span:
    x, half = share / 100 * width, max(text_width(text), text_width(under)) / 2
    if x - half < -BLEED_LEFT:
        return _Span(Tick(percent(share), text, "start", under), x, x + 2 * half)
    if x + half > width + BLEED_RIGHT:
        return _Span(Tick(percent(share), text, "end", under), x - 2 * half, x)
    return _Span(Tick(percent(share), text, "middle", under), x - half, x + half)


def _named(
    moments: Sequence[datetime], start: datetime, end: datetime, *, stacked: bool
) -> Iterator[tuple[datetime, str, str]]:
    year = None
    for at in moments:
        text = f"{at:%b}" if end - start > timedelta(days=62) else f"{at.day} {at:%b}"
        new = str(at.year) if at.year != year else ""
        year = at.year
        yield (at, text, new) if stacked else (at, f"{text} {new}".strip(), "")


def _days(start: datetime, end: datetime) -> list[datetime]:
    """All midnights within the range."""
    first = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if first < start:
        first += timedelta(days=1)
    return [first + timedelta(days=i) for i in range((end - first).days + 1)]


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
