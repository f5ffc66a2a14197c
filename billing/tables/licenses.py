"""A customer's licenses as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from billing.domain.desk import SOON
from billing.domain.licenses import LicenseState
from billing.tables.purchases import LastDayColumn
from credits.models import License
from credits.web.tables import BaseTable, CreditsColumn, DayColumn, NameColumn, cell


def standing_of(record: License, table: LicenseTable) -> dict[str, Any]:
    """How a license stands, for its cells. One that ends soon is marked unless it is renewed."""
    renewal = getattr(record, "renewal", None)
    return {
        "now": table.now,
        "state": LicenseState(record.state),  # type: ignore[attr-defined]
        "renewal": renewal,
        "soon": renewal is None and record.ends_at <= table.now + SOON,
    }


class LicenseTable(BaseTable):
    """Licenses, as `licenses_of` reads them, with the days that are left at `now`."""

    number = NameColumn(
        verbose_name=_("License"),
        linkify=(
            "billing:license-detail",
            {"slug": tables.A("customer__slug"), "public_id": tables.A("public_id")},
        ),
        orderable=True,
    )
    credits = CreditsColumn(verbose_name=_("Credits"), orderable=True)
    kind = tables.Column(
        verbose_name=_("Kind"), orderable=True, attrs=cell("muted hide", header="")
    )
    order = tables.Column(
        verbose_name=_("Order number"),
        accessor="purchase_line__purchase__order_number",
        order_by="purchase_line__purchase__order_number",
        linkify=(
            "billing:purchase-detail",
            {
                "slug": tables.A("customer__slug"),
                "public_id": tables.A("purchase_line__purchase__public_id"),
            },
        ),
        orderable=True,
        default="\N{EN DASH}",
    )
    starts_at = DayColumn(
        verbose_name=_("First day"), orderable=True, attrs=cell("nb muted hide", header="nb")
    )
    ends_at = LastDayColumn(verbose_name=_("Last day"), orderable=True)
    left = tables.TemplateColumn(
        template_name="billing/_license_left.html",
        verbose_name=_("Days left"),
        attrs=cell("nb"),
        extra_context=standing_of,
    )
    state = tables.TemplateColumn(
        template_name="billing/_license_state.html",
        verbose_name=_("Status"),
        attrs=cell("nb"),
        orderable=True,
        extra_context=standing_of,
    )

    class Meta:
        sequence = (
            "number",
            "kind",
            "order",
            "starts_at",
            "ends_at",
            "left",
            "state",
            "credits",
        )
        empty_text = _("No license matches.")

    def __init__(self, data: Any, *, now: datetime, **kwargs: Any) -> None:
        self.now = now
        super().__init__(data, **kwargs)

    def render_number(self, record: License) -> str:
        return record.label

    def render_kind(self, record: License) -> str:
        return record.get_kind_display()
