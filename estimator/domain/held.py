"""The units behind what a customer's features hold now, so that nobody types them again."""

from __future__ import annotations

from credits.domain.booking import quantities_of
from credits.domain.figures import Position
from credits.domain.pricing import SHARED, Quantity
from credits.domain.stated_units import reports_in_force
from credits.models import Customer
from estimator.domain.price_list import PriceList


def held_quantities(
    customer: Customer, prices: PriceList, position: Position
) -> dict[str, Quantity]:
    """Units by feature key, of features that hold credits and take allocations; one query."""
    reports = reports_in_force(customer, position.at)
    stated = {group: quantities_of(report) for group, report in reports.items()}
    found: dict[str, Quantity] = {}
    for key, offer in prices.offers.items():
        quantities = stated.get(offer.feature.group_id, {})
        quantity = quantities.get(key, quantities.get(SHARED))
        holds = position.by_feature.get(offer.feature.pk, 0) > 0
        if holds and offer.is_open and quantity is not None:
            found[key] = quantity
    return found
