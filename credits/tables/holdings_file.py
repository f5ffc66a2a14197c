"""The features of the allocate page as a file: all that match the filter, on one sheet."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import django_tables2 as tables
from django.utils.translation import gettext_lazy

from credits.tables.holdings import HoldingRow
from credits.web.tables import BaseTable, CreditsColumn, DayColumn


class HoldingsTable(BaseTable):
    """Every feature with units, rate and the credits it holds. The page draws its own rows."""

    key = "allocation"
    is_paged = False

    solution = tables.Column(
        verbose_name=gettext_lazy("Solution"),
        accessor="holding__offer__feature__group__solution__name",
    )
    name = tables.Column(verbose_name=gettext_lazy("Feature"))
    feature = tables.Column(verbose_name=gettext_lazy("Key"), accessor="key")
    model = tables.Column(
        verbose_name=gettext_lazy("Model"), accessor="holding__offer__rate__get_model_display"
    )
    units = tables.Column(verbose_name=gettext_lazy("Units"), accessor="holding__units")
    unit = tables.Column(
        verbose_name=gettext_lazy("Unit"), accessor="holding__offer__feature__unit_plural"
    )
    rate = tables.Column(
        verbose_name=gettext_lazy("Rate"), accessor="holding__offer__rate__credits"
    )
    block = tables.Column(
        verbose_name=gettext_lazy("Units for that"), accessor="holding__offer__rate__block"
    )
    credits = CreditsColumn(verbose_name=gettext_lazy("Credits"), accessor="holding__credits")
    since = DayColumn(verbose_name=gettext_lazy("Since"), accessor="holding__since")
    source = tables.Column(
        verbose_name=gettext_lazy("Reported by"), accessor="source__name", default=""
    )

    def value_units(self, record: HoldingRow) -> Decimal:
        return record.holding.units

    def value_rate(self, record: HoldingRow) -> Decimal:
        return record.holding.offer.rate.credits

    def value_block(self, record: HoldingRow) -> Decimal:
        return record.holding.offer.rate.block

    def value_since(self, record: HoldingRow) -> datetime | None:
        return record.holding.since
