"""Purchases as rows: of one customer, and at the sales desk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from billing.domain.purchases import order_state
from billing.models import Purchase
from credits import clock
from credits.templatetags.figures import last_date
from credits.web.tables import (
    BaseTable,
    CreditsColumn,
    DayColumn,
    InstantColumn,
    NameColumn,
    cell,
)

ITS_PAGE = (
    "billing:purchase-detail",
    {"slug": tables.A("customer__slug"), "public_id": tables.A("public_id")},
)


class LastDayColumn(DayColumn):
    """The last day of a term, from the first instant without."""

    def render(self, value: datetime) -> str:
        return last_date(value)

    def value(self, **kwargs: Any) -> Any:
        """Exports carry the last day."""
        return clock.day_of(kwargs["value"] - clock.DAY)


def its_state(record: Purchase, table: PurchaseTable) -> dict[str, Any]:
    """How an order stands, for its cell."""
    return {"state": order_state(record, table.now)}


class PurchaseTable(BaseTable):
    """A customer's purchases, as `purchases_of` reads them, each with how it stands at `now`."""

    key = "purchases"
    is_adjustable = True
    order_number = NameColumn(verbose_name=_("Order number"), linkify=ITS_PAGE, orderable=True)
    channel = tables.Column(verbose_name=_("Channel"), orderable=True, attrs=cell("muted"))
    starts_at = DayColumn(verbose_name=_("First day"), orderable=True)
    ends_at = LastDayColumn(verbose_name=_("Last day"), orderable=True)
    credits = CreditsColumn(verbose_name=_("Credits"), orderable=True)
    state = tables.TemplateColumn(
        template_name="billing/_purchase_state.html",
        verbose_name=_("State"),
        attrs=cell("nb"),
        extra_context=its_state,
    )
    recorded_at = InstantColumn(verbose_name=_("Recorded"), orderable=True)

    class Meta:
        sequence = (
            "order_number",
            "channel",
            "starts_at",
            "ends_at",
            "credits",
            "state",
            "recorded_at",
        )
        empty_text = _("No purchase yet.")

    def __init__(self, data: Any, *, now: datetime, **kwargs: Any) -> None:
        self.now = now
        super().__init__(data, **kwargs)

    def render_channel(self, record: Purchase) -> str:
        return record.get_channel_display()

    def value_state(self, record: Purchase) -> str:
        return str(order_state(record, self.now).label)


class SalesPurchaseTable(PurchaseTable):
    """The purchases of a sales person's customers."""

    key = "purchases"
    default_columns = ("customer", "channel", "term", "credits", "recorded_at", "entered_by")
    file_columns = {"term": ("starts_at", "ends_at", "state")}

    customer = tables.Column(
        verbose_name=_("Customer"),
        accessor="customer__name",
        linkify=("billing:annual-credits", {"slug": tables.A("customer__slug")}),
        orderable=True,
    )
    channel = tables.Column(
        verbose_name=_("Channel"), orderable=True, attrs=cell("muted hide", header="")
    )
    term = tables.TemplateColumn(
        template_name="billing/_purchase_term.html",
        verbose_name=_("Term"),
        order_by="starts_at",
        orderable=True,
        extra_context=its_state,
    )
    recorded_at = DayColumn(verbose_name=_("Recorded"), orderable=True)
    entered_by = tables.Column(
        verbose_name=_("Entered by"),
        accessor="entered_by__name",
        orderable=True,
        attrs=cell("muted nb"),
    )

    class Meta:
        sequence = (
            "order_number",
            "customer",
            "channel",
            "term",
            "starts_at",
            "ends_at",
            "state",
            "credits",
            "recorded_at",
            "entered_by",
        )
        empty_text = _("No purchase matches.")
