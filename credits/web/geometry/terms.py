"""The timeline: a bar per license over one axis of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from credits.web.geometry.scales import CHARACTER, NARROW, WIDE, Tick, percent, share_of, time_ticks

PADDING = 20


@dataclass(frozen=True)
class Term:
    """One license. `css` is "", "soon", "converted", "ended" or "later" (several, by spaces);
    `chip_css` is "", "warn" or "short"."""

    name: str
    detail: str
    url: str
    start: datetime
    end: datetime
    text: str
    chip: str
    chip_css: str = ""
    css: str = ""


@dataclass(frozen=True)
class Lane:
    """A drawn term; `text_x` is where its text begins or ends, `text_css` on or beside the bar."""

    term: Term
    x: str
    width: str
    stop: str
    text_x: str
    text_dx: int
    text_anchor: str
    text_css: str

    @property
    def kinds(self) -> list[str]:
        return self.term.css.split()


@dataclass(frozen=True)
class Timeline:
    """All lanes under one axis; `now` is the percentage of the line of today."""

    label: str
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    now: str


def timeline(
    terms: Sequence[Term], *, start: datetime, now: datetime, end: datetime, label: str
) -> Timeline:
    """Terms in the order given, clipped to the range; those wholly outside it are left out."""
    inside = [t for t in terms if t.end > start and t.start < end]
    return Timeline(
        label=label,
        lanes=tuple(_lane(t, start, end) for t in inside),
        ticks=tuple(time_ticks(start, end, WIDE)),
        now=percent(share_of(now, start, end)),
    )


def _lane(term: Term, start: datetime, end: datetime) -> Lane:
    x, stop = share_of(term.start, start, end), share_of(term.end, start, end)
    width = max(stop - x, 0.4)
    needed = (len(term.text) * CHARACTER + PADDING) / NARROW * 100
    if width >= needed:
        place = (x, 10, "start", "inside")
    elif stop + needed <= 100:
        place = (stop, 8, "start", "outside")
    else:
        place = (x, -8, "end", "outside")
    text_x, dx, anchor, css = place
    return Lane(
        term=term,
        x=percent(x),
        width=percent(width),
        stop=percent(stop),
        text_x=percent(text_x),
        text_dx=dx,
        text_anchor=anchor,
        text_css=css,
    )
