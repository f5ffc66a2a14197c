"""Which license an order is likely to renew, for how long, and how it joins the one before."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from billing.domain.order_effect import is_renewed
from billing.domain.orders import MAX_ORDER_NUMBER
from billing.models import WITHDRAWN_STATES, Purchase, PurchaseLine
from credits import clock
from credits.domain.figures import Position
from credits.domain.terms import YEAR, last_day
from credits.models import Customer, License

LAPSED = timedelta(days=90)
"""A license that ended longer ago is not renewed: what follows is a new one."""

LONGEST = 120
"""Months of the longest term that is recognized as one of whole months."""

RENEWED = re.compile(r"(?P<order>.+)-R(?P<count>[0-9]{1,3})", re.IGNORECASE)


@dataclass(frozen=True)
class LikelyLine:
    """What an order most likely asks for, to begin its form with."""

    first_day: date
    credits: int | None = None
    renews: License | None = None
    months: int = YEAR

    def last_day(self, anchor: Anchor | None = None) -> date:
        """The last day it leads to, from the anchor of its chain where it joins that."""
        if anchor is not None and anchor.next_day == self.first_day:
            return anchor.last_day(self.months)
        return last_day(self.first_day, self.months)


@dataclass(frozen=True)
class Anchor:
    """From where the terms of a chain of renewals are counted: its first day, and months since.

    `months` lead from `first_day` to the end of the chain's last license, `term` is that one's
    own length. A renewal is counted from here, never from the end before: of monthly terms from
    31 Jan the second ends on 30 Mar, of yearly ones from 29 Feb 2024 the fourth on 28 Feb 2028.
    """

    first_day: date
    months: int
    term: int

    @property
    def next_day(self) -> date:
        """The day after the chain's last, on which the renewal starts."""
        return last_day(self.first_day, self.months) + timedelta(days=1)

    def last_day(self, months: int) -> date:
        """The last day of a renewal of so many months that starts on `next_day`."""
        return last_day(self.first_day, self.months + months)


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


def likely_line(
    position: Position,
    licenses: Sequence[License],
    anchors: Mapping[int, Anchor] = MappingProxyType({}),
) -> LikelyLine:
    """The renewal of what ends next if a shortage follows, of what has lapsed, else from today."""
    open_ones = renewable(licenses)
    coming = [license for license in open_ones if license.ends_at > position.at]
    if position.figure.balance < 0:
        lapsed = [license for license in open_ones if license.ends_at <= position.at]
        if lapsed:
            return renewal_of(lapsed[-1], position, anchors.get(lapsed[-1].pk))
    elif coming and position.figure_at(coming[0].ends_at).balance < 0:
        return renewal_of(coming[0], position, anchors.get(coming[0].pk))
    return LikelyLine(clock.day_of(position.at))


def renewal_of(license: License, position: Position, anchor: Anchor | None = None) -> LikelyLine:
    """As many credits again for as long again, from the old end on; after a lapse from today."""
    return renewal_from(license, clock.day_of(position.at), anchor)


def renewal_from(license: License, today: date, anchor: Anchor | None = None) -> LikelyLine:
    """The same on a UTC day."""
    first_day = max(clock.day_of(license.ends_at), today)
    months = anchor.term if anchor else YEAR
    return LikelyLine(first_day, license.credits, license, months)


def ending_together(license: License, licenses: Sequence[License]) -> list[License]:
    """Of those that can be renewed, the ones that end when this one does, itself leading."""
    others = [one for one in licenses if one.ends_at == license.ends_at and one.pk != license.pk]
    return [license, *others]


def anchors_of(customer: Customer, licenses: Sequence[License]) -> dict[int, Anchor]:
    """By license, the anchor its renewal is counted from; of terms of whole months.

    One query more where any of them is a renewal itself.
    """
    known = {license.pk: license for license in licenses}
    if any(license.renews_id for license in licenses):
        earlier = License.objects.filter(customer=customer, renewal__isnull=False)
        known |= {license.pk: license for license in earlier}
    found = {license.pk: anchor_of(license, known) for license in licenses}
    return {pk: anchor for pk, anchor in found.items() if anchor is not None}


def anchor_of(license: License, known: Mapping[int, License]) -> Anchor | None:
    """The anchor of the chain that a license ends, as far back as the terms join."""
    chain = [license]
    while (before := known.get(chain[0].renews_id or 0)) and joins(before, chain[0]):
        chain.insert(0, before)
    for place in range(len(chain)):
        if anchor := counted_from(clock.day_of(chain[place].starts_at), license):
            return anchor
    return None


def joins(before: License, after: License) -> bool:
    """Whether one starts where the one it renews stops."""
    return before.ends_at == after.starts_at


def counted_from(first_day: date, license: License) -> Anchor | None:
    """The months from a day to a license's two ends, where both are whole months away."""
    starts, ends = clock.day_of(license.starts_at), clock.day_of(license.ends_at)
    begun, over = months_to(first_day, starts), months_to(first_day, ends)
    if begun is None or over is None or not 0 < over - begun <= LONGEST:
        return None
    return Anchor(first_day, over, over - begun)


def months_to(first_day: date, next_day: date) -> int | None:
    """How many months a term from a day has if the next one starts on another; None if broken."""
    if next_day == first_day:
        return 0
    about = (next_day.year - first_day.year) * YEAR + next_day.month - first_day.month
    for months in (about - 1, about, about + 1):
        if months > 0 and last_day(first_day, months) + timedelta(days=1) == next_day:
            return months
    return None


def renewal_number(license: License) -> str:
    """The order number proposed for a renewal: SO-7-R1, then SO-7-R2; free in its channel.

    Empty where no order brought the license.
    """
    line = PurchaseLine.objects.filter(license=license).select_related("purchase").first()
    if line is None:
        return ""
    number = line.purchase.order_number
    renewed = RENEWED.fullmatch(number)
    stem, count = (renewed["order"], int(renewed["count"])) if renewed else (number, 0)
    stem = stem[: MAX_ORDER_NUMBER - 5]
    standing = Purchase.objects.exclude(state__in=WITHDRAWN_STATES)
    taken = standing.filter(channel=line.purchase.channel, order_number__istartswith=f"{stem}-R")
    used = {one.lower() for one in taken.values_list("order_number", flat=True)}
    proposals = (f"{stem}-R{n}" for n in range(count + 1, count + len(used) + 2))
    return next(one for one in proposals if one.lower() not in used)


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
