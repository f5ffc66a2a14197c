"""What people state of their groups: strategies, and the same for the product and the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from credits.domain.pricing import Quantities
from tests.oracle import Units

BUNDLE = "ztsa-internet-ai"
PARTS = ("ztsa-internet-access", "ztsa-ai-access")
PACKAGES = "endpoint-packages"
PACKAGED = ("endpoint-core", "endpoint-essentials", "endpoint-pro", "endpoint-xdr")
WHOLE = (
    "email-core",
    "lab-half",
    "lab-manual",
    "sandbox-daily-reserve",
    "collaboration-sensor",
    "file-security-storage-buckets",
    "endpoint-sap-scanner",
    "endpoint-advanced-protection",
)
MEASURED = ("network-virtual-sensor", "network-sandbox-submission", "lab-line")
RESERVED = ("lab-reservation",)
PACKS = ("file-security-sdk",)
ACCOUNTS = ("cloud-risk",)
RATED = {
    "email-core": "email-core",
    "lab-half": "lab-half",
    "lab-reservation": "lab-reservation",
    "cloud-risk": "cloud-risk",
    "endpoint-pro": PACKAGES,
    "ztsa-internet-ai-bundle": BUNDLE,
}
"""Features that get new rates, and their groups."""
SWITCHABLE = (
    "lab-reservation",
    "file-security-sdk",
    "cloud-risk",
    "file-security-storage-buckets",
    "endpoint-pro",
)
"""Features that may be on pay-as-you-go."""
GROUPS = (*WHOLE, *MEASURED, *RESERVED, *PACKS, *ACCOUNTS, PACKAGES, BUNDLE)
RESTRICTED = frozenset(
    {"endpoint-sap-scanner", "endpoint-advanced-protection", "network-sandbox-submission"}
    | {"network-virtual-sensor", PACKAGES}
)
"""Groups in which a requirement or a closed rate may stand against an act."""


@dataclass(frozen=True)
class Statement:
    """A group's quantities, and which of its features are to be on."""

    group: str
    quantities: Quantities
    on: frozenset[str] | None = None

    @property
    def units(self) -> dict[str, Units]:
        """As the oracle reads them."""
        return {
            key: {account: Fraction(units) for account, units in value.items()}
            if isinstance(value, Mapping)
            else Fraction(value)
            for key, value in self.quantities.items()
        }

    def switched(self) -> dict[str, bool]:
        """Which features the statement says to be on or off; nothing about the others."""
        if self.group == BUNDLE:
            return {part: part in (self.on or ()) for part in PARTS}
        return {
            key: True
            for key, value in self.units.items()
            if (sum(value.values()) if isinstance(value, Mapping) else value) > 0
        }


counts = st.sampled_from((0, 0, 1, 2, 3, 10, 41, 60, 61)).map(Decimal)
measures = st.sampled_from((0, 1, 4, 5, 6, 12, 4999, 5000, 5001, 12_000)).map(
    lambda tenths: Decimal(tenths) / 10
)
volumes = st.sampled_from((0, 0, 1, 2, 3, 14, 15, 40, 41)).map(lambda halves: Decimal(halves) / 2)
resources = st.sampled_from((0, 1, 500, 501, 3500, 3501, 4001, 9000)).map(Decimal)
scans = st.sampled_from((0, 1, 499_999, 500_000, 500_001, 1_200_000)).map(Decimal)


accounts = st.dictionaries(st.sampled_from(("one", "two", "three")), resources, max_size=3)
packages = st.dictionaries(st.sampled_from(PACKAGED), counts, min_size=1, max_size=3)
some_parts = st.frozensets(st.sampled_from(PARTS))


def statement_of(group: str) -> st.SearchStrategy[Statement]:
    """What may be stated of one group."""
    if group == BUNDLE:
        return st.builds(lambda n, on: Statement(group, {"units": n}, on), counts, some_parts)
    if group == PACKAGES:
        return packages.map(lambda units: Statement(group, units))
    number: st.SearchStrategy[Any] = counts
    for groups, units in (
        (MEASURED, measures),
        (RESERVED, volumes),
        (PACKS, scans),
        (ACCOUNTS, accounts),
    ):
        number = units if group in groups else number
    return number.map(lambda units: Statement(group, {group: units}))


def features_of(group: str) -> tuple[str, ...]:
    """The features of a group that a person may switch."""
    return {BUNDLE: PARTS, PACKAGES: PACKAGED}.get(group, (group,))


def group_of(feature: str) -> str:
    """The group of a feature that a person may switch."""
    return PACKAGES if feature in PACKAGED else BUNDLE if feature in PARTS else feature


favorites = st.lists(
    st.sampled_from((BUNDLE, *GROUPS, "lab-half", "lab-line", *RESERVED * 4, *SWITCHABLE[1:4])),
    min_size=1,
    max_size=2,
)
"""An example keeps to a few groups, so that its acts meet each other."""

favorite = st.runner().flatmap(lambda machine: st.sampled_from(machine.favorites))
statements = favorite.flatmap(statement_of)
holders = favorite.flatmap(lambda group: st.sampled_from(features_of(group)))
groups = favorite
rated = st.runner().flatmap(
    lambda machine: st.sampled_from(
        [key for key, group in RATED.items() if group in machine.favorites] or sorted(RATED)
    )
)
switchables = st.runner().flatmap(
    lambda machine: st.sampled_from(
        [key for key in SWITCHABLE if group_of(key) in machine.favorites] or SWITCHABLE
    )
)
