"""What an estimate may say: names, lines, terms, plans and reserves, each refused at its field."""

from __future__ import annotations

from collections.abc import Mapping

from credits.domain.licenses import MAX_CREDITS
from credits.domain.pricing import Quantity
from credits.exceptions import InvalidCommand, RateClosed, UnknownObject
from estimator.domain.estimates import Draft, price_estimate
from estimator.domain.plans import (
    LEAST_GROWTH,
    LONGEST_RAMP,
    MOST_GROWTH,
    MOST_RESERVE,
    Plan,
    Reserve,
)
from estimator.domain.price_list import PriceList
from estimator.models import MAX_NAME, MAX_YEARS

MAX_LINES = 400


def check_estimate(name: str, draft: Draft, prices: PriceList) -> int:
    """Refuse what cannot be saved, at its field. Returns the level to hold (credits)."""
    if not name:
        raise InvalidCommand("Give the estimate a name.", field="name")
    if len(name) > MAX_NAME:
        raise InvalidCommand(
            f"A name has up to {MAX_NAME} characters. You entered {len(name)}.",
            field="name",
        )
    if not 1 <= draft.years <= MAX_YEARS:
        raise InvalidCommand(f"The term is 1 to {MAX_YEARS} years.", field="years")
    check_lines(draft.quantities, prices)
    for key, plan in draft.plans.items():
        check_plan(key, plan)
    check_reserve(draft.reserve)
    level = price_estimate(draft, prices.now, {}).level
    if level > MAX_CREDITS:
        raise InvalidCommand(
            f"An estimate comes to {MAX_CREDITS:,} credits at most. This one comes to {level:,}."
        )
    return level


def check_lines(quantities: Mapping[str, Quantity], prices: PriceList) -> None:
    """Refuse too many lines, and features that are unknown or take no new allocations."""
    if len(quantities) > MAX_LINES:
        raise InvalidCommand(
            f"An estimate has up to {MAX_LINES} lines. You sent {len(quantities):,}."
        )
    for key in quantities:
        check_feature(key, prices)


def check_feature(key: str, prices: PriceList) -> None:
    """Refuse a feature that is not in the catalogue today, or closed."""
    offer = prices.offers.get(key)
    if offer is None:
        raise UnknownObject("There is no such feature in the catalogue.", field=key)
    if not offer.is_open and offer.rate.closes_at is not None:
        raise RateClosed(
            f"{offer.feature.name} takes no new allocations since "
            f"{offer.rate.closes_at:%Y-%m-%d}. Remove this line.",
            field=key,
        )


def check_plan(key: str, plan: Plan) -> None:
    """Refuse a change over the term that cannot be meant, at its line."""
    if not LEAST_GROWTH <= plan.growth <= MOST_GROWTH:
        raise InvalidCommand(
            f"Growth is {LEAST_GROWTH} to {MOST_GROWTH} percent a year. You entered {plan.growth}.",
            field=key,
        )
    if not 0 <= plan.ramp <= LONGEST_RAMP:
        raise InvalidCommand(
            f"A ramp takes up to {LONGEST_RAMP} months. You entered {plan.ramp}.", field=key
        )


def check_reserve(reserve: Reserve) -> None:
    """Refuse a reserve that cannot be meant."""
    if reserve.credits and reserve.percent:
        raise InvalidCommand("A reserve is credits or a percentage, not both.", field="reserve")
    if not 0 <= reserve.percent <= MOST_RESERVE:
        raise InvalidCommand(
            f"A reserve is 0 to {MOST_RESERVE} percent. You entered {reserve.percent}.",
            field="reserve",
        )
    if not 0 <= reserve.credits <= MAX_CREDITS:
        raise InvalidCommand(
            f"A reserve is up to {MAX_CREDITS:,} credits. You entered {reserve.credits:,}.",
            field="reserve",
        )
