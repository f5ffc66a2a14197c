"""Filters that write the lines of a statement in the words of its files."""

from datetime import datetime

from django import template

from credits import clock
from credits.domain.catalogue import Offer
from credits.domain.pricing import Quantity
from estimator.domain import line_words
from estimator.domain.estimates import PricedLine
from estimator.domain.needs import Term
from estimator.domain.plans import Plan, Reserve
from estimator.domain.statement import StatementLine

register = template.Library()


@register.filter
def quantity_words(quantity: Quantity | None, offer: Offer) -> str:
    """Units as they were stated: 100 endpoints."""
    return line_words.quantity_words(quantity, offer.feature)


@register.filter
def plan_words(plan: Plan) -> str:
    """How units change: +10 % a year, from Apr 2027. Nothing where they stay."""
    return line_words.plan_words(plan)


@register.filter
def arithmetic(line: StatementLine) -> str:
    """How credits are counted: 310 x 65."""
    return line_words.arithmetic(line)


@register.filter
def term_words(term: Term) -> str:
    """One product of it: 2,200 → 5 blocks x 1,000."""
    return line_words.term_words(term)


@register.filter
def saving_words(priced: PricedLine) -> str:
    """What a bundle saves against its parts."""
    return line_words.saving_words(priced)


@register.filter
def reserve_words(reserve: Reserve) -> str:
    """How a reserve was stated: 10 % of the lines."""
    return line_words.reserve_words(reserve)


@register.filter
def month(at: datetime) -> str:
    """The UTC month of an instant: Apr 2027."""
    return line_words.month_words(clock.day_of(at))
