"""The lines of the page's tables: a feature, a license, a solution's share."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.domain.annual.sources import purchase_of
from billing.domain.annual.words import (
    quantity_for,
    quantity_words,
    rate_words,
    read_quantities,
)
from billing.models import Purchase
from credits.domain.figures import Position
from credits.domain.pricing import RESERVED, Quantity, total
from credits.models import Feature, FeatureRate, License, Side, Solution

SOON = timedelta(days=90)


@dataclass(frozen=True)
class FeatureLine:
    """One feature that needs credits: what it holds, for how many units, at which rate."""

    rate: FeatureRate
    quantity: Quantity | None
    credits: int
    allocated: int
    since: datetime | None
    is_closed: bool

    @property
    def feature(self) -> Feature:
        return self.rate.feature

    @property
    def solution(self) -> Solution:
        return self.rate.feature.group.solution

    @property
    def name(self) -> str:
        return self.feature.name

    @property
    def solution_name(self) -> str:
        return self.solution.name

    @property
    def model(self) -> str:
        return self.rate.get_model_display()

    @property
    def units(self) -> str:
        """The units credits are held for, in words; a feature that holds none has none here."""
        if self.quantity is None:
            return ""
        words = quantity_words(self.feature, self.quantity)
        if self.rate.model == RESERVED and self.credits:
            return _("%(units)s; the highest of its period is held") % {"units": words}
        return words

    @property
    def units_exact(self) -> Decimal | None:
        """The number of units."""
        return None if self.quantity is None else total(self.quantity)

    @property
    def rate_text(self) -> str:
        return rate_words(self.rate)

    @property
    def share(self) -> float:
        """Percent of all that is allocated."""
        return self.credits / self.allocated * 100 if self.allocated > 0 else 0.0


def feature_lines(
    rates: Sequence[FeatureRate], position: Position, since: Mapping[int, datetime | None]
) -> list[FeatureLine]:
    """Every feature that needs credits at a position, in catalogue order.

    A feature that takes no new allocations stays while it holds credits.
    """
    lines = []
    for rate in rates:
        credits = position.by_feature.get(rate.feature_id, 0)
        is_closed = rate.closes_at is not None and rate.closes_at <= position.at
        if credits == 0 and (is_closed or rate.credits == 0):
            continue
        quantities = read_quantities(rate.quantities)  # type: ignore[attr-defined]
        quantity = quantity_for(rate, quantities) if credits and quantities else None
        lines.append(
            FeatureLine(
                rate=rate,
                quantity=quantity,
                credits=credits,
                allocated=position.figure.allocated,
                since=since.get(rate.feature_id) if credits else None,
                is_closed=is_closed,
            )
        )
    return lines


@dataclass(frozen=True)
class SolutionLine:
    """What one solution's features hold together."""

    solution: Solution
    credits: int
    features: int
    short_name: str


def solution_lines(lines: Iterable[FeatureLine]) -> list[SolutionLine]:
    """Solutions that hold credits, the largest first; short names are as long as they must be."""
    held: dict[int, list[FeatureLine]] = defaultdict(list)
    for line in lines:
        if line.credits:
            held[line.solution.pk].append(line)
    names = [own[0].solution.name for own in held.values()]
    found = [
        SolutionLine(
            solution=own[0].solution,
            credits=sum(line.credits for line in own),
            features=len(own),
            short_name=short_name(own[0].solution.name, names),
        )
        for own in held.values()
    ]
    return sorted(found, key=lambda s: (-s.credits, s.solution.position))


def short_name(name: str, names: Sequence[str]) -> str:
    """The first words of a name that tell it from the others."""
    words = name.split()
    for count in range(1, len(words)):
        start = words[:count]
        if sum(other.split()[:count] == start for other in names) == 1:
            return " ".join(start)
    return name


@dataclass(frozen=True)
class LicenseLine:
    """One license as known at a position: `credits` from `starts_at` to `ends_at`."""

    license: License
    credits: int
    starts_at: datetime
    ends_at: datetime | None
    is_later: bool
    purchase: Purchase | None

    @property
    def label(self) -> str:
        return self.license.label

    def ends_soon(self, at: datetime) -> bool:
        """Whether a valid license ends within 90 days."""
        return not self.is_later and self.ends_at is not None and self.ends_at - at <= SOON


def license_lines(licenses: Iterable[License], position: Position) -> list[LicenseLine]:
    """Licenses that are valid or will be, by expiry, as the ledger has them at a position."""
    ahead: dict[int, Counter[datetime]] = defaultdict(Counter)
    for step in position.ahead:
        for entry in step.entries:
            if entry.side == Side.VALID and entry.license_id is not None:
                ahead[entry.license_id][step.at] += entry.credits
    lines = []
    for license in licenses:
        level = position.by_license.get(license.pk, 0)
        changes = [(at, credits) for at, credits in ahead[license.pk].items() if credits]
        if level > 0:
            lines.append(license_line(license, level, license.starts_at, changes))
        elif changes:
            start, credits = changes[0]
            lines.append(license_line(license, credits, start, changes[1:], is_later=True))
    return sorted(lines, key=lambda line: (line.ends_at or line.starts_at, line.license.number))


def license_line(
    license: License,
    credits: int,
    starts_at: datetime,
    changes: Iterable[tuple[datetime, int]],
    *,
    is_later: bool = False,
) -> LicenseLine:
    """A license whose end is the instant at which nothing of it is left."""
    level, ends_at = credits, None
    for at, change in changes:
        level += change
        ends_at = at if level <= 0 else None
    return LicenseLine(license, credits, starts_at, ends_at, is_later, purchase_of(license))
