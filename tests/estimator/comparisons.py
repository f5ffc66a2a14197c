"""Price lists without a database, and the addresses of versions and of what is compared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse

from credits.domain.catalogue import Offer
from credits.models import AllocationGroup, Customer, Feature, FeatureRate, Solution
from estimator.domain.price_list import PriceList
from estimator.models import Estimate
from tests.estimator.page import NOW
from tests.estimator.priced import open_on, rows_on

ROWS = {key: row for key, row in rows_on().items() if key in set(open_on())}
NONE: Mapping[str, Decimal] = {}


def price_list(dearer: Mapping[str, Decimal] = NONE, at: datetime = NOW) -> PriceList:
    """The rates of the catalogue's file, some of them at other credits."""
    offers = {
        key: Offer(feature, rate_of(feature, dearer, at), is_open=True)
        for key, feature in FEATURES.items()
    }
    return PriceList(at, offers, {key: [offer.rate] for key, offer in offers.items()})


def features() -> dict[str, Feature]:
    """The features of the catalogue's file."""
    groups: dict[str, AllocationGroup] = {}
    found = {}
    for place, (key, row) in enumerate(ROWS.items(), start=1):
        solution = Solution(key=row["solution"], name=row["solution_name"])
        group = AllocationGroup(key=row["group"], name=row["group_name"], solution=solution)
        found[key] = Feature(
            pk=place,
            key=key,
            name=row["feature_name"],
            unit=row["unit"],
            unit_plural=row["unit_plural"],
            group=groups.setdefault(row["group"], group),
        )
    return found


FEATURES = features()


def rate_of(feature: Feature, dearer: Mapping[str, Decimal], at: datetime) -> FeatureRate:
    row = ROWS[feature.key]
    return FeatureRate(
        feature=feature,
        at=at,
        model=row["model"],
        credits=dearer.get(feature.key, Decimal(row["credits"])),
        block=Decimal(row["block"]),
        cap=int(row["cap"]) if row["cap"] else None,
        parts=row["parts"].split(),
    )


def compare_url(customer: Customer, *chosen: Any) -> str:
    """The page that puts these side by side."""
    url = reverse("estimator:estimate-compare", kwargs={"slug": customer.slug})
    return f"{url}?{'&'.join(f'e={one}' for one in chosen)}"


def versions_url(estimate: Estimate) -> str:
    kwargs = {"slug": estimate.customer.slug, "public_id": estimate.public_id}
    return reverse("estimator:estimate-versions", kwargs=kwargs)


def version_url(estimate: Estimate, number: int, query: str = "") -> str:
    kwargs = {
        "slug": estimate.customer.slug,
        "public_id": estimate.public_id,
        "number": number,
    }
    return reverse("estimator:estimate-version", kwargs=kwargs) + query
