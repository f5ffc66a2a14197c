"""The demonstration's people and what happened at each customer, as data.

Days count from the day of the first start: -200 is 200 days before it, +90 lies ahead.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from billing.models import Channel
from credits.models import LicenseKind, Role
from credits.roles import StaffRole


@dataclass(frozen=True)
class Buy:
    """A purchase of one or more licenses: (credits, first day, last day)."""

    day: int
    order: str
    lots: tuple[tuple[int, int, int], ...]
    channel: str = Channel.SALES
    kind: str = LicenseKind.BOUGHT
    price: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Set:
    """A group's quantities from a day on; `on` where its features share one number."""

    day: int
    group: str
    quantities: dict[str, int | dict[str, int]]
    on: tuple[str, ...] = ()
    note: str = ""
    minutes_ago: int = 0


@dataclass(frozen=True)
class Off:
    """A feature is released."""

    day: int
    group: str
    feature: str
    note: str = ""


@dataclass(frozen=True)
class Estimated:
    """A saved estimate: units by feature."""

    name: str
    years: int
    units: dict[str, int]


@dataclass(frozen=True)
class Story:
    """One customer: who may see it and what happened there."""

    slug: str
    name: str
    domain: str
    since: int
    people: tuple[tuple[str, str, str], ...]
    acts: tuple[Buy | Set | Off, ...] = ()
    estimates: tuple[Estimated, ...] = field(default=())


STAFF = (
    ("rina.holm@vendor.example", "Rina Holm", StaffRole.SALES_REP),
    ("milo.sand@vendor.example", "Milo Sand", StaffRole.SALES_MANAGER),
    ("sam.ito@vendor.example", "Sam Ito", StaffRole.SUPPORT),
    ("olga.brandt@vendor.example", "Olga Brandt", StaffRole.OPERATOR),
    ("carlo.reyes@vendor.example", "Carlo Reyes", StaffRole.CATALOGUE_MANAGER),
)
REP = STAFF[0][0]

HALDEN = Story(
    slug="halden-energy",
    name="Halden Energy",
    domain="halden.example",
    since=-380,
    people=(
        ("maria.keller@halden.example", "Maria Keller", Role.ADMIN),
        ("jonas.lind@halden.example", "Jonas Lind", Role.VIEWER),
    ),
    acts=(
        Buy(-372, "SO-117204", ((15_000, -365, 127),), price=45_000, note="Two years, agreed."),
        Buy(-368, "CV-20871", ((7_000, -366, 402),), Channel.CONVERSION, LicenseKind.CONVERTED),
        Set(-362, "email-core", {"email-core": 180}),
        Set(-330, "endpoint-packages", {"endpoint-essentials": 90}),
        Set(-323, "sandbox-daily-reserve", {"sandbox-daily-reserve": 20}),
        Set(-259, "endpoint-packages", {"endpoint-essentials": 120}),
        Set(-208, "sandbox-daily-reserve", {"sandbox-daily-reserve": 50}, note="Audit week."),
        Set(-160, "email-core", {"email-core": 250}),
        Set(-127, "endpoint-packages", {"endpoint-essentials": 160}),
        Buy(-90, "AWS-7714-0932", ((30_000, -84, 280),), Channel.AWS),
        Set(-83, "endpoint-packages", {"endpoint-essentials": 300}, note="Oslo and Bergen."),
        Set(-41, "ztsa-private-access", {"ztsa-private-access": 100}),
        Set(
            -30, "network-virtual-sensor", {"network-virtual-sensor": 400}, note="Trial of a week."
        ),
        Off(-23, "network-virtual-sensor", "network-virtual-sensor", "Trial over."),
        Set(-21, "cloud-risk", {"cloud-risk": {"production": 2_200}}),
        Set(-5, "email-sensor", {"email-sensor": 40}),
        Set(0, "endpoint-packages", {"endpoint-essentials": 310}, minutes_ago=75),
        Set(0, "email-sensor", {"email-sensor": 42}, minutes_ago=20),
    ),
    estimates=(
        Estimated(
            "Plan for next year",
            3,
            {
                "endpoint-essentials": 310,
                "email-core": 250,
                "ztsa-private-access": 100,
                "sandbox-daily-reserve": 80,
            },
        ),
    ),
)

BOREALIS = Story(
    slug="borealis-freight",
    name="Borealis Freight",
    domain="borealis.example",
    since=-410,
    people=(
        ("tessa.vaughn@borealis.example", "Tessa Vaughn", Role.ADMIN),
        ("emil.strand@borealis.example", "Emil Strand", Role.VIEWER),
    ),
    acts=(
        Buy(-402, "SO-115530", ((12_000, -400, -36),), price=30_000),
        Buy(-230, "SO-119002", ((9_000, -225, 140),), price=24_000),
        Set(-398, "endpoint-packages", {"endpoint-core": 110}),
        Set(-300, "email-essentials", {"email-essentials": 60}),
        Set(-221, "endpoint-packages", {"endpoint-core": 110, "endpoint-pro": 18}),
        Set(-120, "network-virtual-sensor", {"network-virtual-sensor": 350}),
        Off(-64, "network-virtual-sensor", "network-virtual-sensor", "Moved to the new site."),
        Set(-50, "email-essentials", {"email-essentials": 85}),
        Set(-12, "email-essentials", {"email-essentials": 96}, note="Depot staff joined."),
    ),
)

MERIDIAN = Story(
    slug="meridian-clinics",
    name="Meridian Clinics",
    domain="meridian.example",
    since=-370,
    people=(("ines.duarte@meridian.example", "Ines Duarte", Role.ADMIN),),
    acts=(
        Buy(-356, "AZ-55120-18", ((26_000, -352, 12),), Channel.AZURE),
        Buy(-20, "SO-121377", ((18_000, 13, 377),), price=52_000, note="Renewal, fewer users."),
        Set(-350, "email-pro", {"email-pro": 140}),
        Set(
            -310,
            "ztsa-internet-ai",
            {"units": 60},
            on=("ztsa-internet-access",),
        ),
        Set(
            -95,
            "ztsa-internet-ai",
            {"units": 72},
            on=("ztsa-internet-access", "ztsa-ai-access"),
            note="AI access for the research group.",
        ),
        Set(-60, "file-security-sdk", {"file-security-sdk": 400_000}),
    ),
)

QUILL = Story(
    slug="quill-and-ember",
    name="Quill & Ember Studio",
    domain="quill.example",
    since=-2,
    people=(("noor.haddad@quill.example", "Noor Haddad", Role.ADMIN),),
)

STORIES = (HALDEN, BOREALIS, MERIDIAN, QUILL)
