"""The drawings of Annual credits: the same figures as in its tables, as bar, ring, steps, bars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.annual import AnnualCredits, Course, LicenseLine, Point, State
from billing.domain.annual.words import day_words, grouped, last_day_words
from billing.web.links import Explain
from credits import clock
from credits.models import Side
from credits.templatetags.figures import days_left, percent
from credits.web import svg

YEAR = timedelta(days=365)
LANES = 6
MARKS = 8
HIGH = 250
"""The room of the steps in pixels: about as high as the ring's legend that stands beside."""
CHANNELS = {
    "sales": gettext_lazy("sales"),
    "support": gettext_lazy("support"),
    "aws": gettext_lazy("AWS"),
    "azure": gettext_lazy("Azure"),
    "conversion": gettext_lazy("converted"),
}
"""Where credits came from, in a word."""


def parts(page: AnnualCredits, explain: Explain) -> list[svg.Part]:
    """What each solution holds, the largest first; the smallest of many as one."""
    held = [
        svg.Part(
            label=line.solution.name,
            value=line.credits,
            css=line.solution.color,
            url=explain(Side.ALLOCATED, solution=line.solution.key),
            short=line.short_name,
            explain=_("Explain %(credits)s credits allocated to %(name)s")
            % {"credits": grouped(line.credits), "name": line.solution.name},
        )
        for line in page.solutions
    ]
    return svg.folded(held, _("Other"))


def capacity(page: AnnualCredits, held: Sequence[svg.Part]) -> svg.CapacityBar:
    """How much of what is valid each solution holds."""
    return svg.capacity_bar(
        held,
        page.position.figure.valid,
        free_word=_("free"),
        whole_word=_("valid"),
        over_word=_("short"),
        write=grouped,
    )


def ring(page: AnnualCredits, held: Sequence[svg.Part]) -> svg.Donut:
    """Allocated by solution; the share in its middle is of what is valid."""
    figure = page.position.figure
    below = _("%(share)s of valid") % {"share": percent(figure.allocated, figure.valid)}
    return svg.donut(
        held,
        label=_("Allocated credits by solution"),
        below=below if figure.valid > 0 else "",
        write=grouped,
    )


def steps(page: AnnualCredits, course: Course) -> svg.StepChart:
    """Valid and allocated over time, with what is known ahead."""
    points = course.points
    return svg.step_chart(
        [
            svg.Series(_("valid"), "valid", [(p.at, p.figure.valid) for p in points]),
            svg.Series(_("allocated"), "allocated", [(p.at, p.figure.allocated) for p in points]),
        ],
        start=course.start,
        now=course.now,
        end=course.end,
        marks=marks(page, course),
        label=_("Valid and allocated credits from %(start)s to %(end)s")
        % {"start": day_words(course.start), "end": day_words(course.end)},
        today=_("today"),
        difference=_("balance"),
        write=grouped,
        area=HIGH,
    )


def marks(page: AnnualCredits, course: Course) -> list[svg.Mark]:
    """Where licenses end and have ended; of many the first shortage and the largest falls."""
    ends = [point for point in course.points if point.ending]
    first = page.outlook.at if page.outlook.state == State.FIRST_SHORT else None
    sizes = falls(course.points)
    ends.sort(key=lambda p: (p.at != first, not p.is_ahead, -sizes[p.at]))
    return [mark(point, first) for point in ends[:MARKS]]


def falls(points: Sequence[Point]) -> dict[datetime, int]:
    """By how much valid falls at each point."""
    before = [points[0], *points[:-1]] if points else []
    return {p.at: b.figure.valid - p.figure.valid for b, p in zip(before, points, strict=True)}


def mark(point: Point, first: datetime | None) -> svg.Mark:
    """One end of a license, with the shortage it makes."""
    is_first = point.at == first
    text = f"{point.what}, {grouped(point.figure.balance)}" if is_first else point.what
    kind = "warn" if is_first else "" if point.is_ahead else "past"
    return svg.Mark(point.at, point.figure.valid, text, kind)


def timeline(page: AnnualCredits, explain: Explain, most: int = LANES) -> svg.Timeline | None:
    """Licenses by expiry over one axis, the next to end first; `most` of them at most."""
    lines = page.licenses
    if not lines:
        return None
    at = page.position.at
    start = min(max(min(line.starts_at for line in lines), at - YEAR), at)
    last = max(line.ends_at or line.starts_at for line in lines)
    end = min(last, at + 3 * YEAR)
    first = page.outlook.at if page.outlook.state == State.FIRST_SHORT else None
    terms = [term(line, at, first, explain) for line in lines[:most]]
    return svg.timeline(terms, start=start, now=at, end=end, label=_("Licenses by expiry"))


def term(line: LicenseLine, at: datetime, first: datetime | None, explain: Explain) -> svg.Term:
    """One license's bar; amber where it ends soon or makes the first shortage."""
    ends_at = line.ends_at or at + 100 * YEAR
    is_soon = line.ends_soon(at) or (first is not None and line.ends_at == first)
    kinds = [
        "soon" if is_soon and not line.is_later else "",
        "converted" if line.license.kind == "converted" else "",
        "later" if line.is_later else "",
    ]
    starts = _("starts %(day)s") % {"day": day_words(line.starts_at)}
    return svg.Term(
        name=line.label,
        detail=detail(line),
        url=explain(Side.VALID, license=str(line.license.public_id), at=max(at, line.starts_at)),
        start=line.starts_at,
        end=ends_at,
        text=grouped(line.credits),
        chip=starts if line.is_later else days_left(ends_at, at),
        chip_css="warn" if is_soon and not line.is_later else "",
        css=" ".join(kind for kind in kinds if kind),
    )


def detail(line: LicenseLine) -> str:
    """Its last day, and where the credits came from."""
    if line.purchase is not None:
        origin = str(CHANNELS.get(line.purchase.channel, line.purchase.get_channel_display()))
    else:
        origin = line.license.get_kind_display().lower()
    if line.ends_at is None:
        return origin
    return _("to %(day)s · %(origin)s") % {
        "day": last_day_words(line.ends_at),
        "origin": origin,
    }


def today(page: AnnualCredits) -> str:
    """The UTC day of the figures, for file names."""
    return clock.day_of(page.position.at).isoformat()
