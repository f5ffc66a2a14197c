"""The capacity bar: how much of what is valid each solution holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from credits.web.geometry.scales import NARROW, grouped, percent, text_width

PADDING = 14
MOST = 8
OTHER = "other"
"""The color class of whatever has no color of its own."""
# Widths of the bar, in pixels, from which a text may be shown (container queries in portal.css).
WIDTHS = (300, 460, 620, 780, 940)


@dataclass(frozen=True)
class Part:
    """One share of a whole: what it is called, how many credits, its color class.

    `url` leads to its rows and `explain` is the accessible name of that link.
    """

    label: str
    value: int
    css: str
    url: str = ""
    short: str = ""
    explain: str = ""
    members: tuple["Part", ...] = ()
    """What was put together in it, the largest first."""


def folded(parts: Sequence[Part], word: str, most: int = MOST) -> list[Part]:
    """The largest parts first; those beyond `most` and those without a color of their own as one.

    A single one without a color keeps its name.
    """
    held = sorted((p for p in parts if p.value > 0), key=lambda p: -p.value)
    colored = [p for p in held if p.css != OTHER][:most]
    rest = [p for p in held if p not in colored]
    if not rest or (len(rest) == 1 and rest[0].css == OTHER):
        return [*colored, *rest]
    total = sum(p.value for p in rest)
    return [*colored, Part(word, total, OTHER, members=tuple(rest))]


@dataclass(frozen=True)
class Segment:
    """A drawn part: `fits` is "" (always), "from-460" and the like, or "never"."""

    label: str
    text: str
    css: str
    x: str
    width: str
    fits: str
    key: str = ""
    """Where its text is written below the bar: like `fits`, "until-460", "always" or "" (never)."""


@dataclass(frozen=True)
class ScaleText:
    """A text under the bar, with pixels beside its percentage."""

    text: str
    x: str = "100%"
    dx: int = 0
    anchor: str = "end"


@dataclass(frozen=True)
class CapacityBar:
    """All the include needs; `limit` and `over` are set only above 100 %."""

    label: str
    segments: tuple[Segment, ...]
    free: Segment | None
    limit: str
    over_width: str
    whole: ScaleText
    over_text: str

    @property
    def has_keys(self) -> bool:
        """Whether a part has no room for its text, on some width or on any."""
        return any(part.key for part in (*self.segments, *filter(None, [self.free])))


def capacity_bar(
    parts: Sequence[Part],
    whole: int,
    *,
    label: str = "",
    free_word: str = "free",
    whole_word: str = "valid",
    over_word: str = "short",
    write: Callable[[int], str] = grouped,
) -> CapacityBar:
    """A bar whose length is what is valid, or what is allocated where that is more.

    Above 100 % the stretch past the valid credits is hatched and named with the shortfall.
    """
    held = [p for p in parts if p.value > 0]
    total, whole = sum(p.value for p in held), max(0, whole)
    length = max(total, whole)
    segments, x = [], 0
    for part in held:
        text = f"{part.short or part.label} {write(part.value)}"
        segments.append(_segment(part, text, x, length, hatched=x + part.value > whole))
        x += part.value
    spare = whole - total
    free = Part(free_word, spare, "free") if spare > 0 else None
    over = -spare if spare < 0 else 0
    whole_text = f"{write(whole)} {whole_word}"
    over_text = f"{write(-over)} {over_word}" if over else ""
    return CapacityBar(
        label=label or _describe(held, whole_text, free_word, spare, over_word, write),
        segments=tuple(segments),
        free=_segment(free, f"{free_word} {write(spare)}", x, length) if free else None,
        limit=percent(whole / length * 100) if over else "",
        over_width=percent(over / length * 100) if over else "",
        whole=_scale(whole_text, over_text, whole / length) if over else ScaleText(whole_text),
        over_text=over_text,
    )


def _segment(part: Part, text: str, x: int, length: int, *, hatched: bool = False) -> Segment:
    share = part.value / length
    needed = (text_width(text) + PADDING) / share
    enough = None if hatched else next((width for width in WIDTHS if width >= needed), None)
    fits = "never" if enough is None else "" if enough == WIDTHS[0] else f"from-{enough}"
    return Segment(
        label=f"{part.label}: {text}" if part.short else text,
        text=text,
        css=part.css,
        x=percent(x / length * 100),
        width=percent(share * 100),
        fits=fits,
        key={"never": "always", "": ""}.get(fits, fits.replace("from", "until")),
    )


def _scale(whole: str, over: str, share: float) -> ScaleText:
    """Names the limit where it stands, or beside the shortfall where the two would meet."""
    limit, width, end = share * NARROW, text_width(whole), NARROW - text_width(over) - PADDING
    if width + PADDING <= limit <= end:
        return ScaleText(whole, percent(share * 100))
    past_zero = max(0, PADDING - round(limit))
    if limit + past_zero + width <= end:
        return ScaleText(whole, percent(share * 100), past_zero, "start")
    return ScaleText(whole, dx=round(end - NARROW))


def _describe(
    parts: Sequence[Part],
    whole_text: str,
    free_word: str,
    spare: int,
    over_word: str,
    write: Callable[[int], str],
) -> str:
    said = [f"{p.label} {write(p.value)}" for p in parts]
    said.append(f"{free_word} {write(spare)}" if spare >= 0 else f"{write(spare)} {over_word}")
    return f"{whole_text}: {', '.join(said)}"
