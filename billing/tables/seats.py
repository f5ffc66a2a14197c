"""A customer's seat licenses as rows."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from billing.domain.conversion.listing import SeatRow
from credits.templatetags.figures import NOTHING
from credits.web.tables import BaseTable, DayColumn, cell


class SeatTable(BaseTable):
    """Terms of seat licenses and codes that wait, as `seat_rows` reads them."""

    key = "seat-licenses"
    is_adjustable = True
    page_size = 25
    default_columns = ("state", "code", "kind", "units", "last_day", "credits")
    file_columns = {
        "product": ("product", "number"),
        "credits": ("credits", "per_unit", "license"),
    }
    product = tables.TemplateColumn(
        template_name="billing/_seat_product.html",
        verbose_name=_("Product"),
        order_by="product",
        orderable=True,
        attrs=cell("name stacked", header=""),
    )
    number = tables.Column(
        verbose_name=_("Seat license"), orderable=True, attrs=cell("nb muted", header="nb")
    )
    state = tables.TemplateColumn(
        template_name="billing/_seat_state.html",
        verbose_name=_("Status"),
        order_by="place",
        orderable=True,
        attrs=cell("nb"),
    )
    code = tables.Column(
        verbose_name=_("Activation code"), attrs=cell("code-text muted", header="nb")
    )
    kind = tables.Column(
        verbose_name=_("Type"), accessor="kind_text", orderable=True, attrs=cell("muted")
    )
    units = tables.TemplateColumn(
        template_name="billing/_seat_units.html",
        verbose_name=_("Units"),
        order_by="units",
        orderable=True,
        attrs=cell("n stacked", header="n"),
    )
    first_day = DayColumn(
        verbose_name=_("First day"),
        orderable=True,
        attrs=cell("nb muted hide", header="nb"),
        default=NOTHING,
        initial_sort_descending=False,
    )
    last_day = tables.TemplateColumn(
        template_name="billing/_seat_last_day.html",
        verbose_name=_("Last day"),
        order_by="sort_day",
        orderable=True,
        attrs=cell("until", header="nb"),
    )
    per_unit = tables.Column(
        verbose_name=_("Credits per unit"), default=NOTHING, attrs=cell("n muted", header="n")
    )
    credits = tables.TemplateColumn(
        template_name="billing/_seat_credits.html",
        verbose_name=_("Credits"),
        attrs=cell("n amount stacked", header="n"),
    )
    license = tables.Column(
        verbose_name=_("License"),
        accessor="license__label",
        default=NOTHING,
        attrs=cell("nb muted", header="nb"),
    )

    class Meta:
        empty_text = _("No seat license matches.")

    def __init__(self, data: Any, *, may_add: bool, may_enter: bool, **kwargs: Any) -> None:
        self.may_add = may_add
        self.may_enter = may_enter
        super().__init__(data, **kwargs)

    def render_code(self, value: str) -> str:
        return value or NOTHING

    def render_number(self, value: str) -> str:
        return value or NOTHING

    def value_product(self, record: SeatRow) -> str:
        return record.product

    def value_state(self, record: SeatRow) -> str:
        return str(record.state.label)

    def value_units(self, record: SeatRow) -> int:
        return record.units

    def value_last_day(self, record: SeatRow) -> Any:
        return record.last_day

    def value_credits(self, record: SeatRow) -> int | None:
        return record.credits
