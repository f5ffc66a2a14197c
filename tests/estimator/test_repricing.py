"""A version's figures stay to the credit, whatever becomes of rates; what they would be is told."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal as D
from typing import Any, ClassVar

import pytest

from credits import clock
from credits.domain.commands import Decision, OfficeCommand
from credits.domain.post import post_office
from credits.models import Customer, Operation, User
from estimator.domain.contents import frozen
from estimator.domain.estimates import Draft, price_estimate
from estimator.domain.plans import Plan, Reserve
from estimator.domain.price_list import read_price_list
from estimator.domain.repricing import Cause, Repricing, reprice
from estimator.domain.saving import Wanted, save_estimate
from estimator.domain.statement import version_statement
from estimator.models import Estimate, EstimateVersion
from tests.credits.rates.entering import enter
from tests.estimator.page import ESSENTIALS, NOW
from tests.factories import credits as make
from tests.races.racing import race

EMAIL = "email-core"
DAY = timedelta(days=1)
LATER = NOW + 40 * DAY
PLAN = Draft(
    {ESSENTIALS: D(100), EMAIL: D(500), "ztsa-internet-access": D(10), "ztsa-ai-access": D(10)},
    years=2,
    plans={EMAIL: Plan(growth=D(10))},
    reserve=Reserve(percent=D(10)),
)
"""6,500 + 12,500 + 850 of the bundle, and a reserve of 1,985."""


@dataclass(frozen=True, kw_only=True)
class WithdrawRate(OfficeCommand):
    """A rate that was entered by mistake is taken back."""

    kind: ClassVar[str] = "withdraw-rate"

    operation: int

    def content(self) -> dict[str, int]:
        return {"operation": self.operation}

    def decide(self, now: datetime) -> Decision:
        return Decision(withdraws=Operation.objects.get(pk=self.operation))


def save(
    customer: Customer, user: User, draft: Draft = PLAN, estimate: Estimate | None = None
) -> EstimateVersion:
    """Save a draft; the version as it is kept."""
    seen = estimate.version if estimate else None
    wanted = Wanted(name="Plan 2027", draft=draft, estimate=estimate, seen=seen)
    saved = save_estimate(customer=customer, wanted=wanted, asked=make.asked(actor=user))
    return kept(saved.estimate)


def kept(estimate: Estimate) -> EstimateVersion:
    """The newest version, read anew."""
    found = EstimateVersion.objects.select_related("estimate__customer")
    return found.get(estimate=estimate, number=estimate.version)


def told(version: EstimateVersion) -> Any:
    """All figures of a version's statement."""
    statement = version_statement(version)
    lines = [(line.key, line.credits, line.priced.terms) for line in statement.lines]
    moments = [(moment.at, moment.level, moment.reserve) for moment in statement.course.moments]
    return statement.priced.level, statement.priced.reserve, lines, moments


def repriced(version: EstimateVersion, at: datetime) -> Repricing:
    statement = version_statement(version)
    return reprice(statement.draft, statement.prices, read_price_list(at))


def new_rate() -> None:
    enter(date(2026, 12, 20), credits=D(30))


def correction() -> None:
    enter(date(2026, 1, 1), credits=D(24), reason="The price list was wrong.")


def withdrawal() -> None:
    entered = Operation.objects.get(kind="enter-rate", subject__startswith=EMAIL)
    post_office(WithdrawRate(asked=make.asked(), operation=entered.pk))


def closing() -> None:
    enter(date(2026, 12, 20), credits=D(25), valid_to=date(2026, 12, 21))


@pytest.mark.parametrize(
    ("happens", "entered_before", "cause", "level"),
    [
        pytest.param(new_rate, False, Cause.CHANGED, 24_585, id="a new rate"),
        pytest.param(correction, False, Cause.CORRECTED, 21_285, id="a correction backwards"),
        pytest.param(withdrawal, True, Cause.CORRECTED, 21_835, id="a rate withdrawn"),
        pytest.param(closing, False, Cause.CLOSED, 8_085, id="a feature closed"),
    ],
)
def test_a_version_stays_to_the_credit_and_says_what_it_would_be(
    catalogue: None,
    customer: Customer,
    alice: User,
    happens: Callable[[], None],
    entered_before: bool,
    cause: Cause,
    level: int,
) -> None:
    if entered_before:
        enter(date(2026, 11, 1), credits=D(40), reason="Late.")
    version = save(customer, alice)
    before = told(version)

    with clock.moved_to(NOW + DAY):
        happens()

    with clock.moved_to(LATER):
        found = repriced(version, LATER)

        assert told(kept(version.estimate)) == before
    assert found.then.level == version.level
    assert found.now.level == level
    assert found.is_changed
    causes = {row.feature.key: row.cause for row in found.rows}
    assert causes.pop(EMAIL) == cause
    assert set(causes.values()) == {Cause.SAME}
    assert sum(row.then for row in found.rows) + found.then.reserve == version.level
    assert sum(row.now for row in found.rows) + found.now.reserve == level
    assert sum(row.change for row in found.rows) + found.reserve_change == found.change


def test_a_feature_without_any_rate_is_gone_and_nothing_of_it_is_counted(
    catalogue: None, customer: Customer, alice: User
) -> None:
    version = save(customer, alice)
    with clock.moved_to(LATER):
        prices = read_price_list(LATER)
        without = {key: offer for key, offer in prices.offers.items() if key != EMAIL}

        found = reprice(PLAN, frozen(version).prices, type(prices)(LATER, without, prices.rates))

    (row,) = [row for row in found.rows if row.feature.key == EMAIL]
    assert (row.cause, row.then, row.now, row.rate_now) == (Cause.GONE, 12_500, 0, None)


def test_nothing_has_changed_where_no_rate_has(
    catalogue: None, customer: Customer, alice: User
) -> None:
    version = save(customer, alice)

    found = repriced(version, NOW)

    assert not found.is_changed
    assert found.change == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_every_version_prices_to_its_level_after_any_history(
    catalogue: None, customer: Customer, alice: User, seed: int
) -> None:
    chance = random.Random(seed)
    estimate = None
    for step in range(14):
        with clock.moved_to(NOW + step * DAY):
            if chance.random() < 0.5:
                units = {key: D(chance.randint(0, 900)) for key in PLAN.quantities}
                estimate = save(customer, alice, Draft(units), estimate).estimate
            else:
                day = (NOW + chance.randint(-300, 30) * DAY).date()
                enter(day, credits=D(chance.randint(1, 9_999)) / 100, reason="Late.")

    versions = EstimateVersion.objects.filter(estimate=estimate)
    assert len(versions) >= 4
    for version in versions:
        saved = frozen(version)
        assert price_estimate(saved.draft, saved.prices.now, {}).level == version.level


@pytest.mark.django_db(transaction=True)
def test_a_version_saved_while_rates_are_entered_is_one_or_the_other(
    catalogue: None, customer: Customer, alice: User
) -> None:
    """No save prices at one rate and freezes another, nor part of it at each."""
    today = clock.day_of(clock.machine())

    def saving() -> int:
        return save(customer, alice).level

    def entering(credits: int) -> Callable[[], int]:
        def run() -> int:
            enter(today - 30 * DAY, credits=D(credits), reason="Late.")
            return 0

        return run

    answers = race([saving, entering(31), saving, entering(32), saving, saving])

    assert all(isinstance(answer, int) for answer in answers), answers
    versions = list(EstimateVersion.objects.select_related("estimate__customer"))
    assert len(versions) == 4
    for version in versions:
        assert version_statement(version).priced.level == version.level
    possible = {8_085 + 550 * rate for rate in (25, 31, 32)}
    assert {version.level for version in versions} <= possible
