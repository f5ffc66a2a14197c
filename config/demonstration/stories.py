"""The demonstration's people and what happened at each customer.

Days count from the day of the first start: -200 is 200 days before it, +90 lies ahead.
"""

from __future__ import annotations

from decimal import Decimal

from billing.models import Channel, RequestCause
from config.demonstration.acts import (
    Answered,
    AsYouGo,
    Buy,
    CodeIssued,
    Contracted,
    Converted,
    Corrected,
    Estimated,
    HandedOver,
    Moved,
    NewRate,
    Off,
    Reported,
    Reporter,
    Requested,
    Saved,
    Set,
    Shared,
    Story,
    Undone,
)
from config.demonstration.beyond import LARKFIELD
from config.demonstration.huge import CORVANE
from credits.models import LicenseKind, Role
from credits.roles import StaffRole
from estimator.domain.plans import Plan, Reserve

STAFF = (
    ("rina.holm@vendor.example", "Rina Holm", StaffRole.SALES_REP),
    ("milo.sand@vendor.example", "Milo Sand", StaffRole.SALES_MANAGER),
    ("sam.ito@vendor.example", "Sam Ito", StaffRole.SUPPORT),
    ("olga.brandt@vendor.example", "Olga Brandt", StaffRole.OPERATOR),
    ("carlo.reyes@vendor.example", "Carlo Reyes", StaffRole.CATALOGUE_MANAGER),
)
REP, SUPPORT, CATALOGUE_MANAGER = STAFF[0][0], STAFF[2][0], STAFF[4][0]

RATES = (
    NewRate(
        -13,
        "email-core",
        27,
        first_day=45,
        source="Price list of next year",
        note="Raised with the next price list, for everybody on the same day.",
    ),
)
"""Touches every customer that holds Core packages of mail."""

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
        Converted(-368, "xdr-endpoint-sensor", 350, -366, 402),
        CodeIssued(-2, "mobile-sensor", 120, months=12),
        Set(-362, "email-core", {"email-core": 180}),
        Set(-330, "endpoint-packages", {"endpoint-essentials": 90}),
        Set(-323, "sandbox-daily-reserve", {"sandbox-daily-reserve": 20}),
        Set(-259, "endpoint-packages", {"endpoint-essentials": 120}),
        Set(-208, "sandbox-daily-reserve", {"sandbox-daily-reserve": 50}, note="Audit week."),
        Set(-160, "email-core", {"email-core": 250}),
        Set(-127, "endpoint-packages", {"endpoint-essentials": 160}),
        Buy(-90, "AWS-7714-0932", ((30_000, -84, 280),), Channel.AWS),
        Set(-83, "endpoint-packages", {"endpoint-essentials": 300}, note="Oslo and Bergen."),
        # A reservation: typed, exceeded by what was reported, and lowered for the next period.
        Set(-78, "xdr-for-cloud", {"xdr-for-cloud": 80}),
        Reporter(-75, "xdr-for-cloud", "Cloud connector"),
        Reported(-74, "xdr-for-cloud", {"xdr-for-cloud": 72}),
        Reported(-61, "xdr-for-cloud", {"xdr-for-cloud": 95}),
        Reported(-47, "xdr-for-cloud", {"xdr-for-cloud": 81}),
        Reporter(-43, "xdr-for-cloud"),
        Set(-41, "ztsa-private-access", {"ztsa-private-access": 100}),
        Set(
            -36, "xdr-for-cloud", {"xdr-for-cloud": 60}, note="Fewer logs are sent from next year."
        ),
        Set(
            -30, "network-virtual-sensor", {"network-virtual-sensor": 400}, note="Trial of a week."
        ),
        Off(-23, "network-virtual-sensor", "network-virtual-sensor", "Trial over."),
        Set(-21, "cloud-risk", {"cloud-risk": {"production": 2_200}}),
        Moved(
            -12,
            "ztsa-private-access",
            20,
            "endpoint-sandbox-submission",
            note="The contractors have left.",
        ),
        Set(-8, "email-sensor", {"email-sensor": 400}),
        Undone(-7, "email-sensor", "One zero too many."),
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
        Estimated(
            "Plan with the two new sites",
            3,
            {
                "endpoint-essentials": 310,
                "email-core": 250,
                "ztsa-private-access": 140,
                "sandbox-daily-reserve": 80,
                "network-virtual-sensor": 450,
            },
            plans={
                "endpoint-essentials": Plan(growth=Decimal(10)),
                "email-core": Plan(growth=Decimal("2.5")),
                "ztsa-private-access": Plan(ramp=6),
            },
            later={"network-virtual-sensor": 220},
            reserve=Reserve(percent=Decimal(10)),
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
        Reporter(-56, "endpoint-packages", "Endpoint inventory"),
        *(
            Reported(day, "endpoint-packages", {"endpoint-core": 110, "endpoint-pro": 18})
            for day in range(-55, -10, 7)
        ),
        Set(-50, "email-essentials", {"email-essentials": 85}),
        Set(-12, "email-essentials", {"email-essentials": 96}, note="Depot staff joined."),
        Corrected(
            -9,
            "endpoint-packages",
            {"endpoint-core": 104, "endpoint-pro": 18},
            reason="Six scanners of the closed depot were still counted.",
        ),
        *(
            Reported(day, "endpoint-packages", {"endpoint-core": 104, "endpoint-pro": 18})
            for day in (-6, -1)
        ),
        Requested(-8, 3_500, 30, RequestCause.MORE, "Ten more people at the depot, in spring."),
        Answered(-5, 1, "An offer for 4,000 credits to the end of your term follows on Monday."),
        Saved(
            -4,
            Estimated(
                "Depot in spring",
                1,
                {"endpoint-core": 104, "endpoint-pro": 18, "email-essentials": 106},
                reserve=Reserve(credits=500),
            ),
        ),
        HandedOver(-3, 1),
        Shared(-3, 1, days=30),
        # Entered ahead: it ends the shortfall on the day it begins.
        Buy(-1, "SO-121842", ((8_000, 30, 394),), price=21_500, note="From the next budget on."),
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
        Requested(
            -22, 18_000, 13, RequestCause.SHORTAGE, "The renewal, with the research group's users."
        ),
        Buy(
            -20,
            "SO-121377",
            ((18_000, 13, 377),),
            price=52_000,
            note="Renewal, fewer users.",
            settles=1,
            renews=1,
        ),
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
        Reporter(-70, "email-pro", "Directory"),
        *(Reported(day, "email-pro", {"email-pro": 140 + day // 9}) for day in range(-69, 0, 4)),
        # This one has fallen silent: its last number goes on counting, and is called stale.
        Reporter(-68, "ztsa-internet-ai", "Access gateway"),
        *(Reported(day, "ztsa-internet-ai", {"units": 72 - day % 5}) for day in range(-67, -5, 6)),
        Set(-60, "file-security-sdk", {"file-security-sdk": 400_000}),
        Contracted(-25, "agmt-4f1c7d20", until=341),
        AsYouGo(-24, "file-security-sdk", note="Scans vary too much to hold credits for."),
    ),
)

QUILL = Story(
    slug="quill-and-ember",
    name="Quill & Ember Studio",
    domain="quill.example",
    since=-2,
    people=(("noor.haddad@quill.example", "Noor Haddad", Role.ADMIN),),
)

# Ten days past the end of its only paid license everything still works, for thirty days in all.
TORVIK = Story(
    slug="torvik-tools",
    name="Torvik Tools",
    domain="torvik.example",
    since=-385,
    people=(
        ("hanne.torvik@torvik.example", "Hanne Torvik", Role.ADMIN),
        ("piet.maas@torvik.example", "Piet Maas", Role.VIEWER),
    ),
    acts=(
        Buy(-376, "SO-116418", ((14_000, -375, -11),), price=36_000),
        Set(-370, "email-core", {"email-core": 120}),
        Set(-366, "endpoint-packages", {"endpoint-core": 140}),
        Set(-202, "sandbox-daily-reserve", {"sandbox-daily-reserve": 25}),
        Set(-118, "endpoint-packages", {"endpoint-core": 152}, note="The new workshop."),
        Set(-57, "email-core", {"email-core": 131}),
        Set(-4, "sandbox-daily-reserve", {"sandbox-daily-reserve": 20}, note="Until we renew."),
        Requested(-3, 12_000, 5, RequestCause.SHORTAGE, "The budget is through, for a year again."),
    ),
)

# Access ended 13 days ago, after the 30 days of grace: its people see only how to renew, and 17
# days are left before anything may be erased. What its system reports is still taken down.
SALTMARSH = Story(
    slug="saltmarsh-press",
    name="Saltmarsh Press",
    domain="saltmarsh.example",
    since=-406,
    people=(
        ("ruth.sayer@saltmarsh.example", "Ruth Sayer", Role.ADMIN),
        ("owen.pryce@saltmarsh.example", "Owen Pryce", Role.VIEWER),
    ),
    acts=(
        Buy(-403, "SO-115488", ((9_000, -400, -44),), price=24_500),
        Set(-399, "email-essentials", {"email-essentials": 74}),
        Set(-381, "endpoint-packages", {"endpoint-core": 88}),
        Set(-240, "sandbox-daily-reserve", {"sandbox-daily-reserve": 15}),
        Reporter(-200, "endpoint-packages", "Endpoint inventory"),
        *(
            Reported(day, "endpoint-packages", {"endpoint-core": 88 - day % 4})
            for day in range(-199, 0, 14)
        ),
        Set(-130, "email-essentials", {"email-essentials": 81}, note="The new imprint."),
        Set(-31, "sandbox-daily-reserve", {"sandbox-daily-reserve": 10}, note="Until we renew."),
    ),
)

# A trial with 25 days left: nothing follows it, so that access ends with it, without grace.
FENWICK = Story(
    slug="fenwick-robotics",
    name="Fenwick Robotics",
    domain="fenwick.example",
    since=-22,
    people=(("lena.fenwick@fenwick.example", "Lena Fenwick", Role.ADMIN),),
    acts=(
        Buy(-21, "SO-121590", ((6_000, -20, 24),), kind=LicenseKind.TRIAL),
        Set(-19, "email-essentials", {"email-essentials": 48}),
        Set(-16, "sandbox-daily-reserve", {"sandbox-daily-reserve": 10}, note="To try it out."),
    ),
)

STORIES = (HALDEN, BOREALIS, MERIDIAN, QUILL, TORVIK, SALTMARSH, FENWICK, LARKFIELD, CORVANE)
