"""Estimates on their way to a purchase, as tests hand them over and confirm them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from billing.domain.order_changes.cancelling import cancel, cancel_purchase
from billing.domain.orders import Order
from billing.models import Purchase
from credits import clock
from credits.models import Customer, User
from estimator.domain.estimates import Draft
from estimator.domain.hand_over import (
    HandOverEstimate,
    TakeBackEstimate,
    hand_over,
    order_of,
    proposed_number,
    purchase_from_estimate,
    take_back,
    to_buy,
)
from estimator.domain.needs import Basis
from estimator.domain.pipeline import Stage, hand_overs, stage_of
from estimator.domain.saving import Wanted, save_estimate
from estimator.models import Estimate, HandOver
from tests.factories import credits as make

FEATURE = "endpoint-sandbox-submission"
"""7 credits a unit."""


def plan(customer: Customer, user: User, units: int = 100, years: int = 1) -> Estimate:
    """A saved estimate of one feature: 700 credits, if nothing else."""
    draft = Draft({FEATURE: Decimal(units)}, years=years)
    saved = save_estimate(
        customer=customer,
        wanted=Wanted(name="Plan 2027", draft=draft),
        asked=make.asked(actor=user),
    )
    return saved.estimate


def command(estimate: Estimate, actor: User | None, key: str = "", **fields: Any) -> Any:
    """The command of a hand-over with the figures as they are now, but for what is named."""
    basis = fields.pop("basis", Basis.INSTEAD)
    wanted = to_buy(estimate, basis, clock.now())
    found = HandOverEstimate(
        customer=estimate.customer,
        asked=make.asked(key, actor=actor),
        estimate=estimate.public_id,
        version=estimate.version,
        basis=basis,
        credits=wanted.credits,
        first_day=wanted.first_day,
    )
    return replace(found, **fields)


def hand(estimate: Estimate, actor: User | None = None, **fields: Any) -> HandOver:
    """An estimate that was handed over."""
    return hand_over(command(estimate, actor or estimate.created_by, **fields))


def back(estimate: Estimate, actor: User | None, key: str = "") -> None:
    """The customer takes an estimate back."""
    ask = make.asked(key, actor=actor)
    take_back(TakeBackEstimate(customer=estimate.customer, asked=ask, estimate=estimate.public_id))


def order(found: HandOver, number: str = "") -> Order:
    """The order of a hand-over, under the number that is proposed."""
    return order_of(found, number or proposed_number(found), found.first_day)


def confirm(found: HandOver, rep: User, number: str = "", key: str = "") -> Purchase:
    """Sales makes an estimate a purchase."""
    return purchase_from_estimate(found, order(found, number), make.asked(key, actor=rep))


def withdraw(purchase: Purchase) -> None:
    """The order is cancelled."""
    cancel_purchase(purchase, cancel(purchase, make.asked(reason="Entered twice.")))


def stage(found: HandOver) -> Stage:
    """How a hand-over stands by now."""
    return stage_of(hand_overs().get(pk=found.pk))
