"""An estimate month by month: its table, and the drawing of the same figures as steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby, pairwise

from django.utils.translation import gettext as _

from billing.domain.annual.words import day_words, grouped, last_day_words
from credits.domain.figures import Figure, Position
from credits.models import Customer
from credits.web import svg
from estimator.domain.advice import Advice
from estimator.domain.course import Course, Moment, Month
from estimator.domain.estimates import Draft
from estimator.domain.held import license_labels
from estimator.domain.price_list import PriceList
from estimator.web.happenings import BUY, LICENSE, LINE, RATE, Happening, Happenings, totals

MARKS = 6
WORTH = 20
"""A buy is marked that is at least so small a part of all that must be bought."""
WORDS = 4
"""What is said of one month before the rest is counted."""

IMPORTANCE = {BUY: 0, LICENSE: 1, RATE: 2, LINE: 3}


@dataclass(frozen=True)
class MonthRow:
    """A month: where the balance is lowest in it, with and without what is to be bought."""

    month: Month
    with_buys: int
    """The lowest balance in it once all that is to be bought is bought (credits)."""
    bought: int
    """What of it is valid at the end of the month (credits)."""
    happenings: tuple[Happening, ...]

    @property
    def begins_at(self) -> datetime:
        return self.month.begins_at

    @property
    def figure(self) -> Figure:
        """What is booked where the balance is lowest."""
        return self.month.worst.figure

    @property
    def added(self) -> int:
        """What the estimate adds to what is allocated, the reserve among it."""
        return self.month.worst.change

    @property
    def without(self) -> int:
        """The lowest balance if nothing is bought."""
        return self.month.worst.balance

    @property
    def words(self) -> list[str]:
        """What happens in it; of very much only the beginning."""
        return [happening.words for happening in self.happenings[:WORDS]]

    @property
    def untold(self) -> int:
        """How much more happens."""
        return len(self.happenings[WORDS:])


@dataclass(frozen=True)
class Months:
    """All of a term, for a customer or for a visitor of whom nothing is known."""

    customer: Customer | None
    draft: Draft
    prices: PriceList
    position: Position
    course: Course
    advice: Advice

    @cached_property
    def happenings(self) -> list[Happening]:
        """All that is known to happen within the term, in time order."""
        ids = {pk for step in self.position.ahead for pk in totals(step, "valid")}
        known = license_labels(self.customer, ids) if self.customer and ids else {}
        return Happenings(
            draft=self.draft,
            prices=self.prices,
            course=self.course,
            advice=self.advice,
            ahead=self.position.ahead,
            licenses=known,
            held=dict(self.position.by_license),
        ).all

    @cached_property
    def rows(self) -> list[MonthRow]:
        """The term by calendar months."""
        months = self.course.months
        ends = [*(month.begins_at for month in months[1:]), self.course.ends_at]
        found = []
        left = list(self.happenings)
        before = self.course.moments[0]
        for month, end in zip(months, ends, strict=True):
            told = [happening for happening in left if happening.at < end]
            left = left[len(told) :]
            own = month.moments
            carried = () if own and own[0].at == month.begins_at else (before,)
            balances = [moment.balance + self._bought(moment, month) for moment in (*carried, *own)]
            before = own[-1] if own else before
            found.append(MonthRow(month, min(balances), self._bought(before, month), tuple(told)))
        return found

    def _bought(self, moment: Moment, month: Month) -> int:
        """What of the advice is valid at a moment, or where it is carried into a month."""
        return self.advice.bought_by(max(moment.at, month.begins_at))

    @cached_property
    def chart(self) -> svg.StepChart:
        """The same figures as steps."""
        begins, ends = self.course.begins_at, self.course.ends_at
        return svg.step_chart(
            self.series,
            start=begins,
            now=begins,
            end=ends,
            marks=self._marks(),
            label=_("Credits over the term, from %(start)s to %(end)s")
            % {"start": day_words(begins), "end": last_day_words(ends)},
            today=_("today"),
            write=grouped,
        )

    @cached_property
    def series(self) -> list[svg.Series]:
        """The lines of the drawing, which are named above it where there is no room in it."""
        return list(self._series())

    def _series(self) -> Iterator[svg.Series]:
        """What is valid, with and without what is to be bought, and what must be held under it."""
        moments = self.course.moments
        if self.customer:
            valid = [(moment.at, moment.figure.valid) for moment in moments]
            yield svg.Series(_("valid"), "valid", thinned(valid))
        if self.advice.buys:
            bought = [(moment.at, self._valid_with(moment)) for moment in moments]
            yield svg.Series(_("valid once bought"), "bought", thinned(bought))
        needed = [(moment.at, moment.figure.allocated + moment.change) for moment in moments]
        name = _("allocated with this estimate") if self.customer else _("level to hold")
        yield svg.Series(name, "allocated", thinned(needed))

    def _valid_with(self, moment: Moment) -> int:
        return moment.figure.valid + self.advice.bought_by(moment.at)

    def _marks(self) -> list[svg.Mark]:
        """Where buys begin, licenses end, rates change and lines start: a mark an instant."""
        moments = {moment.at: moment for moment in self.course.moments}
        found = []
        for at, group in groupby(self.happenings, key=lambda happening: happening.at):
            told = sorted(filter(self._is_marked, group), key=importance)
            if told and at in moments:
                found.append((importance(told[0]), self._mark(moments[at], told)))
        found.sort(key=lambda one: one[0])
        return [mark for _importance, mark in found[:MARKS]]

    def _is_marked(self, happening: Happening) -> bool:
        """Whether it is worth a place in the drawing: growth asks for very small buys."""
        if happening.kind == BUY:
            return happening.credits * WORTH >= self.advice.credits
        return happening.kind in IMPORTANCE

    def _mark(self, moment: Moment, told: list[Happening]) -> svg.Mark:
        first = told[0]
        others = [one.label for one in told[1:] if one.kind != first.kind][:1]
        is_needed = first.kind in (RATE, LINE)
        value = moment.figure.allocated + moment.change if is_needed else self._valid_with(moment)
        text = ", ".join([first.label, *others])
        return svg.Mark(moment.at, value, text, "warn" if first.kind == BUY else "")


def importance(happening: Happening) -> tuple[int, int]:
    """What is marked first: buys, then licenses, each the largest first."""
    return IMPORTANCE[happening.kind], -happening.credits


def thinned(points: list[tuple[datetime, int]]) -> list[tuple[datetime, int]]:
    """A level where it begins and where it changes."""
    changes = [after for before, after in pairwise(points) if after[1] != before[1]]
    return [*points[:1], *changes]
