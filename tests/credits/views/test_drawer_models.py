"""The drawer of every allocation model shows the effect before the act."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from credits.models import Customer, FeatureRate
from tests.credits.views.pages import HTMX, drawer, words
from tests.factories import credits as make

MODELS = {
    "package": ("endpoint-packages", {"q.endpoint-core": "10"}, 450),
    "per_user": ("email-core", {"q.email-core": "10"}, 250),
    "bundle": (
        "ztsa-internet-ai",
        {"units": "10", "on.ztsa-internet-access": "on", "on.ztsa-ai-access": "on"},
        850,
    ),
    "tiered": ("cloud-risk", {"a.cloud-risk.1.name": "lab", "a.cloud-risk.1.units": "501"}, 2_000),
    "throughput_block": ("network-virtual-sensor", {"q.network-virtual-sensor": "501"}, 25_000),
    "usage_reservation": ("xdr-for-cloud", {"q.xdr-for-cloud": "10"}, 360),
    "free": ("collaboration-sensor", {"q.collaboration-sensor": "10"}, 0),
}


def of_model(model: str) -> tuple[str, dict[str, str], int]:
    """A group of a model, something to type, and what it costs: one unit where it is plain."""
    known = MODELS.get(model)
    if known:
        return known
    rate = (
        FeatureRate.objects.filter(model=model, closes_at=None, feature__requires=[])
        .select_related("feature__group")
        .order_by("feature__position", "-at")
        .first()
    )
    assert rate is not None, model
    feature = rate.feature
    return feature.group.key, {f"q.{feature.key}": "1"}, int(rate.credits)


@pytest.mark.parametrize(
    "model",
    [
        "per_unit",
        "per_user",
        "daily_reserve",
        "throughput_block",
        "volume_pack",
        "fixed_per_asset",
        "free",
        "tiered",
        "usage_reservation",
        "package",
        "bundle",
    ],
)
def test_cost_balance_and_first_short_date_before_and_after(
    admin: Client, licensed: Customer, model: str
) -> None:
    make.grant(licensed, 50_000, date(2026, 1, 1), date(2027, 3, 31))
    make.allocate(licensed, "email-sensor", 2_500)
    group, typed, cost = of_model(model)
    sent = drawer(admin, licensed.slug, group)

    response = admin.post(
        sent.action,
        sent.fields | typed | {"act": "preview"},
        headers=HTMX | {"HX-Target": "effect"},
    )

    page = words(response)
    change = f"+{cost:,}" if cost else "0"
    assert response.status_code == 200
    assert f"Allocated 12,500 {12_500 + cost:,} {change}" in page
    assert f"Balance today 52,500 {52_500 - cost:,} {f'-{cost:,}' if cost else '0'}" in page
    assert "First short date 1 Apr 2027" in page
    assert f"{-2_500:,} short {-2_500 - cost:,} short" in page
