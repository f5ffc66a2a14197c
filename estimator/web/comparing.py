"""The page that puts estimates side by side: its columns, its chart, and where one goes from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from billing.domain.annual.words import day_words
from credits.domain.figures import standing
from credits.models import Customer, Feature
from credits.templatetags.figures import grouped
from credits.web import svg
from estimator.domain.advice import Buy
from estimator.domain.comparing import (
    MOST,
    Era,
    Item,
    Scenario,
    Wanted,
    eras,
    rows,
    scenario_of,
    versions_of,
)
from estimator.domain.comparing_words import Sentence, differences, in_all
from estimator.domain.price_list import read_price_list
from estimator.models import Estimate

LETTERS = "ABCD"
SHOWN = 3
"""Buys of one scenario that are told day by day."""

LISTED = 50
"""Estimates to choose from; the others are found on their list."""


@dataclass(frozen=True)
class Column:
    """One scenario with the letter by which the page names it."""

    letter: str
    scenario: Scenario
    url: str
    """The page of what it shows."""
    without_url: str
    """The comparison without it."""

    @property
    def title(self) -> str:
        """Its name, with the version of one that is not the newest."""
        if self.scenario.is_newest:
            return self.scenario.name
        words = {"name": self.scenario.name, "number": self.scenario.version.number}
        return _("%(name)s, version %(number)d") % words

    @property
    def first_buys(self) -> Sequence[Buy]:
        """The first of what must be bought; a line that grows needs more in many months."""
        return self.scenario.advice.buys[:SHOWN]

    @property
    def more_buys(self) -> int:
        """How many times more is bought after those."""
        return max(0, len(self.scenario.advice.buys) - SHOWN)

    @property
    def css(self) -> str:
        """Its color in the chart and beside its name."""
        return f"side-{self.letter.lower()}"


@dataclass(frozen=True)
class Cell:
    """What one scenario has of a feature."""

    letter: str
    item: Item | None
    bundle: str
    """The name of the bundle that holds its credits; empty for most."""


@dataclass(frozen=True)
class Row:
    """One feature in every scenario."""

    feature: Feature
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Against:
    """How one scenario differs from the first."""

    first: Column
    other: Column
    sentences: Sequence[Sentence]

    @property
    def credits(self) -> int:
        """The difference of the levels: the sum of the sentences."""
        return self.other.scenario.priced.level - self.first.scenario.priced.level

    @property
    def credit_years(self) -> int:
        first, other = self.first.scenario, self.other.scenario
        return other.course.credit_years - first.course.credit_years

    @property
    def sum_words(self) -> str:
        return in_all(self.credits)


@dataclass(frozen=True)
class Choice:
    """An estimate of the customer that can be put beside the others."""

    value: str
    label: str
    name: str
    detail: str
    is_chosen: bool


class ComparePage:
    """Up to four scenarios of one customer at one instant."""

    def __init__(self, customer: Customer, wanted: Sequence[Wanted], now: datetime) -> None:
        self.customer = customer
        self.wanted = wanted
        self.now = now

    @cached_property
    def columns(self) -> list[Column]:
        """The scenarios in the order in which they were asked for."""
        versions = versions_of(self.customer, self.wanted)
        if not versions:
            return []
        position = standing(self.customer, now=self.now).live
        today = read_price_list(position.at)
        found = [scenario_of(version, today, position) for version in versions]
        shown = [scenario.wanted for scenario in found]
        return [
            Column(
                letter=letter,
                scenario=scenario,
                url=page_url(scenario),
                without_url=self.url([one for one in shown if one != scenario.wanted]),
            )
            for letter, scenario in zip(LETTERS, found, strict=False)
        ]

    @property
    def scenarios(self) -> list[Scenario]:
        return [column.scenario for column in self.columns]

    @property
    def is_full(self) -> bool:
        return len(self.columns) >= MOST

    @property
    def has_reserve(self) -> bool:
        return any(scenario.priced.reserve for scenario in self.scenarios)

    @property
    def rows(self) -> Iterator[Row]:
        for feature, items in rows(self.scenarios):
            yield Row(
                feature, [self._cell(*pair) for pair in zip(self.columns, items, strict=True)]
            )

    @property
    def against(self) -> Iterator[Against]:
        """Every other scenario against the first."""
        first = self.columns[0]
        for other in self.columns[1:]:
            told = differences(first.scenario.counted, other.scenario.counted)
            yield Against(first, other, told)

    @cached_property
    def eras(self) -> list[Era]:
        return list(eras(self.scenarios))

    @property
    def chart(self) -> svg.StepChart:
        """The levels to hold over the terms, as steps; a level ends with its term."""
        start = min(scenario.course.begins_at for scenario in self.scenarios)
        end = max(scenario.course.ends_at for scenario in self.scenarios)
        words = {"start": day_words(start), "end": day_words(end)}
        return svg.step_chart(
            [series(column, end) for column in self.columns],
            start=start,
            # All of it is an estimate: nothing is drawn as lighter than the rest.
            now=end + timedelta(days=1),
            end=end,
            label=_("Levels to hold from %(start)s to %(end)s") % words,
            write=grouped,
        )

    @property
    def choices(self) -> list[Choice]:
        """The customer's newest estimates, those that are shown first; one query."""
        shown = [choice_of(column.scenario) for column in self.columns]
        there = {column.scenario.wanted for column in self.columns}
        return [
            *shown,
            *(
                Choice(str(estimate.public_id), estimate.label, estimate.name, "", is_chosen=False)
                for estimate in newest(self.customer)
                if Wanted(estimate.public_id) not in there
            ),
        ]

    def url(self, wanted: Sequence[Wanted]) -> str:
        """The address of a comparison."""
        return compare_url(self.customer, wanted)

    def _cell(self, column: Column, item: Item | None) -> Cell:
        bundle = item.priced.bundle if item else ""
        items = column.scenario.counted.items
        return Cell(column.letter, item, items[bundle].feature.name if bundle in items else "")


def series(column: Column, end: datetime) -> svg.Series:
    """A scenario's level over its term."""
    course = column.scenario.course
    points = [(moment.at, moment.level) for moment in course.moments]
    if course.ends_at < end:
        points.append((course.ends_at, 0))
    return svg.Series(column.letter, column.css, points)


def choice_of(scenario: Scenario) -> Choice:
    """A scenario that is shown already."""
    number = {"number": scenario.version.number}
    return Choice(
        value=str(scenario.wanted),
        label=scenario.estimate.label,
        name=scenario.name,
        detail="" if scenario.is_newest else _("version %(number)d") % number,
        is_chosen=True,
    )


def newest(customer: Customer) -> QuerySet[Estimate]:
    """What there is to choose from, the newest first."""
    return Estimate.objects.for_customer(customer).order_by("-updated_at", "-pk")[:LISTED]


def page_url(scenario: Scenario) -> str:
    """The calculator with the newest version, or the page of an older one."""
    estimate = scenario.estimate
    kwargs = {"slug": estimate.customer.slug, "public_id": estimate.public_id}
    if scenario.is_newest:
        return reverse("estimator:estimate-edit", kwargs=kwargs)
    kwargs["number"] = scenario.version.number
    return reverse("estimator:estimate-version", kwargs=kwargs)


def compare_url(customer: Customer, wanted: Sequence[Wanted] = ()) -> str:
    """Where estimates stand side by side."""
    url = reverse("estimator:estimate-compare", kwargs={"slug": customer.slug})
    chosen = urlencode([("e", str(one)) for one in wanted])
    return f"{url}?{chosen}" if chosen else url
