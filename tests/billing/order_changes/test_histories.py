"""Any sequence of orders and corrections: the books hold, and equal lots kept by hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest

from billing.models import Purchase
from credits import clock
from credits.domain.figures import figure
from credits.domain.licenses import ExtendLicense
from credits.domain.post import post
from credits.domain.rebuilding import rebuild_projections
from credits.domain.restating import granted_terms
from credits.domain.verify import verify_books
from credits.exceptions import CreditsError
from credits.models import Customer, License
from tests.billing.order_changes.mending import (
    amend,
    cancel_order,
    licenses_of,
    move_to,
    void,
)
from tests.billing.ordering import buy, line, today
from tests.factories import credits as make

DAY = timedelta(days=1)
STEPS = 14


@dataclass(frozen=True)
class Kept:
    """A license as a person would keep it in a notebook; `until` is the first day without."""

    owner: int
    credits: int
    first: date
    until: date
    voided: bool = False

    def held_on(self, day: date) -> int:
        return self.credits if not self.voided and self.first <= day < self.until else 0


class Notebook:
    """Two customers, their orders, and what should be valid by simple bookkeeping."""

    def __init__(self, customers: list[Customer], seed: int) -> None:
        self.chance = random.Random(seed)
        self.customers = customers
        self.lots: dict[int, Kept] = {}
        self.numbers = 0
        self.done: list[str] = []

    def step(self) -> None:
        """One act; what the product refuses, the notebook does not know either."""
        act: Callable[[], None] = self.chance.choice(
            [self.record, self.record, self.amend, self.move, self.void, self.cancel, self.extend]
        )
        before = dict(self.lots)
        try:
            act()
            self.done.append(act.__name__)
        except CreditsError:
            self.lots = before

    def record(self) -> None:
        self.numbers += 1
        customer = self.chance.choice(self.customers)
        lines = [line(*self.lot()) for _ in range(self.chance.randint(1, 3))]
        self.keep(buy(customer, f"SO-{self.numbers}", *lines))

    def lot(self) -> tuple[int, date]:
        return self.chance.randint(1, 900), today() + self.chance.randint(-80, 60) * DAY

    def keep(self, purchase: Purchase) -> None:
        for term in granted_terms(purchase.operation).values():
            assert term.until is not None
            self.lots[term.license_id] = Kept(
                purchase.customer_id, term.credits, term.at.date(), term.until.date()
            )

    def one(self) -> Purchase:
        """An order of those that were entered, whatever became of it."""
        orders = list(Purchase.objects.select_related("customer", "operation").order_by("pk"))
        if not orders:
            raise CreditsError("There is none.")
        return self.chance.choice(orders)

    def license(self, purchase: Purchase) -> License:
        return self.chance.choice(licenses_of(purchase))

    def amend(self) -> None:
        purchase = self.one()
        wanted = {}
        for place, pk in enumerate(granted_terms(purchase.operation)):
            if self.chance.random() < 0.6:
                credits, first = self.lot()
                until = first + self.chance.randint(1, 300) * DAY
                wanted[place] = {
                    "credits": credits,
                    "first_day": first,
                    "last_day": until - DAY,
                }
                self.lots[pk] = replace(self.lots[pk], credits=credits, first=first, until=until)
        lines = [wanted.get(place, {}) for place in range(3)]
        amend(purchase, *lines, order_number=f"{purchase.order_number}a", unusual_confirmed=True)

    def move(self) -> None:
        purchase = self.one()
        other = next(one for one in self.customers if one.pk != purchase.customer_id)
        gone = list(granted_terms(purchase.operation))
        moved = move_to(purchase, other)
        for pk in gone:
            self.lots[pk] = replace(self.lots[pk], credits=0)
        self.keep(moved)

    def void(self) -> None:
        """It ends now, so from today on; or it never was."""
        purchase = self.one()
        license = self.license(purchase)
        never = self.chance.random() < 0.5
        void(purchase, license, never=never)
        kept = self.lots[license.pk]
        self.lots[license.pk] = replace(kept, credits=0) if never else replace(kept, voided=True)

    def cancel(self) -> None:
        purchase = self.one()
        gone = list(granted_terms(purchase.operation))
        cancel_order(purchase)
        for pk in gone:
            self.lots[pk] = replace(self.lots[pk], credits=0)

    def extend(self) -> None:
        license = self.license(self.one())
        until = license.ends_at + self.chance.randint(1, 90) * DAY
        post(
            ExtendLicense(
                customer=license.customer, asked=make.asked(), license=license, ends_at=until
            )
        )
        self.lots[license.pk] = replace(self.lots[license.pk], until=until.date())

    def valid(self, customer: Customer, day: date) -> int:
        return sum(lot.held_on(day) for lot in self.lots.values() if lot.owner == customer.pk)


def check(notebook: Notebook, now: datetime) -> None:
    """From today on the books are the notebook's, and nothing in them is broken."""
    for customer in notebook.customers:
        for days in (0, 1, 20, 61, 120, 250, 400):
            at = now + days * DAY
            read = figure(customer, at=at, known=now + DAY)
            assert read.valid == notebook.valid(customer, clock.day_of(at)), notebook.done
    for customer in notebook.customers:
        assert verify_books(customer) == [], notebook.done
        assert rebuild_projections(customer, dry_run=True) == [], notebook.done


@pytest.mark.parametrize("seed", [3, 17, 91])
def test_any_history_of_orders_equals_lots_kept_by_hand(
    customer: Customer, other_customer: Customer, seed: int
) -> None:
    notebook = Notebook([customer, other_customer], seed)
    for _ in range(STEPS):
        notebook.step()

    assert len(set(notebook.done)) >= 4
    check(notebook, clock.now())


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(100, 140))
def test_many_histories_of_orders_equal_lots_kept_by_hand(
    customer: Customer, other_customer: Customer, seed: int
) -> None:
    notebook = Notebook([customer, other_customer], seed)
    for step in range(3 * STEPS):
        notebook.step()
        if step % STEPS == 0:
            check(notebook, clock.now())
    check(notebook, clock.now())
