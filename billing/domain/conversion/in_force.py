"""Which terms of a seat license stand, which are in force, and what would renew them."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import QuerySet

from billing.domain.conversion.seats import Seats
from billing.models import Entitlement, EntitlementTerm
from credits import clock
from credits.domain.terms import YEAR, last_day
from credits.models import License


def standing_terms(entitlement: Entitlement) -> QuerySet[EntitlementTerm]:
    """The terms whose licenses were not voided, by their first days."""
    found = EntitlementTerm.objects.filter(entitlement=entitlement, license__voided_at__isnull=True)
    return found.select_related("license", "rate", "entitlement").order_by("starts_at")


def terms_on(entitlement: Entitlement, at: datetime) -> list[EntitlementTerm]:
    """The terms in force at an instant, the one that began first leading."""
    return list(standing_terms(entitlement).filter(starts_at__lte=at, ends_at__gt=at))


def units_on(entitlement: Entitlement, at: datetime) -> int:
    """The units of a seat license at an instant: the sum over its terms in force."""
    return sum(one.units for one in terms_on(entitlement, at))


def renewed_by(entitlement: Entitlement, first_day: date) -> License | None:
    """The license that a term from a day on renews: of what ended last before it, the main one.

    None where that one has a renewal already, which was voided.
    """
    at = clock.start_of(first_day)
    ended = standing_terms(entitlement).filter(ends_at__lte=at).order_by("-ends_at", "starts_at")
    before = ended.first()
    if before is None or License.objects.filter(renews=before.license_id).exists():
        return None
    return before.license


def likely_renewal(entitlement: Entitlement, now: datetime) -> Seats:
    """The renewal that is most likely meant: as many units, from the old end, after a lapse today.

    Of a seat license whose every term was voided: the last of them again, from today.
    """
    terms = list(standing_terms(entitlement)) or list(
        EntitlementTerm.objects.filter(entitlement=entitlement).order_by("starts_at")
    )
    newest = max(terms, key=lambda one: (one.ends_at, -one.starts_at.timestamp()))
    units = sum(one.units for one in terms if one.ends_at == newest.ends_at)
    first_day = max(clock.day_of(newest.ends_at), clock.day_of(now))
    return Seats(
        product=entitlement.product,
        units=units,
        first_day=first_day,
        last_day=last_day(first_day, YEAR),
        kind=entitlement.kind,
    )
