"""What is kept of an estimate, as JSON and as rows, and what it says when it is read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from credits.domain.pricing import Quantity
from estimator.domain.estimates import Draft
from estimator.domain.plans import Plan, Reserve
from estimator.domain.price_list import PriceList, read_price_list
from estimator.models import Estimate, EstimateVersion

LONGEST_NUMBER = 6
"""Digits of a version's number that are read."""


def plans_stored(draft: Draft) -> dict[str, dict[str, Any]]:
    """How lines change, by feature key, as JSON holds it."""
    return {
        key: {
            "growth": str(plan.growth),
            "starts_on": plan.starts_on.isoformat() if plan.starts_on else "",
            "ramp": plan.ramp,
        }
        for key, plan in draft.plans.items()
    }


def reserve_stored(reserve: Reserve) -> dict[str, Any]:
    """A reserve as JSON holds it."""
    return {"credits": reserve.credits, "percent": str(reserve.percent)}


def drafted(content: Mapping[str, Any]) -> Draft:
    """What a version says, from what was kept of it."""
    reserve = content.get("reserve", {})
    return Draft(
        quantities={key: read(value) for key, value in content["lines"]},
        years=content["years"],
        overlap=content["overlap"],
        plans={
            key: Plan(
                growth=Decimal(plan["growth"]),
                starts_on=date.fromisoformat(plan["starts_on"]) if plan["starts_on"] else None,
                ramp=plan["ramp"],
            )
            for key, plan in content.get("plans", {}).items()
        },
        reserve=Reserve(reserve.get("credits", 0), Decimal(reserve.get("percent", 0))),
    )


@dataclass(frozen=True)
class Frozen:
    """A version as it was saved: what was asked, at the rates as they were known then."""

    version: EstimateVersion
    draft: Draft
    prices: PriceList

    @property
    def name(self) -> str:
        """What the estimate was called then."""
        name: str = self.version.content["name"]
        return name


def frozen(version: EstimateVersion) -> Frozen:
    """A version with its own rates; one query. Its figures never change again."""
    prices = read_price_list(version.saved_at, version.known_at)
    return Frozen(version, drafted(version.content), prices)


def version_numbered(estimate: Estimate, text: str) -> EstimateVersion | None:
    """The version that an address names by its number; None where there is no such one."""
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        return None
    return EstimateVersion.objects.filter(estimate=estimate, number=int(text)).first()


def saved_draft(estimate: Estimate) -> Draft:
    """What a saved estimate says, in the order of its lines."""
    lines = list(estimate.lines.select_related("feature").order_by("position"))
    plans = {
        line.feature.key: Plan(line.growth, line.starts_on, line.ramp_months) for line in lines
    }
    return Draft(
        quantities={line.feature.key: read(line.quantities[line.feature.key]) for line in lines},
        years=estimate.years,
        overlap=estimate.overlap,
        plans={key: plan for key, plan in plans.items() if not plan.is_flat},
        reserve=Reserve(estimate.reserve_credits, estimate.reserve_percent),
    )


def read(value: Any) -> Quantity:
    """A stored quantity as exact decimals."""
    if isinstance(value, dict):
        return {account: Decimal(units) for account, units in value.items()}
    return Decimal(value)
