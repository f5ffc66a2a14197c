"""The step chart: levels that hold until they change, with what is known ahead of now."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from credits.web.geometry.labels import (
    COVERED,
    CROWDED,
    Label,
    Labels,
    Place,
    Plot,
    Stroke,
)
from credits.web.geometry.scales import (
    NARROW,
    WIDE,
    Tick,
    grouped,
    nice_ticks,
    number,
    percent,
    share_of,
    text_width,
    time_ticks,
)

TOP = 18
AREA = 200
POINTS = 16
NAMED = 4
_URGENCY = {"short": 0, "warn": 1, "": 2, "past": 3}
_OFFSETS = (-8, 18, -24, 34, -40, 50)


@dataclass(frozen=True)
class Series:
    """A level over time: each point holds until the next. `css` is "valid", "allocated" or ""."""

    name: str
    css: str
    points: Sequence[tuple[datetime, int]]


@dataclass(frozen=True)
class Mark:
    """A dot with a name at an instant that matters. `css` is "warn", "short", "past" or "".

    The most urgent few are named in the drawing, all of them in its exact figures.
    """

    at: datetime
    value: int
    text: str
    css: str = ""


@dataclass(frozen=True)
class Line:
    """One series drawn: path data up to now and from now on, in a box of 1000 by `area`."""

    css: str
    past: str
    future: str


@dataclass(frozen=True)
class Dot:
    """Where a mark is drawn."""

    x: str
    y: str
    css: str


@dataclass(frozen=True)
class Point:
    """A place that can be pointed at or walked to; `text` is the exact figure and its instant,
    and `first` the one that the Tab key reaches."""

    x: str
    ys: tuple[str, ...]
    text: str
    first: bool


@dataclass(frozen=True)
class StepChart:
    """All the include draws. Axis texts stand left of the plot, in `gutter` pixels."""

    label: str
    gutter: int
    area: int
    rows: tuple[Tick, ...]
    wide_ticks: tuple[Tick, ...]
    narrow_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    dots: tuple[Dot, ...]
    labels: tuple[Label, ...]
    points: tuple[Point, ...]
    now: str

    @property
    def bottom(self) -> int:
        """Where zero, or what is lowest, stands."""
        return TOP + self.area

    @property
    def height(self) -> int:
        """With the two lines of the axis."""
        return self.bottom + 44

    @property
    def tick_lines(self) -> tuple[int, int]:
        return self.bottom + 20, self.bottom + 35


@dataclass(frozen=True)
class _Frame:
    start: datetime
    now: datetime
    end: datetime
    low: int
    high: int
    gutter: int
    area: int

    @property
    def room(self) -> int:
        """The plot's width on the smallest phone."""
        return NARROW - self.gutter

    def share(self, at: datetime) -> float:
        return share_of(at, self.start, self.end)

    def y(self, value: int) -> float:
        return TOP + self.area * (self.high - value) / (self.high - self.low)


def step_chart(
    series: Sequence[Series],
    *,
    start: datetime,
    now: datetime,
    end: datetime,
    label: str,
    marks: Sequence[Mark] = (),
    today: str = "today",
    difference: str = "",
    write: Callable[[int], str] = grouped,
    area: int = AREA,
) -> StepChart:
    """Steps from start to end, the part after now lighter, the axis from zero.

    With `difference` (say "balance") each point also tells the first series minus the second.
    `area` is the height of the drawing without its axis, in pixels.
    """
    clipped = [_clip(s.points, start, end) for s in series]
    marks = [m for m in marks if start <= m.at <= end]
    values = [v for levels in clipped for _, v in levels] + [m.value for m in marks]
    ticks = nice_ticks(min(values, default=0), max(values, default=0))
    gutter = round(max(text_width(write(t)) for t in ticks)) + 10
    frame = _Frame(start, now, end, ticks[0], ticks[-1], gutter, area)
    return StepChart(
        label=label,
        gutter=gutter,
        area=area,
        rows=tuple(Tick(number(frame.y(t)), write(t)) for t in ticks),
        wide_ticks=tuple(time_ticks(start, end, WIDE - gutter, stacked=True)),
        narrow_ticks=tuple(time_ticks(start, end, frame.room, stacked=True)),
        lines=tuple(_line(s.css, p, frame) for s, p in zip(series, clipped, strict=True)),
        dots=tuple(Dot(percent(frame.share(m.at)), number(frame.y(m.value)), m.css) for m in marks),
        labels=tuple(_labels(series, clipped, marks, frame, today)),
        points=tuple(_points(series, clipped, marks, frame, difference, write)),
        now=percent(frame.share(now)) if start <= now <= end else "",
    )


def _clip(
    points: Sequence[tuple[datetime, int]], start: datetime, end: datetime
) -> list[tuple[datetime, int]]:
    """The changes within the range, led by the level that holds at its start."""
    ordered = sorted(points, key=lambda p: p[0])
    before = [v for at, v in ordered if at <= start]
    inside = [(at, v) for at, v in ordered if start < at <= end]
    return [(start, before[-1]), *inside] if before else inside


def _level(levels: Sequence[tuple[datetime, int]], at: datetime) -> int | None:
    known = [v for changed, v in levels if changed <= at]
    return known[-1] if known else None


def _path(levels: Sequence[tuple[datetime, int]], until: datetime, frame: _Frame) -> str:
    if not levels or levels[0][0] >= until:
        return ""
    pieces: list[str] = []
    last_y = ""
    for at, value in levels:
        # Half a pixel is all that can be seen; smaller steps would only make the page heavy.
        x, y = number(frame.share(at) * 10), number(round(2 * (frame.y(value) - TOP)) / 2)
        pieces.append(f"M{x} {y}" if not pieces else f"H{x}V{y}" if y != last_y else "")
        last_y = y
    return "".join(pieces) + f"H{number(frame.share(until) * 10)}"


def _line(css: str, levels: Sequence[tuple[datetime, int]], frame: _Frame) -> Line:
    now = min(max(frame.now, frame.start), frame.end)
    past = [(at, v) for at, v in levels if at <= now]
    future = [(now, past[-1][1])] if past else []
    future += [(at, v) for at, v in levels if at > now]
    return Line(css, _path(past, now, frame), _path(future, frame.end, frame))


def _strokes(
    clipped: Sequence[Sequence[tuple[datetime, int]]], frame: _Frame, room: float
) -> Iterator[Stroke]:
    for levels in filter(None, clipped):
        stops = [*(at for at, _ in levels[1:]), frame.end]
        for (at, value), stop in zip(levels, stops, strict=True):
            left, right = (frame.share(t) / 100 * room for t in (at, stop))
            y = frame.y(value)
            yield Stroke(left, right, y - 1, y + 1)
            following = _level(levels, stop)
            if following is not None and following != value:
                other = frame.y(following)
                yield Stroke(right - 1, right + 1, min(y, other), max(y, other))


def _labels(
    series: Sequence[Series],
    clipped: Sequence[Sequence[tuple[datetime, int]]],
    marks: Sequence[Mark],
    frame: _Frame,
    today: str,
) -> list[Label]:
    rooms = (frame.room, WIDE - frame.gutter, 2 * WIDE)
    plots = [Plot(room, list(_strokes(clipped, frame, room))) for room in rooms]
    labels = Labels(plots, top=0, bottom=TOP + frame.area)
    if frame.start <= frame.now <= frame.end:
        share = frame.share(frame.now)
        sides = (Place(share, 6, 12, "start"), Place(share, -6, 12, "end"))
        labels.add(today, "", sides, needed=True)
    for mark in sorted(marks, key=lambda m: (_URGENCY.get(m.css, 2), m.at))[:NAMED]:
        beside = list(_beside(frame.share(mark.at), frame.y(mark.value)))
        is_urgent = mark.css in ("short", "warn")
        labels.add(mark.text, mark.css, beside, most=COVERED if is_urgent else CROWDED)
    for one, levels in zip(series, clipped, strict=True):
        labels.add(one.name, one.css, list(_along(levels, frame, above=one is series[0])))
    return labels.placed


def _beside(share: float, y: float) -> Iterator[Place]:
    for offset in _OFFSETS:
        yield Place(share, 7, y + offset, "start", below=offset > 0)
        yield Place(share, -7, y + offset, "end", below=offset > 0)


def _along(
    levels: Sequence[tuple[datetime, int]], frame: _Frame, *, above: bool
) -> Iterator[Place]:
    """Along the line from its left end, on the wanted side first."""
    if not levels:
        return
    first = frame.share(levels[0][0])
    for offset in (-8, 17) if above else (17, -8):
        for step in range(12):
            share = first + 2 + step * 8
            at = frame.start + (frame.end - frame.start) * (share / 100)
            value = _level(levels, at)
            if share < 95 and value is not None:
                yield Place(share, 0, frame.y(value) + offset, "start")


def _points(
    series: Sequence[Series],
    clipped: Sequence[Sequence[tuple[datetime, int]]],
    marks: Sequence[Mark],
    frame: _Frame,
    difference: str,
    write: Callable[[int], str],
) -> Iterator[Point]:
    names = {m.at: m.text for m in marks}
    instants = _instants(clipped, set(names), frame)
    reached = frame.now if frame.now in instants else next(iter(instants), None)
    for at in instants:
        held = [_level(levels, at) for levels in clipped]
        known = [(s.name, v) for s, v in zip(series, held, strict=True) if v is not None]
        if difference and len(known) == 2:
            known.append((difference, known[0][1] - known[1][1]))
        said = ", ".join(f"{name} {write(value)}" for name, value in known)
        text = f"{_instant(at)}: {said}" + (f" ({names[at]})" if at in names else "")
        ys = tuple(number(frame.y(v)) for v in held if v is not None)
        yield Point(percent(frame.share(at)), ys, text, at == reached)


def _instants(
    clipped: Sequence[Sequence[tuple[datetime, int]]], kept: set[datetime], frame: _Frame
) -> list[datetime]:
    """All instants of change, or the largest changes where there are more than `POINTS`."""
    if any(clipped) and frame.start <= frame.now <= frame.end:
        kept = kept | {frame.now}
    size: dict[datetime, int] = {}
    for levels in clipped:
        before = 0
        for at, value in levels:
            size[at] = size.get(at, 0) + abs(value - before)
            before = value
    largest = sorted(size, key=lambda at: (-size[at], at))
    chosen = [at for at in largest if at not in kept][: max(0, POINTS - len(kept))]
    return sorted(kept | set(chosen))


def _instant(at: datetime) -> str:
    moment = at.astimezone(UTC)
    day = f"{moment.day} {moment:%b %Y}"
    return day if (moment.hour, moment.minute) == (0, 0) else f"{day}, {moment:%H:%M} UTC"
