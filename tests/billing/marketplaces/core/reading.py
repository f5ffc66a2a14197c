"""What an agreement has come to, so that two can be compared whose customers differ."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from billing.models import MarketplaceAgreement, PaygContract
from credits import clock
from credits.domain.figures import figure
from credits.models import Customer, LedgerEntry, License, Side


def levels(customer: Customer, since: datetime | None = None) -> dict[str, int]:
    """The valid credits from each instant on at which they change, since one."""
    entries = LedgerEntry.objects.filter(customer=customer, side=Side.VALID)
    level, found = 0, {}
    changes: dict[datetime, int] = {}
    for at, credits in entries.values_list("effective_at", "credits"):
        key = max(at, since) if since else at
        changes[key] = changes.get(key, 0) + credits
    for at in sorted(changes):
        if changes[at]:
            level += changes[at]
            found[f"{at:%Y-%m-%d %H:%M}"] = level
    return found


def orders(customer: Customer) -> list[tuple[Any, ...]]:
    """The licenses of a customer's orders, in the order in which they were bought."""
    licenses = License.objects.filter(customer=customer).order_by("number")
    return [
        (
            license.purchase_line.purchase.order_number.rpartition("/")[2],
            license.credits,
            f"{license.starts_at:%Y-%m-%d}",
            f"{license.ends_at:%Y-%m-%d}",
            license.voided_at is not None,
            license.renews.number if license.renews else None,
        )
        for license in licenses.select_related("renews").prefetch_related("purchase_line__purchase")
    ]


def standing(agreement: MarketplaceAgreement) -> dict[str, Any]:
    """The agreement as it is known."""
    agreement.refresh_from_db()
    return {
        "state": agreement.state,
        "items": agreement.items,
        "ends_at": agreement.ends_at,
        "is_suspended": agreement.suspended_at is not None,
        "problem": agreement.problem,
        "waits": agreement.must_activate,
    }


def valid(customer: Customer, at: datetime | None = None) -> int:
    """The valid credits at an instant, now unless one is given."""
    # What is recorded at one instant follows each other by a microsecond.
    now = clock.now() + timedelta(seconds=1)
    return figure(customer, at=at or now, known=now).valid


def contracts(customer: Customer) -> list[tuple[str, str, str]]:
    """A customer's contracts: agreement, first day, first day without."""
    found = PaygContract.objects.filter(customer=customer).order_by("starts_at")
    return [
        (one.agreement, f"{one.starts_at:%Y-%m-%d}", f"{one.ends_at:%Y-%m-%d}") for one in found
    ]
