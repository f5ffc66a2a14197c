"""An estimate as it is shown apart from the calculator and sent around: the one source of it.

A saved version at its own rates, or what a visitor typed at those of today. The page, the link, the
spreadsheet, the CSV and the quote are drawn from the same statement, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby

from credits.domain.catalogue import Offer
from credits.domain.pricing import Quantity
from estimator.domain.contents import frozen
from estimator.domain.course import Course, Month, course_of, nothing_held
from estimator.domain.estimates import Draft, Priced, PricedLine, price_estimate
from estimator.domain.plans import Plan
from estimator.domain.price_list import PriceList
from estimator.models import EstimateVersion


@dataclass(frozen=True)
class StatementLine:
    """One feature: its units, how they change, and what it comes to."""

    offer: Offer
    quantity: Quantity | None
    """As stated; None for a bundle that only follows from its parts."""
    plan: Plan
    priced: PricedLine
    bundle: str
    """The name of the bundle that holds credits in this line's place; empty for most."""

    @property
    def key(self) -> str:
        key: str = self.offer.feature.key
        return key

    @property
    def credits(self) -> int:
        """Credits it holds; 0 where a bundle holds them."""
        return self.priced.credits


@dataclass(frozen=True)
class Span:
    """Months in a row, in each of which the same is needed."""

    first: Month
    last: Month


@dataclass(frozen=True)
class Statement:
    """What was asked, at the rates of one instant, without anybody's balance."""

    name: str
    label: str
    """The estimate's number, E-57; empty for one that is not saved."""
    version: int
    """0 for one that is not saved."""
    customer: str
    """Whose it is, by name; empty for a visitor."""
    at: datetime
    """When it was saved, or is read; its rates are those in force then."""
    draft: Draft
    prices: PriceList

    @cached_property
    def priced(self) -> Priced:
        return price_estimate(self.draft, self.prices.now, {})

    @cached_property
    def course(self) -> Course:
        """What it needs from month to month, with nothing held and nothing bought."""
        return course_of(self.draft, self.prices, nothing_held(self.prices.at))

    @cached_property
    def lines(self) -> Sequence[StatementLine]:
        """The lines in their order, then bundles that follow from them. Their credits and the
        reserve add up to the level."""
        offers, priced = self.prices.offers, self.priced
        stated = [
            StatementLine(
                offer=offers[key],
                quantity=self.draft.quantities[key],
                plan=self.draft.plan(key),
                priced=line,
                bundle=offers[line.bundle].feature.name if line.bundle else "",
            )
            for key, line in priced.lines.items()
        ]
        followed = [
            StatementLine(offers[line.key], None, self.draft.plan(line.key), line, "")
            for line in priced.bundles
        ]
        return [*stated, *followed]

    @property
    def in_use(self) -> int:
        """Credits that the lines hold, without the reserve."""
        return self.priced.level - self.priced.reserve

    @cached_property
    def spans(self) -> Sequence[Span]:
        """The months of the term, those in a row with the same level together."""
        alike = groupby(self.course.months, key=lambda month: (month.level, month.reserve))
        found = [tuple(months) for _level, months in alike]
        return [Span(months[0], months[-1]) for months in found]

    @property
    def changes(self) -> bool:
        """Whether the level to hold is another one at some time of the term."""
        return any(moment.level != self.priced.level for moment in self.course.moments)


def version_statement(version: EstimateVersion) -> Statement:
    """A saved version as it was saved, whatever became of rates since. Its estimate and customer
    are read with it."""
    saved = frozen(version)
    return Statement(
        name=saved.name,
        label=version.estimate.label,
        version=version.number,
        customer=version.estimate.customer.name,
        at=version.saved_at,
        draft=saved.draft,
        prices=saved.prices,
    )
