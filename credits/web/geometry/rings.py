"""The donut: credits by solution, with its legend's rows."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from credits.web.geometry.bars import MOST, Part, folded
from credits.web.geometry.scales import grouped, number

CENTER = 75.0
OUTER = 72.0
INNER = 51.0
LONG_BELOW = 15


@dataclass(frozen=True)
class Slice:
    """A slice and its legend row: `share` is its part of the total in percent."""

    label: str
    value: int
    css: str
    url: str
    explain: str
    share: float
    path: str
    members: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Donut:
    """A ring of 150 by 150, the text in its middle, and the slices largest first."""

    label: str
    center: str
    below: str
    total: int
    slices: tuple[Slice, ...]

    @property
    def nothing(self) -> str:
        """The ring where there is nothing to share out."""
        return _ring(0, 1)

    @property
    def is_long_below(self) -> bool:
        """Whether the text under the figure must be smaller to stay inside the ring."""
        return len(self.below) > LONG_BELOW

    @property
    def size(self) -> str:
        """The class of the figure in the middle, which must stay inside the ring."""
        return "longer" if len(self.center) > 10 else "long" if len(self.center) > 7 else ""


def donut(
    parts: Sequence[Part],
    *,
    label: str,
    below: str = "",
    most: int = MOST,
    other_word: str = "Other",
    write: Callable[[int], str] = grouped,
) -> Donut:
    """Slices from noon, clockwise, largest first; what has no color of its own is one slice."""
    held = folded(parts, other_word, most)
    total = sum(p.value for p in held)
    slices, done = [], 0
    for part in held:
        path = _ring(done / total, (done + part.value) / total)
        share = part.value / total * 100
        slices.append(
            Slice(
                part.label,
                part.value,
                part.css,
                part.url,
                part.explain,
                share,
                path,
                part.members,
            )
        )
        done += part.value
    said = ", ".join(f"{s.label} {write(s.value)}" for s in slices)
    return Donut(
        label=f"{label}: {said}" if said else label,
        center=write(total),
        below=below,
        total=total,
        slices=tuple(slices),
    )


def _point(radius: float, turn: float) -> str:
    angle = turn * 2 * math.pi
    x, y = CENTER + radius * math.sin(angle), CENTER - radius * math.cos(angle)
    return f"{number(x)} {number(y)}"


def _ring(begin: float, end: float) -> str:
    """The outline of one slice; a whole ring is two halves, since an arc can't close on itself."""
    if end - begin > 0.9999:
        return _ring(0, 0.5) + _ring(0.5, 1)
    large = int(end - begin > 0.5)
    return (
        f"M{_point(OUTER, begin)}A{number(OUTER)} {number(OUTER)} 0 {large} 1 {_point(OUTER, end)}"
        f"L{_point(INNER, end)}A{number(INNER)} {number(INNER)} 0 {large} 0 {_point(INNER, begin)}Z"
    )
