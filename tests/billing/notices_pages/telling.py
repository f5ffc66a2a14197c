"""Notices as tests make them: told already, without the job that finds their causes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from billing.models import Notice, NoticeKind
from credits import clock
from credits.models import Customer, License

LOW = {"valid": 52_000, "allocated": 48_450, "level": 10}
LATER = timedelta(hours=1)
"""After whatever the test did before: who has just become a member has not read it."""


def tell(
    customer: Customer,
    kind: str = NoticeKind.LOW_BALANCE,
    *,
    at: datetime | None = None,
    about: License | None = None,
    **facts: Any,
) -> Notice:
    """A notice that was told, by default that less than 10 % is left."""
    told_at = at or clock.now() + LATER
    key = f"test/{customer.pk}/{kind}/{Notice.objects.count()}"
    return Notice.objects.create(
        customer=customer,
        kind=kind,
        key=key,
        facts={**LOW, **facts},
        at=told_at,
        created_at=told_at,
        license=about,
    )


def tell_levels(customer: Customer, levels: Iterable[int]) -> list[Notice]:
    """One notice of a low balance for each level, told in this order."""
    return [tell(customer, level=level) for level in levels]


def ended(license: License) -> Notice:
    """That a license has ended, with nothing short after it."""
    facts: dict[str, Any] = {
        "license": {
            "id": str(license.public_id),
            "label": license.label,
            "credits": license.credits,
            "kind": license.kind,
            "ends_at": license.ends_at.isoformat(),
        },
        "as_of": license.ends_at.isoformat(),
        "valid": 0,
        "allocated": 0,
        "missing": 0,
        "touched": [],
        "touched_more": 0,
        "short": None,
        "renewal": None,
        "renewal_missing": 0,
        "access": None,
    }
    return tell(license.customer, NoticeKind.LICENSE_ENDED, about=license, **facts)


def title(level: int) -> str:
    """What a page says of the notice of a level."""
    return f"has less than {level} % of its valid credits left"
