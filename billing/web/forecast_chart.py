"""The drawing of a forecast: valid and allocated from now on, as steps."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from billing.domain.annual.words import day_words, grouped
from billing.domain.forecast import Forecast, Line
from credits.web import svg

MARKS = 8
MARGIN = timedelta(days=30)
"""What is drawn beyond the last change, at least."""


def chart(forecast: Forecast) -> svg.StepChart:
    """Steps from now to a little after the last thing that is known."""
    now, figure, lines = forecast.position.at, forecast.position.figure, forecast.lines
    last = lines[-1].at if lines else now
    end = last + max(MARGIN, (last - now) / 12)
    valid = [(now, figure.valid), *((line.at, line.figure.valid) for line in lines)]
    allocated = [(now, figure.allocated), *((line.at, line.figure.allocated) for line in lines)]
    return svg.step_chart(
        [
            svg.Series(_("valid"), "valid", valid),
            svg.Series(_("allocated"), "allocated", allocated),
        ],
        start=now,
        now=now,
        end=end,
        marks=marks(forecast),
        label=_("Valid and allocated credits from %(start)s to %(end)s")
        % {"start": day_words(now), "end": day_words(end)},
        today=_("today"),
        difference=_("balance"),
        write=grouped,
    )


def marks(forecast: Forecast) -> list[svg.Mark]:
    """The first shortage, and the largest of the licenses that end."""
    short_at = forecast.short_at
    told = [line for line in forecast.lines if line.at == short_at or falls(line)]
    told.sort(key=lambda line: (line.at != short_at, -falls(line)))
    return [mark(line, is_first=line.at == short_at) for line in told[:MARKS]]


def falls(line: Line) -> int:
    """The credits of the licenses that end at an instant."""
    return -sum(h.effect for h in line.happenings if h.is_license and h.effect < 0)


def mark(line: Line, *, is_first: bool) -> svg.Mark:
    """What happens at an instant; of several things the largest."""
    most = max(line.happenings, key=lambda happening: abs(happening.effect))
    text = f"{most.label}, {grouped(line.figure.balance)}" if is_first else most.label
    level = line.figure.valid if most.is_license else line.figure.allocated
    return svg.Mark(line.at, level, text, "warn" if is_first else "")
