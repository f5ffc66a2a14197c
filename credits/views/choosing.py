"""Which features a person has chosen on the allocate page: some of them, or all that match."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse

from credits import clock
from credits.domain.figures import standing
from credits.domain.holdings import Holding, holdings
from credits.forms.filters import HoldingFilter
from credits.models import Customer
from credits.web.access import CustomerRequest
from credits.web.links import with_state

FEATURE, ALL = "f", "all"
"""What the address carries: one `f` for each feature, or `all` with the filter itself."""


def chosen(request: CustomerRequest) -> list[Holding]:
    """The features that the address names, in catalogue order; unknown ones are left out."""
    rows = all_holdings(request.customer)
    if request.GET.get(ALL):
        return [row for row in HoldingFilter(request.GET, rows).listed() if row.is_choosable]
    return of_keys(rows, request.GET.getlist(FEATURE))


def all_holdings(customer: Customer) -> list[Holding]:
    """What every feature holds now."""
    return holdings(customer, standing(customer, now=clock.now()))


def of_keys(rows: Iterable[Holding], keys: Iterable[str]) -> list[Holding]:
    """The rows of these features."""
    wanted = set(keys)
    return [row for row in rows if row.offer.feature.key in wanted]


def drawer_url(customer: Customer, row: Holding) -> str:
    """The drawer of a feature's group."""
    feature = row.offer.feature
    kwargs = {"slug": customer.slug, "group": feature.group.key}
    own = {} if feature.key == feature.group.key else {"feature": feature.key}
    return with_state(reverse("credits:allocation-edit", kwargs=kwargs), **own)
