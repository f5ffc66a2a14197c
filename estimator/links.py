"""What this app adds to a purchase's page: the estimate it came of (settings.PURCHASE_LINKS)."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.models import Purchase
from billing.web.purchase_links import PurchaseLink
from estimator.domain import pipeline


def of_purchase(purchase: Purchase) -> Sequence[PurchaseLink]:
    """The estimate that was handed over and became the purchase, and what became of it since."""
    found = pipeline.of_purchase(purchase)
    if found is None:
        return ()
    kwargs = {"slug": found.estimate.customer.slug, "public_id": found.estimate.public_id}
    text = _("%(label)s, version %(version)d") % {
        "label": found.estimate.label,
        "version": found.version,
    }
    version = {**kwargs, "number": found.version}
    return [
        PurchaseLink(_("Estimate"), text, reverse("estimator:estimate-edit", kwargs=kwargs)),
        PurchaseLink(
            _("As it was handed over"),
            _("Version %(version)d") % {"version": found.version},
            reverse("estimator:estimate-version", kwargs=version),
        ),
        PurchaseLink(
            _("Estimate to reality"),
            _("What is there now"),
            reverse("estimator:estimate-reality", kwargs=kwargs),
        ),
    ]
