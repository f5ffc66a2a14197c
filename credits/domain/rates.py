"""Dated rates: entered once for everybody, booked customer by customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Max, Min, QuerySet

from credits.domain.books import Booking, Books, group_bookings
from credits.domain.commands import Asked, Command
from credits.models import Customer, FeatureRate


@dataclass(frozen=True, kw_only=True)
class ApplyRates(Command):
    """The name under which the writer books rates entered since a customer's books knew them.

    Never posted: the writer catches up before any command decides, and `bring_up_to_rates`
    does the same on its own.
    """

    kind: ClassVar[str] = "apply-rates"
    while_parked: ClassVar[bool] = True

    through: int

    def content(self) -> Mapping[str, Any]:
        return {"through": self.through}


def book_rates(books: Books, newest: int) -> tuple[list[Booking], ApplyRates]:
    """What the rates entered since `rates_through` change for a customer, and the command.

    Moves `rates_through` on; from then on the customer's levels follow those rates.
    """
    behind = books.balance.rates_through
    books.balance.rates_through = newest
    entered = FeatureRate.objects.filter(operation_id__gt=behind, operation_id__lte=newest)
    since = groups_since(entered.values_list("feature__group_id", "at"))
    reported = books.customer.reports.filter(group__in=since).order_by()
    bookings = [
        booking
        for group_id, first in reported.values_list("group_id").annotate(first=Min("at"))
        for booking in group_bookings(books, group_id, max(first, since[group_id]))
    ]
    asked = Asked(source="rates", key=f"{books.customer.public_id}/{newest}")
    return bookings, ApplyRates(customer=books.customer, asked=asked, through=newest)


def groups_since(entered: Iterable[tuple[int, datetime]]) -> dict[int, datetime]:
    """Per allocation group the earliest instant at which one of the rates entered starts."""
    since: dict[int, datetime] = {}
    for group_id, at in entered:
        since[group_id] = min(at, since.get(group_id, at))
    return since


def newest_rates() -> int:
    """The newest operation that brought rates; 0 before the first.

    The office enters rates one after the other, so whoever sees it sees all before it.
    """
    return FeatureRate.objects.aggregate(newest=Max("operation_id"))["newest"] or 0


def customers_behind() -> QuerySet[Customer]:
    """Customers whose books do not know the newest rates yet, by id."""
    return Customer.objects.filter(standing__rates_through__lt=newest_rates()).order_by("pk")
