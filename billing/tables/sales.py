"""A sales person's customers as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

import django_tables2 as tables
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from billing.domain.desk import DeskRow, desk_rows
from billing.tables.purchases import LastDayColumn
from billing.web.links import Explain
from credits.models import Customer, Side
from credits.templatetags.figures import NOTHING, balance
from credits.web.tables import (
    READ_AT_ONCE,
    BaseTable,
    DayColumn,
    FigureLinkColumn,
    StableRows,
    cell,
)


class DeskRows(StableRows):
    """Customers that are sorted in the database and read with their figures a page at a time."""

    def __init__(self, customers: QuerySet[Customer], now: datetime) -> None:
        super().__init__(customers)
        self.now = now

    def each(self) -> Iterator[DeskRow]:
        """All rows, with the figures of some customers at a time."""
        customers = super().each()
        while some := list(islice(customers, READ_AT_ONCE)):
            yield from desk_rows(some, self.now)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return desk_rows(list(super().__getitem__(key)), self.now)
        return desk_rows([self.data[key]], self.now)[0]


def at_shortage(record: DeskRow) -> dict[str, Any]:
    """Where a shortage's figure leads, for its cell."""
    return {"url": rows_of_shortage(record)}


def at_present(table: DeskTable) -> dict[str, Any]:
    """The present, for cells that count days from it."""
    return {"now": table.now}


def rows_of(side: str) -> Callable[[DeskRow], str]:
    """The rows behind a customer's live figure of a side."""
    return lambda row: Explain.of(row.customer, row.live)(side)


def rows_of_shortage(row: DeskRow) -> str | None:
    """The rows behind a customer's first shortage."""
    short = row.shortage
    return Explain.of(row.customer, row.live)("balance", at=short.at) if short else None


class SideColumn(FigureLinkColumn):
    """What is valid or allocated."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.attrs |= cell("n hide", header="n")


class BalanceColumn(FigureLinkColumn):
    """A balance, which below zero also says so in a word."""

    def render(self, value: int, record: Any = None) -> str:
        return balance(value)


class DeskTable(BaseTable):
    """Customers with their live figures, what ends next, and the first shortage."""

    key = "customers"
    is_adjustable = True
    default_columns = ("valid", "allocated", "balance", "next_end", "short")
    file_columns = {
        "name": ("name", "number", "domain"),
        "next_end": ("ends_on", "ends_license"),
        "short": ("short_on", "short_credits"),
    }
    name = tables.TemplateColumn(
        template_name="billing/_sales_name.html",
        verbose_name=_("Customer"),
        order_by="name",
        orderable=True,
        attrs=cell("name"),
    )
    number = tables.Column(
        verbose_name=_("Number"),
        accessor="customer__label",
        order_by="number",
        orderable=True,
        attrs=cell("nb muted hide", header="nb"),
    )
    domain = tables.Column(
        verbose_name=_("Mail domain"),
        accessor="customer__domain",
        order_by="domain",
        orderable=True,
        attrs=cell("muted hide", header="nb"),
        default=NOTHING,
    )
    valid = SideColumn(
        url=rows_of(Side.VALID),
        verbose_name=_("Valid"),
        accessor="live__figure__valid",
        order_by="live_valid",
        orderable=True,
    )
    allocated = SideColumn(
        url=rows_of(Side.ALLOCATED),
        verbose_name=_("Allocated"),
        accessor="live__figure__allocated",
        order_by="live_allocated",
        orderable=True,
    )
    balance = BalanceColumn(
        url=rows_of("balance"),
        accessor="live__figure__balance",
        verbose_name=_("Balance"),
        order_by="live_balance",
        orderable=True,
    )
    next_end = tables.TemplateColumn(
        template_name="billing/_sales_next_end.html",
        verbose_name=_("Ends next"),
        order_by="next_end_at",
        orderable=True,
        extra_context=at_present,
    )
    ends_on = LastDayColumn(
        verbose_name=_("Last day of what ends next"),
        accessor="next_end__ends_at",
        default=NOTHING,
        attrs=cell("nb muted hide", header="nb"),
    )
    ends_license = tables.Column(
        verbose_name=_("License that ends next"),
        accessor="next_end__label",
        default=NOTHING,
        attrs=cell("nb muted hide", header="nb"),
    )
    short = tables.TemplateColumn(
        template_name="billing/_sales_short.html",
        extra_context=at_shortage,
        verbose_name=_("First short"),
        order_by="short_at",
        orderable=True,
    )
    short_on = DayColumn(
        verbose_name=_("First short on"),
        accessor="shortage__at",
        default=NOTHING,
        attrs=cell("nb muted hide", header="nb"),
    )
    short_credits = SideColumn(
        url=rows_of_shortage,
        verbose_name=_("Balance then"),
        accessor="shortage__figure__balance",
        default=NOTHING,
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

    def value_name(self, record: DeskRow) -> str:
        return record.customer.name
