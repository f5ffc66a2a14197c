"""The estimates of a story: saved, handed over, confirmed and shared, each through the domain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from config.demonstration.acts import Estimated, Units
from credits import clock
from credits.domain.commands import Asked
from credits.domain.pricing import Quantities, Quantity
from credits.models import Customer
from estimator.domain.estimates import Draft
from estimator.domain.hand_over import (
    HandOverEstimate,
    hand_over,
    order_of,
    proposed_number,
    purchase_from_estimate,
    standing_hand_over,
    to_buy,
)
from estimator.domain.needs import Basis
from estimator.domain.plans import Plan, month_of
from estimator.domain.saving import Wanted, save_estimate
from estimator.domain.sharing import ShareEstimate
from estimator.domain.sharing import share as share_estimate
from estimator.models import Estimate


def save(
    customer: Customer, estimated: Estimated, asked: Asked, day: Callable[[int], date]
) -> None:
    """An estimate of a story, new; `day` is a UTC day, counted from the day of the first start."""
    later = {key: Plan(starts_on=month_of(day(offset))) for key, offset in estimated.later.items()}
    draft = Draft(
        quantities=quantities(estimated.units),
        years=estimated.years,
        plans={**estimated.plans, **later},
        reserve=estimated.reserve,
    )
    wanted = Wanted(name=estimated.name, draft=draft)
    save_estimate(customer=customer, wanted=wanted, asked=asked)


def hand(customer: Customer, number: int, asked: Asked) -> None:
    """An estimate goes to sales with what its page advises to buy."""
    estimate = numbered(customer, number)
    wanted = to_buy(estimate, Basis.INSTEAD, clock.now())
    hand_over(
        HandOverEstimate(
            customer=customer,
            asked=asked,
            estimate=estimate.public_id,
            version=estimate.version,
            basis=Basis.INSTEAD,
            credits=wanted.credits,
            first_day=wanted.first_day,
        )
    )


def confirm(customer: Customer, number: int, asked: Asked) -> None:
    """Sales enters the order, as it was handed over."""
    waiting = standing_hand_over(numbered(customer, number))
    if waiting is None:
        raise AssertionError("a story hands an estimate over before it is confirmed")
    first_day = max(waiting.first_day, clock.day_of(clock.now()))
    purchase_from_estimate(waiting, order_of(waiting, proposed_number(waiting), first_day), asked)


def share(customer: Customer, number: int, days: int, asked: Asked) -> None:
    """A link to an estimate as it was saved last."""
    estimate = numbered(customer, number)
    share_estimate(
        ShareEstimate(
            customer=customer,
            asked=asked,
            estimate=estimate.public_id,
            version=estimate.version,
            days=days,
        )
    )


def numbered(customer: Customer, number: int) -> Estimate:
    """An estimate of a customer, by its number."""
    found = Estimate.objects.for_customer(customer).select_related("customer")
    return found.get(number=number)


def quantities(units: Units) -> Quantities:
    """A story's numbers as the domain takes them."""
    return {key: exact(value) for key, value in units.items()}


def exact(value: int | Mapping[str, int]) -> Quantity:
    """A story's number as a quantity, by account where it is so."""
    if isinstance(value, Mapping):
        return {account: Decimal(units) for account, units in value.items()}
    return Decimal(value)
