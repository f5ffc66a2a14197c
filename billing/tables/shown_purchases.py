"""The purchase history of Annual credits: purchases as known at the boundary."""

from __future__ import annotations

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from billing.domain.annual.orders import PurchaseLine
from billing.tables.purchases import PurchaseTable
from credits.web.tables import cell


class ShownPurchaseTable(PurchaseTable):
    """Purchases whose state is that of their licenses at the boundary."""

    key = "purchase-history"
    page_size = 10
    state = tables.Column(verbose_name=_("State"), attrs=cell("muted nb", header="nb"))

    class Meta:
        sequence = PurchaseTable.Meta.sequence
        empty_text = _("No purchase yet.")

    def value_state(self, record: PurchaseLine) -> str:  # type: ignore[override]
        return record.state
