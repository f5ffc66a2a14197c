"""What a marketplace has suspended: it keeps no access open (settings.ACCESS_SUSPENDED).

The credits stay as they are, and so does everything else (docs/rules.md#marketplaces).
"""

from __future__ import annotations

from django.db.models import OuterRef, Q, QuerySet
from django.db.models.expressions import Exists

from billing.models import AgreementPurchase, MarketplaceAgreement
from credits.domain.access_state import Suspended


def suspended_agreements() -> QuerySet[MarketplaceAgreement]:
    """Every linked agreement that is suspended now."""
    return MarketplaceAgreement.objects.filter(suspended_at__isnull=False, customer__isnull=False)


def suspended_orders() -> QuerySet[AgreementPurchase]:
    """The orders of suspended agreements, of the license outside."""
    return AgreementPurchase.objects.filter(
        agreement__suspended_at__isnull=False, purchase__lines__license=OuterRef("pk")
    )


SUSPENDED = Suspended(
    since=suspended_agreements,
    licenses=Q(Exists(suspended_orders())),
    contracts=(Q(marketplace_agreement__suspended_at__isnull=False),),
)
