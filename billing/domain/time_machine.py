"""Time machine: a customer's figures at any instant, as known at any instant.

And what Annual credits showed at an instant: the figures at the boundary that was in force then,
as known at it (docs/rules.md#r11 and #r15).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from credits.domain.boundaries import newest_closed, published_by
from credits.domain.figures import Figure, levels, read_now
from credits.models import Balance, Boundary, Customer, Feature, LedgerEntry, License, Side


@dataclass(frozen=True)
class LicenseLevel:
    """What one license gave (credits)."""

    license: License
    credits: int


@dataclass(frozen=True)
class FeatureLevel:
    """What one feature held (credits)."""

    feature: Feature
    credits: int


@dataclass(frozen=True)
class Then:
    """A customer's figures at an instant, as known at an instant, by license and by feature."""

    at: datetime
    known: datetime
    figure: Figure
    licenses: tuple[LicenseLevel, ...]
    """By number."""
    features: tuple[FeatureLevel, ...]
    """The largest first."""


@dataclass(frozen=True)
class Shown:
    """What Annual credits showed at an instant."""

    asked: datetime
    boundary: Boundary | None
    """The boundary in force then; None before the first was closed."""
    is_published: bool
    """Something of the customer was visible at it; else the page showed live figures."""
    then: Then


def present(customer: Customer, *, now: datetime) -> datetime:
    """The instant that "now" is for a customer's figures."""
    balance = Balance.objects.annotate(newest_boundary=newest_closed()).get(customer=customer)
    return read_now(balance, now, balance.newest_boundary)


def then(customer: Customer, *, at: datetime, known: datetime) -> Then:
    """The figures at an instant, as known at an instant, in three queries."""
    found = levels(customer, at=at, known=known)
    by_license = {pk: n for (side, pk), n in found.items() if side == Side.VALID}
    by_feature = {pk: n for (side, pk), n in found.items() if side == Side.ALLOCATED}
    licenses = License.objects.filter(customer=customer).in_bulk(by_license)
    features = Feature.objects.select_related("group__solution").in_bulk(by_feature)
    given = [LicenseLevel(licenses[pk], n) for pk, n in by_license.items()]
    held = [FeatureLevel(features[pk], n) for pk, n in by_feature.items()]
    return Then(
        at=at,
        known=known,
        figure=Figure(sum(by_license.values()), sum(by_feature.values())),
        licenses=tuple(sorted(given, key=lambda level: level.license.number)),
        features=tuple(sorted(held, key=lambda level: (-level.credits, level.feature.name))),
    )


def shown(customer: Customer, asked: datetime) -> Shown:
    """What Annual credits showed at an instant that has passed.

    Where nothing of the customer was published by then, the page showed the live figures.
    """
    boundary = published_by(asked)
    if boundary is not None:
        published = then(customer, at=boundary.at, known=boundary.at)
        if published.licenses or published.features or is_visible(customer, boundary):
            return Shown(asked, boundary, is_published=True, then=published)
    live = then(customer, at=asked, known=asked)
    return Shown(asked, boundary, is_published=False, then=live)


def is_visible(customer: Customer, boundary: Boundary) -> bool:
    """Whether anything of a customer was recorded by a boundary."""
    first = LedgerEntry.objects.filter(customer=customer).order_by("seq").first()
    return first is not None and first.recorded_at <= boundary.at
