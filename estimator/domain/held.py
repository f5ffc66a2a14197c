"""What a customer holds now, named: the units behind it, so that nobody types them again, and the
licenses."""

from __future__ import annotations

from collections.abc import Iterable

from credits.domain.booking import quantities_of
from credits.domain.figures import Position
from credits.domain.pricing import SHARED, Quantity
from credits.domain.stated_units import reports_in_force
from credits.models import Customer, License
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


def license_labels(customer: Customer, ids: Iterable[int]) -> dict[int, str]:
    """The numbers of licenses as people say them, L-204, by id; one query."""
    found = License.objects.filter(customer=customer, pk__in=ids).only("number")
    return {license.pk: license.label for license in found}
