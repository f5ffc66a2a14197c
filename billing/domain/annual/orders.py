"""Purchases as known at a position: what was ordered, and how it stands there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from billing.domain.annual.lines import LicenseLine
from billing.domain.annual.sources import purchase_of
from billing.models import Purchase
from credits.models import Customer, License


@dataclass(frozen=True)
class PurchaseLine:
    """One order with the credits and the days that were ordered."""

    purchase: Purchase
    customer: Customer
    credits: int
    starts_at: datetime
    ends_at: datetime
    state: str

    @property
    def order_number(self) -> str:
        return self.purchase.order_number

    @property
    def public_id(self) -> UUID:
        return self.purchase.public_id

    @property
    def recorded_at(self) -> datetime:
        return self.purchase.recorded_at

    @property
    def channel(self) -> str:
        return self.purchase.channel

    def get_channel_display(self) -> str:
        """The channel, as people say it."""
        return self.purchase.get_channel_display()


def purchase_lines(
    customer: Customer, licenses: Iterable[License], current: Sequence[LicenseLine], at: datetime
) -> list[PurchaseLine]:
    """Orders with the licenses they granted, newest first."""
    orders: dict[int, tuple[Purchase, list[Any]]] = {}
    for license in licenses:
        purchase = purchase_of(license)
        if purchase is not None and license.ordered_credits is not None:  # type: ignore[attr-defined]
            orders.setdefault(purchase.pk, (purchase, []))[1].append(license)
    lines = [
        PurchaseLine(
            purchase=purchase,
            customer=customer,
            credits=sum(license.ordered_credits for license in granted),
            starts_at=min(license.ordered_from for license in granted),
            ends_at=max(license.ordered_until for license in granted),
            state=state_of(granted, current, at),
        )
        for purchase, granted in orders.values()
    ]
    return sorted(lines, key=lambda line: (line.recorded_at, line.purchase.pk), reverse=True)


def state_of(granted: Sequence[License], current: Sequence[LicenseLine], at: datetime) -> str:
    """How an order stands at an instant, by its licenses."""
    own = {license.pk for license in granted}
    standing = [line for line in current if line.license.pk in own]
    if any(not line.is_later for line in standing):
        return _("valid")
    if standing:
        return _("not started")
    voided = [one for one in granted if one.voided_at is not None and one.voided_at <= at]
    return _("voided") if len(voided) == len(granted) else _("ended")
