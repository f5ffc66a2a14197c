"""A sales person's customers as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_tables2 as tables
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from billing.domain.desk import desk_rows
from credits.models import Customer
from credits.web.tables import BaseTable, CreditsColumn, StableRows, cell


class DeskRows(StableRows):
    """Customers that are sorted in the database and read with their figures a page at a time."""

    def __init__(self, customers: QuerySet[Customer], now: datetime) -> None:
        super().__init__(customers)
        self.now = now

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return desk_rows(list(self.data[key]), self.now)
        return desk_rows([self.data[key]], self.now)[0]


def at_present(table: DeskTable) -> dict[str, Any]:
    """The present, for cells that count days from it."""
    return {"now": table.now}


class DeskTable(BaseTable):
    """Customers with their live figures, what ends next, and the first shortage."""

    name = tables.TemplateColumn(
        template_name="billing/_sales_name.html",
        verbose_name=_("Customer"),
        order_by="name",
        orderable=True,
        attrs=cell("name"),
    )
    valid = CreditsColumn(
        verbose_name=_("Valid"),
        accessor="live__figure__valid",
        order_by="live_valid",
        orderable=True,
        attrs=cell("n hide", header="n"),
    )
    allocated = CreditsColumn(
        verbose_name=_("Allocated"),
        accessor="live__figure__allocated",
        order_by="live_allocated",
        orderable=True,
        attrs=cell("n hide", header="n"),
    )
    balance = tables.TemplateColumn(
        template_name="billing/_sales_balance.html",
        verbose_name=_("Balance"),
        order_by="live_balance",
        orderable=True,
        attrs=cell("n amount", header="n"),
    )
    next_end = tables.TemplateColumn(
        template_name="billing/_sales_next_end.html",
        verbose_name=_("Ends next"),
        order_by="next_end_at",
        orderable=True,
        extra_context=at_present,
    )
    short = tables.TemplateColumn(
        template_name="billing/_sales_short.html",
        verbose_name=_("First short"),
        order_by="short_at",
        orderable=True,
    )
    act = tables.TemplateColumn(
        template_name="billing/_sales_act.html",
        verbose_name="",
        attrs=cell("n do"),
    )

    class Meta:
        empty_text = _("No customer matches.")

    def __init__(self, customers: QuerySet[Customer], *, now: datetime, **kwargs: Any) -> None:
        self.now = now
        super().__init__(DeskRows(customers, now), **kwargs)
