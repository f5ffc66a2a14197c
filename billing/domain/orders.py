"""What an order says, and what is refused about it before anything is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from billing.models import Channel
from credits import clock
from credits.domain.licenses import check_credits
from credits.domain.terms import term
from credits.exceptions import CreditsError, InvalidCommand
from credits.models import License, LicenseKind, User

FAR_BACK = timedelta(days=90)
CURRENCY = re.compile(r"[A-Z]{3}")
MAX_ORDER_NUMBER = 60
MAX_PRICE = Decimal("999999999999.99")
CENT = Decimal("0.01")


class UnusualTerm(CreditsError):
    """A term far in the past, or one that is over: asked about by name before it is entered."""

    code = "unusual-term"


@dataclass(frozen=True, kw_only=True)
class LineOrder:
    """One license as it is ordered: whole credits, first and last day (UTC days, inclusive)."""

    credits: int
    first_day: date
    last_day: date
    kind: str = LicenseKind.BOUGHT
    renews: License | None = None


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is bought. `price` never enters a sum of credits."""

    order_number: str
    channel: str
    lines: Sequence[LineOrder]
    price: Decimal | None = None
    currency: str = ""
    note: str = ""
    settles: UUID | None = None
    """The customer's request that the order was entered for, by its public id."""
    seen_by: User | None = field(default=None, compare=False)
    """Who typed the order and submitted it, where somebody else confirms it."""
    unusual_confirmed: bool = field(default=False, compare=False)
    """Whether a term far in the past, or already over, was meant."""

    @property
    def credits(self) -> int:
        """The sum of its licenses' credits."""
        return sum(line.credits for line in self.lines)


def check_order(order: Order) -> None:
    """Refuse an order that makes no sense in itself, at its field."""
    number = order.order_number.strip()
    if not 1 <= len(number) <= MAX_ORDER_NUMBER or not number.isprintable():
        raise InvalidCommand(
            f"Enter the order number, up to {MAX_ORDER_NUMBER} characters.", field="order_number"
        )
    if order.channel not in Channel.values:
        raise InvalidCommand("Choose the channel the order came through.", field="channel")
    if not order.lines:
        raise InvalidCommand("An order needs at least one license.", field="lines")
    check_lines(order.lines)
    check_price(order.price, order.currency)


def check_lines(lines: Sequence[LineOrder]) -> None:
    """Refuse credits or a term that make no sense, and two renewals of one license."""
    renewed: set[int] = set()
    for place, line in enumerate(lines, start=1):
        try:
            check_credits(line.credits)
            term(line.first_day, line.last_day)
        except InvalidCommand as refusal:
            refusal.field = f"lines.{place}.{refusal.field}"
            raise
        if line.renews is None:
            continue
        if line.renews.pk in renewed or License.objects.filter(renews=line.renews).exists():
            raise already_renewed(line.renews, place)
        renewed.add(line.renews.pk)


def check_price(price: Decimal | None, currency: str) -> None:
    """A price is an amount in cents with its currency, or there is neither."""
    if price is None:
        if currency:
            raise InvalidCommand("Enter the price, or leave the currency empty.", field="price")
        return
    if not price.is_finite() or not 0 <= price <= MAX_PRICE or price != price.quantize(CENT):
        raise InvalidCommand(
            f"The price must be from 0 to {MAX_PRICE:,}, with at most two decimals.", field="price"
        )
    if not CURRENCY.fullmatch(currency):
        raise InvalidCommand("A price needs a currency of three letters.", field="currency")


def refuse_unusual(order: Order) -> None:
    """Ask about a start more than 90 days back or an end already past (docs/rules.md)."""
    if order.unusual_confirmed:
        return
    today = clock.day_of(clock.now())
    for place, line in enumerate(order.lines, start=1):
        if asks := unusual(line.first_day, line.last_day, today):
            name, sentence = asks
            raise UnusualTerm(
                f"{sentence} Confirm that it is meant.", field=f"lines.{place}.{name}"
            )


def unusual(first_day: date, last_day: date, today: date) -> tuple[str, str] | None:
    """The field and the sentence that name what is unusual about a term, if anything is."""
    if last_day < today:
        return "ends", f"This license ended on {last_day:%Y-%m-%d}."
    if first_day < today - FAR_BACK:
        return (
            "starts",
            f"This license starts on {first_day:%Y-%m-%d}, more than {FAR_BACK.days} days back.",
        )
    return None


def already_renewed(license: License, place: int) -> InvalidCommand:
    """The refusal of a second renewal of one license."""
    return InvalidCommand(
        f"{license.label} has a renewal already. Enter this license as a new one.",
        field=f"lines.{place}.renews",
    )
