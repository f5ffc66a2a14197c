"""Agreements as rows: found, remembered as said last, and numbered by their looks.

A look is one question to the marketplace. It takes its number before it asks; what it was told is
applied only if no later look was (docs/rules.md#marketplaces).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from django.db.models import F

from billing.domain.marketplaces.providers import Item, Truth
from billing.models import AgreementState, MarketplaceAgreement
from credits import clock
from credits.domain.locks import lock_customer

SHORT = 48
"""So many characters of an agreement leave room for what an order number adds to them."""


class Overtaken(Exception):
    """The agreement was linked while its look was under way: look again."""


def agreement_of(marketplace: str, reference: str) -> MarketplaceAgreement:
    """The agreement of a reference; begun at its first mention, and known by nothing else yet."""
    row, _ = MarketplaceAgreement.objects.get_or_create(
        marketplace=marketplace, reference=reference, defaults={"found_at": clock.now()}
    )
    return row


def take_number(agreement: MarketplaceAgreement) -> int:
    """The number of a look that begins now: higher than that of every look before."""
    MarketplaceAgreement.objects.filter(pk=agreement.pk).update(fetched=F("fetched") + 1)
    agreement.refresh_from_db(fields=["fetched"])
    return agreement.fetched


def locked(pk: int) -> MarketplaceAgreement:
    """An agreement with its customer's books, locked until the transaction ends.

    The customer comes first, as everywhere. Raises Overtaken where the agreement was linked
    between the two locks.
    """
    customer = MarketplaceAgreement.objects.values_list("customer_id", flat=True).get(pk=pk)
    if customer is not None:
        lock_customer(customer)
    own = MarketplaceAgreement.objects.select_for_update(no_key=True, of=("self",))
    row = own.select_related("customer", "contract").get(pk=pk)
    if row.customer_id != customer:
        raise Overtaken
    return row


def remember(agreement: MarketplaceAgreement, truth: Truth) -> None:
    """Keep what the marketplace said last. A suspension begins when it is first heard of."""
    agreement.account = truth.account or agreement.account
    agreement.product = truth.product or agreement.product
    agreement.state = truth.state
    agreement.items = plain(truth.items)
    agreement.starts_at = truth.starts_at
    agreement.ends_at = truth.ends_at
    agreement.must_activate = truth.must_activate
    if truth.state != AgreementState.SUSPENDED:
        agreement.suspended_at = None
    elif agreement.suspended_at is None:
        agreement.suspended_at = clock.now()
    agreement.save(
        update_fields=[
            "account",
            "product",
            "state",
            "items",
            "starts_at",
            "ends_at",
            "must_activate",
            "suspended_at",
        ]
    )


def plain(items: Iterable[Item]) -> list[dict[str, Any]]:
    """Plans and units as they are kept: by plan, so that an order of theirs means nothing."""
    return [
        {"plan": item.plan, "units": item.units}
        for item in sorted(items, key=lambda item: (item.plan, item.units))
    ]


def items_of(agreement: MarketplaceAgreement) -> list[Item]:
    """What was said last, plan by plan."""
    return [Item(item["plan"], item["units"]) for item in agreement.items]


def last_said(agreement: MarketplaceAgreement) -> Truth:
    """The truth that was remembered last."""
    return Truth(
        marketplace=agreement.marketplace,
        reference=agreement.reference,
        account=agreement.account,
        product=agreement.product,
        state=agreement.state,
        items=items_of(agreement),
        starts_at=agreement.starts_at,
        ends_at=agreement.ends_at,
        must_activate=agreement.must_activate,
    )


def short(reference: str) -> str:
    """The part of a reference by which people know the agreement, for orders and contracts."""
    last = reference.rsplit(":", 1)[-1].strip()
    if len(last) <= SHORT:
        return last
    digest = hashlib.sha256(reference.encode()).hexdigest()[:16]
    return f"{last[: SHORT - 17]}-{digest}"
