"""The list of a customer's estimates: how each stands, and what a search finds."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from credits.models import Customer
from estimator.domain.pipeline import STAGES, Stage
from estimator.models import Estimate, EstimateLink, HandOver


def listed(customer: Customer, now: datetime) -> QuerySet[Estimate]:
    """A customer's estimates with their `stage` at sales, and whether one `is_shared` now."""
    at_sales = HandOver.objects.filter(estimate=OuterRef("pk"))
    shared = EstimateLink.objects.filter(
        version__estimate=OuterRef("pk"), revoked__isnull=True, expires_at__gt=now
    )
    return (
        Estimate.objects.for_customer(customer)
        .select_related("customer", "updated_by")
        .annotate(
            stage=Case(
                When(Exists(at_sales.filter(STAGES[Stage.WAITING])), then=Value(Stage.WAITING)),
                When(Exists(at_sales.filter(STAGES[Stage.PURCHASED])), then=Value(Stage.PURCHASED)),
                default=Value(""),
            ),
            is_shared=Exists(shared),
        )
    )


def matching(found: QuerySet[Estimate], words: str) -> QuerySet[Estimate]:
    """Those whose name holds what was searched for, or whose number it is."""
    if not words:
        return found
    meant = Q(name__icontains=words)
    number = words.lower().removeprefix("e-")
    if number.isascii() and number.isdigit() and len(number) < 10:
        meant |= Q(number=int(number))
    return found.filter(meant)


def state_words(estimate: Estimate) -> list[str]:
    """How an estimate of the list stands; nothing for one that only its customer knows."""
    said = {Stage.WAITING: _("Waits for sales"), Stage.PURCHASED: _("Purchased")}
    stage: str = estimate.stage  # type: ignore[attr-defined]
    found = [said[Stage(stage)]] if stage else []
    if estimate.is_shared:  # type: ignore[attr-defined]
        found.append(_("Shared"))
    return found
