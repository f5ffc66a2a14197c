"""Where a chart's texts go: the place that crosses the fewest lines and no other text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from credits.web.geometry.scales import NARROW, percent, text_width

ASCENT = 11
DESCENT = 3
COVERED = 100


@dataclass(frozen=True)
class Stroke:
    """A straight piece of a drawn line, upright or level, in pixels of the narrowest plot."""

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

    def box(self, text: str) -> Stroke:
        """The rectangle the text would cover."""
        x, width = self.share / 100 * NARROW + self.dx, text_width(text)
        left = x - width if self.anchor == "end" else x
        return Stroke(left, left + width, self.y - ASCENT, self.y + DESCENT)


@dataclass(frozen=True)
class Label:
    """A placed text, ready to be drawn."""

    text: str
    css: str
    x: str
    dx: int
    y: str
    anchor: str


class Labels:
    """Places texts one after the other; the most important comes first."""

    def __init__(self, strokes: Sequence[Stroke], top: float, bottom: float) -> None:
        self._strokes = strokes
        self._top = top
        self._bottom = bottom
        self._taken: list[Stroke] = []
        self.placed: list[Label] = []

    def add(self, text: str, css: str, places: Iterable[Place], *, needed: bool = False) -> None:
        """Draw the text at its best place, or not at all where every place covers another text."""
        rated = [(self._cost(p.box(text)), i, p) for i, p in enumerate(places)]
        if not rated:
            return
        cost, _, best = min(rated, key=lambda r: r[:2])
        if cost >= COVERED and not needed:
            return
        self._taken.append(best.box(text))
        y = f"{best.y:.0f}"
        self.placed.append(Label(text, css, percent(best.share), best.dx, y, best.anchor))

    def _cost(self, box: Stroke) -> int:
        outside = box.left < -4 or box.right > NARROW + 12
        outside = outside or box.top < self._top or box.bottom > self._bottom
        covered = sum(_meet(box, other) for other in self._taken)
        crossed = sum(_meet(box, stroke) for stroke in self._strokes)
        return COVERED * (outside * 2 + covered) + min(crossed, COVERED - 1)


def _meet(a: Stroke, b: Stroke) -> bool:
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom
