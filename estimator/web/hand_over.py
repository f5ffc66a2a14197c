"""What the templates of a hand-over ask for: the figures, their effect, and how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import ClassVar

from billing.domain.order_effect import Effect, effect_of
from billing.domain.orders import LineOrder
from billing.domain.renewals import licenses_around
from billing.models import Purchase
from billing.web.links import Explain
from credits import clock
from credits.domain.contacts import sales_contacts
from credits.domain.figures import Position, standing
from credits.domain.terms import last_day
from credits.exceptions import CreditsError
from credits.models import License, User
from estimator.domain.hand_over import ToBuy, free_orders, standing_hand_over, to_buy
from estimator.domain.needs import Basis
from estimator.domain.pipeline import Stage, stage_of
from estimator.models import Estimate, HandOver

SHOWN_ORDERS = 5
"""Orders that are offered as those an estimate became."""


@dataclass
class OneLine:
    """One license over whole years, and its effect on the customer's known course.

    It stands where the template of an order's effect expects the form of an order.
    """

    customer_of: Estimate
    now: datetime
    credits: int
    first_day: date
    years: int

    missing: ClassVar[int] = 0
    may_grow: ClassVar[bool] = False

    @property
    def last_day(self) -> date:
        """The last day of the term (UTC, usable to its end)."""
        return last_day(self.first_day, 12 * self.years)

    @property
    def lines(self) -> Sequence[LineOrder]:
        """The order's only license."""
        line = LineOrder(credits=self.credits, first_day=self.first_day, last_day=self.last_day)
        return [line]

    @cached_property
    def position(self) -> Position:
        """Where the customer stands now."""
        return standing(self.customer_of.customer, now=self.now).live

    @cached_property
    def licenses(self) -> Sequence[License]:
        """The licenses that the effect names."""
        return licenses_around(self.customer_of.customer, self.now)

    @cached_property
    def effect(self) -> Effect:
        """The known course with the license."""
        return effect_of(dict(enumerate(self.lines)), self.position, self.licenses)

    @property
    def explain(self) -> Explain:
        """Links to the rows behind the effect's figures."""
        return Explain.of(self.customer_of.customer, self.position)


class Handing:
    """An estimate before it is handed over: what is to be bought, or why it cannot be."""

    def __init__(self, estimate: Estimate, basis: Basis, now: datetime) -> None:
        self.estimate = estimate
        self.basis = basis
        self.now = now
        self.found = standing_hand_over(estimate)
        self.refusal = ""
        self.wanted: ToBuy | None = None
        try:
            self.wanted = to_buy(estimate, basis, now) if self.found is None else None
        except CreditsError as refusal:
            self.refusal = refusal.message

    @cached_property
    def order(self) -> OneLine | None:
        """What is to be bought, as the order it would be."""
        if self.wanted is None:
            return None
        return OneLine(
            self.estimate, self.now, self.wanted.credits, self.wanted.first_day, self.estimate.years
        )

    @property
    def explain(self) -> Explain | None:
        """Links to the rows behind the effect's figures."""
        return self.order.explain if self.order else None

    @cached_property
    def sales(self) -> list[User]:
        """Who gets it by mail."""
        return sales_contacts(self.estimate.customer)

    @property
    def sales_named(self) -> str:
        """The same people, by name and mail address."""
        return ", ".join(f"{person.name} ({person.email})" for person in self.sales)


class Ordering:
    """A hand-over before it becomes a purchase, and as it stands."""

    def __init__(self, found: HandOver, now: datetime) -> None:
        self.found = found
        self.estimate = found.estimate
        self.stage = stage_of(found)
        # What was needed from a day that has passed starts today.
        self.first_day = max(found.first_day, clock.day_of(now))
        self.order = OneLine(found.estimate, now, found.credits, self.first_day, found.years)

    @property
    def waits(self) -> bool:
        """Whether it may become a purchase."""
        return self.stage == Stage.WAITING

    @property
    def is_late(self) -> bool:
        """Whether the day it was needed from has passed."""
        return self.first_day != self.found.first_day

    @property
    def explain(self) -> Explain:
        """Links to the rows behind the effect's figures."""
        return self.order.explain

    @cached_property
    def entered(self) -> Sequence[Purchase]:
        """Orders entered since, of which one may be this estimate's."""
        return list(free_orders(self.found)[:SHOWN_ORDERS]) if self.waits else ()
