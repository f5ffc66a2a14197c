"""Whether a change that a buyer asks for at the marketplace can be accepted.

Rules: docs/rules.md#marketplaces.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from billing.domain.marketplaces.providers import Item
from billing.models import MarketplaceOffer
from credits.domain.licenses import MAX_CREDITS


def why_refused(marketplace: str, product: str, item: Item) -> str:
    """Why a plan or its units cannot be had; "" if they can.

    Refused is a plan of which nobody has said what a unit is worth, and more credits than one
    license may have.
    """
    offer = MarketplaceOffer.objects.filter(
        marketplace=marketplace, product=product, plan=item.plan
    ).first()
    if offer is None:
        return _("The plan %(plan)s is none that we sell.") % {"plan": item.plan}
    if offer.credits * item.units > MAX_CREDITS:
        return _("%(units)d units of the plan %(plan)s are more than we can sell.") % {
            "units": item.units,
            "plan": item.plan,
        }
    return ""
