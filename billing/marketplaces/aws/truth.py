"""What AWS says of one license, from its entitlements and its agreement."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.domain.marketplaces.providers import Item, Truth, Unavailable
from billing.models import AgreementState, Marketplace

logger = logging.getLogger(__name__)

USAGE = "usage"
"""The plan of an agreement that is billed by usage alone: AWS gives it no dimension."""
ENDLESS = 9000
"""AWS writes an end in the year 9999 where there is none."""
ACTIVE = "ACTIVE"


@dataclass(frozen=True)
class Entitled:
    """So many units of a dimension, until an instant; None: without a known end."""

    license_arn: str
    account: str
    dimension: str
    units: int
    ends_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return self.ends_at is None or self.ends_at > now


@dataclass(frozen=True)
class Agreed:
    """An agreement, of whatever AWS says of it."""

    status: str
    starts_at: datetime | None
    ends_at: datetime | None

    @property
    def is_active(self) -> bool:
        return self.status == ACTIVE


def entitled(row: dict[str, Any]) -> Entitled | None:
    """An entitlement as AWS writes it; None where its value is no whole number of units."""
    units = whole(row.get("Value") or {})
    if units is None or not row.get("Dimension"):
        logger.warning("aws_entitlement_without_units dimension=%s", row.get("Dimension", ""))
        return None
    return Entitled(
        license_arn=str(row.get("LicenseArn") or ""),
        account=str(row.get("CustomerAWSAccountId") or ""),
        dimension=str(row["Dimension"]),
        units=units,
        ends_at=known_end(row.get("ExpirationDate")),
    )


def whole(value: dict[str, Any]) -> int | None:
    """The units of a value; None for a text, a fraction or nothing."""
    for kind in ("IntegerValue", "DoubleValue"):
        found = value.get(kind)
        if isinstance(found, int | float) and found >= 0 and found == int(found):
            return int(found)
    return None


def agreed(row: dict[str, Any]) -> Agreed:
    """An agreement as AWS summarizes it."""
    return Agreed(str(row.get("status", "")), row.get("startTime"), known_end(row.get("endTime")))


def known_end(instant: datetime | None) -> datetime | None:
    """An end; None where it stands for none."""
    return None if instant is None or instant.year >= ENDLESS else instant


def newest(found: Iterable[Agreed]) -> Agreed | None:
    """Of the agreements that one license has gone through, the one that counts."""
    ranked = sorted(
        found, key=lambda one: (one.is_active, one.starts_at.timestamp() if one.starts_at else 0.0)
    )
    return ranked[-1] if ranked else None


def licensed(
    reference: str,
    account: str,
    product: str,
    entitlements: Sequence[Entitled],
    agreement: Agreed | None,
    now: datetime,
) -> Truth:
    """What holds of a license now.

    Valid entitlements: active. None, under an agreement that is active: billed by usage if it has
    no end, else not provided yet, which changes nothing. None at all: ended.
    """
    valid = [one for one in entitlements if one.is_valid(now)]
    ends = [one.ends_at for one in valid if one.ends_at is not None]
    state, items, ends_at = AgreementState.ACTIVE, summed(valid), max(ends, default=None)
    if not valid and agreement is not None and agreement.is_active:
        ends_at = agreement.ends_at
        if ends_at is None:
            items = [Item(USAGE, 1)]
        else:
            state = AgreementState.PENDING
    elif not valid:
        state = AgreementState.ENDED
        past = [one.ends_at for one in entitlements if one.ends_at is not None]
        ends_at = agreement.ends_at if agreement else max(past, default=None)
    elif ends_at is None and agreement is not None:
        ends_at = agreement.ends_at
    return Truth(
        marketplace=Marketplace.AWS,
        reference=reference,
        account=account,
        product=product,
        state=state,
        items=items,
        starts_at=agreement.starts_at if agreement else None,
        ends_at=ends_at,
    )


def summed(valid: Iterable[Entitled]) -> list[Item]:
    """Units by dimension."""
    units: dict[str, int] = defaultdict(int)
    for one in valid:
        units[one.dimension] += one.units
    return [Item(dimension, total) for dimension, total in sorted(units.items())]


def one_account(entitlements: Sequence[Entitled], asked: str) -> str:
    """The buyer of a license. Raises Unavailable where AWS contradicts itself."""
    accounts = {one.account for one in entitlements if one.account} or {asked}
    if len(accounts) > 1:
        raise Unavailable("a license with two buyers")
    return accounts.pop()
