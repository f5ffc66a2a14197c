"""The history of Annual credits as its templates ask for it: a range, as a chart or a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.annual import DEFAULT_SPAN, SPANS, AnnualCredits, Course, Point, Reach
from billing.domain.annual.words import day_words
from billing.forms.history import CUSTOM, RangeForm
from billing.web import annual_charts as charts
from credits import clock
from credits.web import svg
from credits.web.access import CustomerRequest

SPAN_NAMES = {
    "1m": (gettext_lazy("1 m"), gettext_lazy("1 month back and ahead")),
    "3m": (gettext_lazy("3 m"), gettext_lazy("3 months back and ahead")),
    "6m": (gettext_lazy("6 m"), gettext_lazy("6 months back and ahead")),
    "1y": (gettext_lazy("1 y"), gettext_lazy("1 year back and ahead")),
    "2y": (gettext_lazy("2 y"), gettext_lazy("2 years back and ahead")),
    "3y": (gettext_lazy("3 y"), gettext_lazy("3 years back and ahead")),
}
TABLE = "table"
LISTED = 200
"""The lines of its table, at most; earlier ones are a range of their own."""


@dataclass(frozen=True)
class Choice:
    """A range that can be chosen."""

    short: str
    long: str
    url: str
    current: bool


class History:
    """One request's history; `with_query` makes the addresses of its links."""

    def __init__(
        self,
        request: CustomerRequest,
        credits: AnnualCredits,
        with_query: Callable[..., str],
    ) -> None:
        self.request = request
        self.credits = credits
        self.with_query = with_query

    @property
    def span(self) -> str:
        """The span that is asked for, or the default one."""
        wanted = self.request.GET.get("range", DEFAULT_SPAN)
        return wanted if wanted in SPANS else DEFAULT_SPAN

    @cached_property
    def form(self) -> RangeForm:
        return RangeForm(self.request.GET, shown=self.credits.reach(self.span))

    @property
    def is_wrong(self) -> bool:
        """Whether days are asked for that cannot be shown; then the default span stands there."""
        return self.form.is_bound and not self.form.is_valid()

    @property
    def is_custom(self) -> bool:
        return self.form.reach is not None

    @cached_property
    def reach(self) -> Reach:
        return self.form.reach or self.credits.reach(self.span)

    @property
    def name(self) -> str:
        """The range in words."""
        if not self.is_custom:
            return str(SPAN_NAMES[self.span][1])
        return self.days

    @property
    def days(self) -> str:
        """The first and the last day shown."""
        first, last = day_words(self.reach.first), day_words(self.reach.last)
        return _("%(first)s to %(last)s") % {"first": first, "last": last}

    @property
    def told(self) -> str:
        """What the live region says of it."""
        if self.is_wrong:
            return ""
        return _("The history shows %(span)s.") % {"span": self.name}

    @property
    def choices(self) -> list[Choice]:
        """The spans one may choose."""
        return [
            Choice(str(short), str(long), self.span_url(key), current=self.is_span(key))
            for key, (short, long) in SPAN_NAMES.items()
        ]

    def is_span(self, key: str) -> bool:
        return key == self.span and not self.is_custom

    def span_url(self, key: str) -> str:
        named = "" if key == DEFAULT_SPAN else key
        return self.with_query(**{"range": named, "from": "", "to": ""})

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What else the address says, sent on with the form."""
        query = self.request.GET
        own = ("range", "from", "to")
        return [(name, str(query[name])) for name in query if name not in own]

    @property
    def custom(self) -> str:
        return CUSTOM

    # As a chart.

    @cached_property
    def course(self) -> Course:
        return self.credits.course_over(self.reach)

    @cached_property
    def chart(self) -> svg.StepChart:
        return charts.steps(self.credits, self.course)

    # As a table.

    @property
    def shows_table(self) -> bool:
        return self.request.GET.get("history") == TABLE

    @property
    def other_view_url(self) -> str:
        """From the chart to its table and back."""
        return self.with_query(history="" if self.shows_table else TABLE)

    @property
    def points(self) -> list[Point]:
        """The table's lines, newest first."""
        return list(reversed(self.course.points))[:LISTED]

    @property
    def unlisted(self) -> int:
        return max(0, len(self.course.points) - LISTED)

    @property
    def earlier_url(self) -> str:
        """The range of the lines before those that are listed."""
        last = clock.day_of(self.points[-1].at) - timedelta(days=1)
        first = min(self.reach.first, last)
        return self.with_query(
            **{"range": CUSTOM, "from": first.isoformat(), "to": last.isoformat()}
        )
