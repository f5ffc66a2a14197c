"""Dated rates: entered once for everybody, booked customer by customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from credits.domain.books import Booking, Books, group_bookings
from credits.domain.commands import Asked, Command
from credits.models import Balance, Customer, FeatureRate


@dataclass(frozen=True, kw_only=True)
class ApplyRates(Command):
    """The name under which the writer books rates entered since a customer's books knew them.

    Never posted: the writer catches up before any command decides, and `bring_up_to_rates`
    does the same on its own.
    """

    kind: ClassVar[str] = "apply-rates"

    through: int

    def content(self) -> Mapping[str, Any]:
        return {"through": self.through}


def book_rates(books: Books, newest: int) -> tuple[list[Booking], ApplyRates]:
    """What the rates entered since `rates_through` change for a customer, and the command.

    Moves `rates_through` on; from then on the customer's levels follow those rates.
    """
    behind = books.balance.rates_through
    books.balance.rates_through = newest
    since: dict[int, datetime] = {}
    entered = FeatureRate.objects.filter(operation_id__gt=behind, operation_id__lte=newest)
    for group_id, at in entered.values_list("feature__group_id", "at"):
        since[group_id] = min(at, since.get(group_id, at))
    reported = set(books.customer.reports.values_list("group_id", flat=True).distinct())
    bookings = [
        booking
        for group_id, start in since.items()
        if group_id in reported
        for booking in group_bookings(books, group_id, start)
    ]
    asked = Asked(source="rates", key=f"{books.customer.public_id}/{newest}")
    return bookings, ApplyRates(customer=books.customer, asked=asked, through=newest)


def customers_behind() -> list[Customer]:
    """Customers whose books do not know the newest rates yet."""
    newest = FeatureRate.objects.order_by("-operation_id").values_list("operation_id", flat=True)
    through = newest.first() or 0
    behind = Balance.objects.filter(rates_through__lt=through).select_related("customer")
    return [balance.customer for balance in behind.order_by("pk")]
