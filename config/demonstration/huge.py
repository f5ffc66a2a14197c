"""The story of a customer with hundreds of features and dozens of licenses."""

from __future__ import annotations

from config.demonstration.acts import Act, Buy, Reported, Reporter, SetMany, Story, Units
from config.demonstration.offerings import GATEWAYS, REGIONAL, SITES, usual_units
from credits.models import Role

UNITS = ("North", "South", "East", "West", "Shipping", "Retail", "Energy", "Labs", "Care", "Trade")
"""The business units that each order brings a license for."""

CURRENT: dict[str, Units] = {
    "endpoint-packages": {
        "endpoint-core": 420,
        "endpoint-essentials": 260,
        "endpoint-pro": 36,
        "endpoint-xdr": 90,
    },
    "endpoint-sap-scanner": {"endpoint-sap-scanner": 1},
    "endpoint-sandbox-submission": {"endpoint-sandbox-submission": 320},
    "endpoint-data-security": {"endpoint-data-security": 140},
    "email-core": {"email-core": 310},
    "email-essentials": {"email-essentials": 120},
    "email-pro": {"email-pro": 45},
    "email-sensor": {"email-sensor": 475},
    "collaboration-sensor": {"collaboration-sensor": 475},
    "network-virtual-sensor": {"network-virtual-sensor": 480},
    "network-deep-discovery": {"network-deep-discovery": 1},
    "network-tippingpoint": {"network-tippingpoint": 450},
    "network-sandbox-submission": {"network-sandbox-submission": 480},
    "ztsa-private-access": {"ztsa-private-access": 110},
    "ztsa-internet-ai": {"units": 96},
    "ztsa-sandbox": {"ztsa-sandbox": 96},
    "ztsa-static-ip": {"ztsa-static-ip": 256},
    "cyber-risk-core": {"cyber-risk-core": 300},
    "cyber-risk-essentials": {"cyber-risk-essentials": 80},
    "cloud-risk": {"cloud-risk": {"production": 2_300, "staging": 640, "analytics": 410}},
    "sandbox-daily-reserve": {"sandbox-daily-reserve": 60},
    "xdr-for-cloud": {"xdr-for-cloud": 150},
    "file-security-sdk": {"file-security-sdk": 400_000},
    "file-security-appliance": {"file-security-appliance": 300_000},
    "file-security-storage-scans": {"file-security-storage-scans": 650_000},
    "file-security-storage-buckets": {"file-security-storage-buckets": 1},
}
"""What is sold today: every feature of the product's own catalogue that is open."""

ON = ("ztsa-internet-access", "ztsa-ai-access")


def orders() -> tuple[Buy, ...]:
    """Six orders of ten licenses, with credits and terms that differ from unit to unit."""
    return tuple(
        Buy(
            day,
            f"SO-{114_800 + 611 * number}",
            tuple(
                (
                    4_500 + 250 * ((number * 10 + place) * 7 % 23),
                    day + 4,
                    day + 4 + 364 + 30 * (place % 4),
                )
                for place in range(len(UNITS))
            ),
            price=148_000 + 2_500 * number,
            note=f"A license each for {', '.join(UNITS[:-1])} and {UNITS[-1]}.",
        )
        for number, day in enumerate(range(-392, -20, 70))
    )


def allocations() -> tuple[Act, ...]:
    """What was allocated while the offerings were sold, and what was given back since."""
    return (
        SetMany(-385, usual_units(REGIONAL), note="Taken over with the regional contracts."),
        SetMany(-312, usual_units(SITES), note="All sites at once."),
        SetMany(-244, usual_units(GATEWAYS)),
        SetMany(-170, usual_units(REGIONAL, 92)),
        SetMany(-140, CURRENT, on=ON, note="One contract for everything."),
        SetMany(-101, usual_units(SITES, 95), note="Two sites were sold."),
        SetMany(-33, usual_units(GATEWAYS, 90), note="Fewer gateways, as planned."),
    )


def reports() -> tuple[Act, ...]:
    """The inventory reports endpoints every other day."""
    return (
        Reporter(-92, "endpoint-packages", "Endpoint inventory"),
        *(
            Reported(
                day,
                "endpoint-packages",
                {
                    "endpoint-core": 440 + day // 5,
                    "endpoint-essentials": 262 + day % 3,
                    "endpoint-pro": 36,
                    "endpoint-xdr": 90,
                },
            )
            for day in range(-91, 0, 2)
        ),
    )


CORVANE = Story(
    slug="corvane-group",
    name="Corvane Group",
    domain="corvane.example",
    since=-400,
    people=(
        ("adele.fontane@corvane.example", "Adele Fontane", Role.ADMIN),
        ("bruno.hesse@corvane.example", "Bruno Hesse", Role.VIEWER),
    ),
    acts=(*orders(), *allocations(), *reports()),
)
