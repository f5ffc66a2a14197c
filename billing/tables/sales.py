"""A sales person's customers as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from typing import Any

import django_tables2 as tables
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from billing.domain.desk import DeskRow, desk_rows
from billing.domain.growth import Growth
from billing.tables.purchases import LastDayColumn
from billing.web.links import Explain
from credits.models import Customer, Side
from credits.templatetags.figures import NOTHING, balance, percent, signed
from credits.web.tables import (
    READ_AT_ONCE,
    BaseTable,
    CreditsColumn,
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


def who_leads(table: DeskTable) -> dict[str, Any]:
    """Whether it is shown to somebody who assigns reps."""
    return {"leads": table.leads}


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


class GrewColumn(CreditsColumn):
    """What allocated changed by, signed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, attrs=cell("n nb", header="n"), **kwargs)

    def render(self, value: int) -> str:
        return signed(value) if value else NOTHING


class DeskTable(BaseTable):
    """Customers with their live figures, what ends next, and the first shortage."""

    key = "customers"
    is_adjustable = True
    default_columns: Sequence[str] = (
        "valid",
        "allocated",
        "balance",
        "next_end",
        "short",
        "bought",
    )
    file_columns = {
        "name": ("name", "number", "domain"),
        "next_end": ("ends_on", "ends_license", "ends_credits"),
        "short": ("short_on", "short_credits"),
        "bought": ("bought_on", "bought_credits", "bought_order"),
    }
    name = tables.TemplateColumn(
        template_name="billing/_sales_name.html",
        verbose_name=_("Customer"),
        order_by="name",
        orderable=True,
        attrs=cell("name", header="room"),
        extra_context=who_leads,
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
    ends_credits = CreditsColumn(
        verbose_name=_("Its credits"),
        accessor="next_end__credits",
        default=NOTHING,
        attrs=cell("n hide", header="n"),
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
    bought = tables.TemplateColumn(
        template_name="billing/_sales_bought.html",
        verbose_name=_("Last purchase"),
        order_by="last_bought_at",
        orderable=True,
        initial_sort_descending=True,
        attrs=cell("hide"),
    )
    bought_on = DayColumn(
        verbose_name=_("Day of the last purchase"),
        accessor="bought__recorded_at",
        default=NOTHING,
        attrs=cell("nb muted hide", header="nb"),
    )
    bought_credits = CreditsColumn(
        verbose_name=_("Credits last purchased"),
        accessor="bought__credits",
        default=NOTHING,
        attrs=cell("n hide", header="n"),
    )
    bought_order = tables.Column(
        verbose_name=_("Order of the last purchase"),
        accessor="bought__order_number",
        default=NOTHING,
        attrs=cell("muted hide", header="nb"),
    )
    grew = GrewColumn(
        verbose_name=_("Grew in 90 days"),
        accessor="growth__credits",
        order_by="grew",
        orderable=True,
    )
    growth = tables.Column(
        verbose_name=_("In percent"),
        accessor="growth",
        order_by="growth",
        orderable=True,
        initial_sort_descending=True,
        attrs=cell("n nb", header="n"),
    )
    lasts = tables.Column(
        verbose_name=_("Enough at this pace for"),
        accessor="lasts",
        default=NOTHING,
        attrs=cell("n nb muted hide", header="n"),
    )
    reps = tables.TemplateColumn(
        template_name="billing/_sales_reps.html",
        verbose_name=_("Sales reps"),
        attrs=cell("muted hide", header="nb"),
    )
    act = tables.TemplateColumn(
        template_name="billing/_sales_act.html",
        verbose_name="",
        attrs=cell("n do"),
    )

    class Meta:
        empty_text = _("No customer matches.")

    def __init__(
        self, customers: QuerySet[Customer], *, now: datetime, leads: bool = False, **kwargs: Any
    ) -> None:
        self.now = now
        self.leads = leads
        super().__init__(DeskRows(customers, now), **kwargs)

    def value_name(self, record: DeskRow) -> str:
        return record.customer.name

    def value_reps(self, record: DeskRow) -> str:
        return ", ".join(rep.name for rep in record.reps)

    def render_growth(self, value: Growth) -> str:
        return percent(value.credits, value.before)

    def value_growth(self, value: Growth) -> Decimal | None:
        """Exports carry the bare number, with one decimal."""
        if value.before <= 0:
            return None
        share = Decimal(value.credits) / Decimal(value.before) * 100
        return share.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)

    def render_lasts(self, value: int) -> str:
        return ngettext("%(days)d day", "%(days)d days", value) % {"days": value}

    def value_lasts(self, value: int) -> int:
        return value


class ExpiringTable(DeskTable):
    """Customers with a license that ends soon: the soonest first, each with what ends."""

    key = "expiring-customers"
    default_columns = ("balance", "next_end", "ends_credits", "short", "bought")
    act = tables.TemplateColumn(
        template_name="billing/_sales_renew.html", verbose_name="", attrs=cell("n do")
    )

    class Meta:
        order_by = "next_end"
        empty_text = _("No license of your customers ends within 90 days.")


class ShortTable(DeskTable):
    """Customers that are short, now or ahead: the first shortage first."""

    key = "short-customers"

    class Meta:
        order_by = "short"
        empty_text = _("None of your customers is short, now or on a known day.")


class GrowingTable(DeskTable):
    """Customers whose allocated credits grow fast: the fastest first."""

    key = "growing-customers"
    default_columns = ("allocated", "grew", "growth", "balance", "lasts", "short")

    class Meta:
        order_by = "-growth"
        empty_text = _("None of your customers grows fast.")


class UnassignedTable(DeskTable):
    """Customers that nobody looks after."""

    key = "unassigned-customers"
    default_columns = ("balance", "next_end", "short", "bought", "reps")

    class Meta:
        empty_text = _("Every customer has a sales rep.")
