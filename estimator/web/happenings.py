"""What happens over the term of an estimate, in words: what is booked, and what it brings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.domain.annual.words import licenses_end, licenses_start, moves_by, rate_goes
from credits import clock
from credits.domain.figures import Step
from credits.domain.in_force import InForce
from credits.models import FeatureRate, Side
from credits.templatetags.figures import credits_text, last_day_text, signed
from estimator.domain.advice import Advice
from estimator.domain.course import Course
from estimator.domain.estimates import Draft
from estimator.domain.plans import month_after, month_of
from estimator.domain.price_list import PriceList

MICROSECOND = timedelta(microseconds=1)

LICENSE, RATE, HELD, LINE, BUY = "license", "rate", "held", "line", "buy"


@dataclass(frozen=True)
class Happening:
    """One thing that happens at an instant."""

    at: datetime
    kind: str
    label: str
    """Its words where there is little room."""
    words: str
    credits: int = 0
    """How much it is about; what matters more is told first."""


@dataclass(frozen=True)
class Happenings:
    """All that is known to happen within a course."""

    draft: Draft
    prices: PriceList
    course: Course
    advice: Advice
    ahead: tuple[Step, ...]
    licenses: dict[int, str]
    """The numbers of licenses by id: L-204."""
    held: dict[int, int]
    """The credits of each license at the beginning, by id."""

    @cached_property
    def all(self) -> list[Happening]:
        """In time order; at one instant what is booked leads."""
        found = chain(self._licenses(), self._rates(), self._held(), self._lines(), self._buys())
        return sorted(found, key=lambda happening: happening.at)

    @property
    def steps(self) -> Iterator[Step]:
        """What is booked ahead within the term."""
        return (step for step in self.ahead if step.at < self.course.ends_at)

    def _licenses(self) -> Iterator[Happening]:
        levels = Counter(self.held)
        for step in self.steps:
            for pk, credits in totals(step, Side.VALID).items():
                levels[pk] += credits
                if credits:
                    yield self._license(pk, credits, levels[pk], step.at)

    def _license(self, pk: int, credits: int, level: int, at: datetime) -> Happening:
        label = self.licenses.get(pk, _("A license"))
        said = moves_by(label, credits)
        if level == 0:
            said = licenses_end([label])
            words = _("%(what)s, last day %(day)s, %(credits)s")
        elif level == credits:
            said = licenses_start([label])
            words = _("%(what)s, %(credits)s")
        else:
            return Happening(at, LICENSE, said, said, abs(credits))
        values = {"what": said, "day": last_day_text(at), "credits": signed(credits)}
        return Happening(at, LICENSE, said, words % values, abs(credits))

    @cached_property
    def rates(self) -> dict[str, InForce[FeatureRate]]:
        """The rates of features that have several, by key."""
        return {
            key: InForce.by_instant(rates)
            for key, rates in self.prices.rates.items()
            if len(rates) > 1
        }

    def _rates(self) -> Iterator[Happening]:
        for key in self.draft.quantities:
            for at in self.rates[key].instants if key in self.rates else ():
                words = self._rate_words(key, at)
                if self.course.begins_at < at < self.course.ends_at and words:
                    yield Happening(at, RATE, words, words)

    def _rate_words(self, key: str, at: datetime) -> str:
        """The rate of a feature goes from one to another; nothing where it stays."""
        if key not in self.rates:
            return ""
        old, new = self.rates[key].at(at - MICROSECOND), self.rates[key].at(at)
        return rate_goes(old, new) if old and new and old != new else ""

    def _held(self) -> Iterator[Happening]:
        """Features that hold more or less from a known day on, whose rate is not told already."""
        for step in self.steps:
            for pk, credits in totals(step, Side.ALLOCATED).items():
                key = self.prices.keys.get(pk, "")
                if not credits or (key in self.draft.quantities and self._rate_words(key, step.at)):
                    continue
                name = self._name(key) if key else _("A feature")
                words = self._rate_words(key, step.at) or moves_by(name, credits)
                yield Happening(step.at, HELD, words, words, abs(credits))

    def _lines(self) -> Iterator[Happening]:
        begins, ends = self.course.begins_at, self.course.ends_at
        for key, plan in self.draft.plans.items():
            first = month_of(plan.starts_on or clock.day_of(begins))
            starts_at = clock.start_of(first)
            if begins < starts_at < ends:
                label = _("%(name)s starts") % {"name": self._name(key)}
                words = label
                if plan.ramp > 1:
                    text = ngettext(
                        "%(what)s, over %(months)d month",
                        "%(what)s, over %(months)d months",
                        plan.ramp,
                    )
                    words = text % {"what": label, "months": plan.ramp}
                yield Happening(starts_at, LINE, label, words)
            whole_at = clock.start_of(month_after(first, plan.ramp - 1)) if plan.ramp > 1 else ends
            if begins < whole_at < ends:
                words = _("all of %(name)s is there") % {"name": self._name(key)}
                yield Happening(whole_at, LINE, words, words)

    def _buys(self) -> Iterator[Happening]:
        for buy in self.advice.buys:
            at = max(self.course.begins_at, clock.start_of(buy.first_day))
            words = _("buy %(credits)s") % {"credits": credits_text(buy.credits)}
            yield Happening(at, BUY, words, words, buy.credits)

    def _name(self, key: str) -> str:
        name: str = self.prices.offers[key].feature.name
        return name


def totals(step: Step, side: str) -> Counter[int]:
    """What a step books of one side, by the id of the license or feature."""
    found: Counter[int] = Counter()
    for entry in step.entries:
        subject = entry.license_id if side == Side.VALID else entry.feature_id
        if entry.side == side and subject is not None:
            found[subject] += entry.credits
    return found
