"""Which license an order is likely to renew, and how its term joins the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from billing.domain.order_effect import is_renewed
from credits import clock
from credits.domain.figures import Position
from credits.models import Customer, License

LAPSED = timedelta(days=90)
"""A license that ended longer ago is not renewed: what follows is a new one."""

YEAR = 12


@dataclass(frozen=True)
class LikelyLine:
    """What an order most likely asks for, to begin its form with."""

    first_day: date
    credits: int | None = None
    renews: License | None = None
    months: int = YEAR


@dataclass(frozen=True)
class Joint:
    """How a first day meets the end of an earlier license: days of gap (below zero: overlap)."""

    license: License
    gap: int
    renews: bool

    @property
    def overlap(self) -> int:
        """Days on which both licenses are valid."""
        return max(0, -self.gap)


def licenses_around(customer: Customer, now: datetime) -> list[License]:
    """The customer's licenses that matter to an order, the one that ends first leading.

    Voided ones and those that ended long ago are left out; each comes with its renewal, if any.
    """
    return list(
        License.objects.filter(customer=customer, voided_at__isnull=True)
        .filter(ends_at__gt=now - LAPSED)
        .select_related("renewal")
        .order_by("ends_at", "number")
    )


def renewable(licenses: Sequence[License]) -> list[License]:
    """Those that no license renews yet."""
    return [license for license in licenses if not is_renewed(license)]


def likely_line(position: Position, licenses: Sequence[License]) -> LikelyLine:
    """The renewal of what ends next if a shortage follows, of what has lapsed, else from today."""
    open_ones = renewable(licenses)
    coming = [license for license in open_ones if license.ends_at > position.at]
    if position.figure.balance < 0:
        lapsed = [license for license in open_ones if license.ends_at <= position.at]
        if lapsed:
            return renewal_of(lapsed[-1], position)
    elif coming and position.figure_at(coming[0].ends_at).balance < 0:
        return renewal_of(coming[0], position)
    return LikelyLine(clock.day_of(position.at))


def renewal_of(license: License, position: Position) -> LikelyLine:
    """As many credits again, from the old end on; after a lapse from today."""
    first_day = max(clock.day_of(license.ends_at), clock.day_of(position.at))
    return LikelyLine(first_day, license.credits, license)


def joint(
    first_day: date | None, renews: License | None, licenses: Sequence[License]
) -> Joint | None:
    """How a term that begins on a day meets the license it renews, or one that ends just then."""
    if first_day is None:
        return None
    ends = [renews] if renews else [x for x in licenses if clock.day_of(x.ends_at) == first_day]
    if not ends:
        return None
    gap = (first_day - clock.day_of(ends[0].ends_at)).days
    return Joint(ends[0], gap, renews is not None)
