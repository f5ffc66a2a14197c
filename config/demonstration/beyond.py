"""The story of a customer that bought what it had estimated, and has grown beyond it since."""

from __future__ import annotations

from decimal import Decimal

from config.demonstration.acts import (
    Confirmed,
    Estimated,
    HandedOver,
    Reported,
    Reporter,
    Saved,
    Set,
    Story,
)
from credits.models import Role
from estimator.domain.plans import Plan, Reserve

LARKFIELD = Story(
    slug="larkfield-foods",
    name="Larkfield Foods",
    domain="larkfield.example",
    since=-134,
    people=(
        ("nadia.okafor@larkfield.example", "Nadia Okafor", Role.ADMIN),
        ("tom.ashby@larkfield.example", "Tom Ashby", Role.VIEWER),
    ),
    acts=(
        Saved(
            -132,
            Estimated(
                "First year",
                1,
                {"endpoint-essentials": 100, "email-core": 120, "ztsa-private-access": 16},
                plans={
                    "endpoint-essentials": Plan(growth=Decimal(10)),
                    "email-core": Plan(ramp=6),
                },
                reserve=Reserve(percent=Decimal(5)),
            ),
        ),
        HandedOver(-131, 1),
        Confirmed(-129, 1),
        Set(-127, "endpoint-packages", {"endpoint-essentials": 92}),
        Set(-124, "email-core", {"email-core": 45}),
        Reporter(-119, "endpoint-packages", "Endpoint inventory"),
        *(
            Reported(day, "endpoint-packages", {"endpoint-essentials": 137 + day // 3})
            for day in range(-118, 0, 13)
        ),
        Set(-66, "email-core", {"email-core": 88}),
        Set(-29, "sandbox-daily-reserve", {"sandbox-daily-reserve": 8}, note="For invoices."),
    ),
    estimates=(
        Estimated(
            "With the second bakery",
            2,
            {"endpoint-essentials": 180, "email-core": 150, "sandbox-daily-reserve": 8},
            plans={"endpoint-essentials": Plan(growth=Decimal(8))},
        ),
    ),
)
