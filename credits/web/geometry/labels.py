"""Where a chart's texts go: the place that crosses the fewest lines and no other text."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from credits.web.geometry.scales import BLEED_RIGHT, percent, text_width

ASCENT = 11
DESCENT = 3
LINE = 15
SHORT = 10
# What is paid for a line through the text, and for another text under it: unreadable.
CROSSED = 8
COVERED = 100
CROWDED = 2 * CROSSED
"""What a text that is told elsewhere as well may cost at most."""


@dataclass(frozen=True)
class Stroke:
    """A straight piece of a drawn line, upright or level, in pixels of a plot of some width."""

    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True)
class Place:
    """A spot a text may take: share of the width, pixels beside it, baseline, and its anchor."""

    share: float
    dx: int
    y: float
    anchor: str
    below: bool = False

    def box(self, lines: Sequence[str], room: float) -> Stroke:
        """The rectangle the lines would cover; `y` is the baseline of the last, or of the first
        where the text stands below its point."""
        x, width = self.share / 100 * room + self.dx, max(text_width(t) for t in lines)
        left = x - width if self.anchor == "end" else x
        return Stroke(left, left + width, self.first(lines) - ASCENT, self.last(lines) + DESCENT)

    def first(self, lines: Sequence[str]) -> float:
        return self.y if self.below else self.y - LINE * (len(lines) - 1)

    def last(self, lines: Sequence[str]) -> float:
        return self.first(lines) + LINE * (len(lines) - 1)


@dataclass(frozen=True)
class Label:
    """A placed line of text, ready to be drawn."""

    text: str
    css: str
    x: str
    dx: int
    y: str
    anchor: str


@dataclass(frozen=True)
class Plot:
    """The drawing at one width: its lines, and the texts that are placed already."""

    room: float
    strokes: Sequence[Stroke]
    taken: list[Stroke] = field(default_factory=list)


class Labels:
    """Places texts one after the other, the most important first, where they read at any width."""

    def __init__(self, plots: Sequence[Plot], top: float, bottom: float) -> None:
        self._plots = plots
        self._top = top
        self._bottom = bottom
        self.placed: list[Label] = []

    def add(
        self,
        text: str,
        css: str,
        places: Sequence[Place],
        *,
        needed: bool = False,
        most: int = COVERED,
    ) -> None:
        """Draw the text at its best place, or not at all where that costs `most` or more."""
        forms = [[text]]
        if len(text) > SHORT:
            forms.append(halves(text))
        if len(text) > 2 * SHORT:
            forms.append(thirds(text))
        rated = [
            (self._cost(place, lines) + len(lines), i, lines, place)
            for i, place in enumerate(places)
            for lines in forms
        ]
        if not rated:
            return
        cost, _, lines, best = min(rated, key=lambda r: r[:2])
        if cost >= most and not needed:
            return
        for plot in self._plots:
            plot.taken.append(best.box(lines, plot.room))
        for i, line in enumerate(lines):
            y = f"{best.first(lines) + LINE * i:.0f}"
            self.placed.append(Label(line, css, percent(best.share), best.dx, y, best.anchor))

    def _cost(self, place: Place, lines: Sequence[str]) -> int:
        return max(self._cost_in(plot, place.box(lines, plot.room)) for plot in self._plots)

    def _cost_in(self, plot: Plot, box: Stroke) -> int:
        outside = box.left < -4 or box.right > plot.room + BLEED_RIGHT
        outside = outside or box.top < self._top or box.bottom > self._bottom
        covered = _met(box, plot.taken)
        crossed = _met(box, plot.strokes)
        return COVERED * (outside + covered) + crossed * CROSSED


def halves(text: str) -> list[str]:
    """The text in two lines of about the same length, broken at a space."""
    return _broken(text, len(text) / 2)


def thirds(text: str) -> list[str]:
    """The text in three lines of about the same length, for where even two are too wide."""
    first, *rest = _broken(text, len(text) / 3)
    return [first, *(line for part in rest for line in halves(part))]


def _broken(text: str, near: float) -> list[str]:
    """The text in two lines, broken at the space that is nearest to a place."""
    spaces = [i for i, c in enumerate(text) if c == " "]
    if not spaces:
        return [text]
    at = min(spaces, key=lambda i: abs(i - near))
    return [text[:at], text[at + 1 :]]


def _met(box: Stroke, strokes: Sequence[Stroke]) -> int:
    """How many strokes a box lies over; asked of every stroke for every place that is tried."""
    left, right, top, bottom = box.left, box.right, box.top, box.bottom
    beside = [other for other in strokes if other.left < right and left < other.right]
    return sum(other.top < bottom and top < other.bottom for other in beside)
