"""The table of features that need credits."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.annual import FeatureLine
from billing.domain.annual.words import grouped
from credits.templatetags.figures import NOTHING
from credits.web.tables import BaseTable, DayColumn, FigureLinkColumn, cell


@dataclass(frozen=True)
class FeatureRow:
    """A line of the table with where it leads."""

    line: FeatureLine
    explain_url: str
    allocate_url: str = ""

    @property
    def credits(self) -> int:
        return self.line.credits

    @property
    def units(self) -> Decimal:
        """What the units column sorts by."""
        return self.line.units_exact or Decimal(0)


def explain_words(row: FeatureRow) -> str:
    """The accessible name of a figure's link."""
    return _("Explain %(credits)s credits allocated to %(name)s") % {
        "credits": grouped(row.line.credits),
        "name": row.line.name,
    }


class ExplainColumn(FigureLinkColumn):
    """Credits whose rows open in the drawer."""

    def __init__(self, *args: Any, url: Any, **kwargs: Any) -> None:
        super().__init__(*args, url=url, **kwargs)
        self.attrs["a"] |= {"data-drawer": ""}


class FeatureTable(BaseTable):
    """What each feature holds, for how many units, at which rate, since when."""

    key = "features"
    is_adjustable = True
    draws_bar = False
    page_size = 10
    default_columns = ("solution", "model", "units", "rate", "credits", "share", "since")
    file_columns = {
        "name": ("name", "feature_key"),
        "units": ("units", "units_words"),
        "rate": ("rate", "block"),
    }

    name = tables.TemplateColumn(
        template_name="billing/annual_credits/_feature_name.html",
        accessor="line__name",
        verbose_name=gettext_lazy("Feature"),
        orderable=True,
        attrs=cell("name"),
    )
    feature_key = tables.Column(
        accessor="line__feature__key",
        verbose_name=gettext_lazy("Key"),
        orderable=True,
        attrs=cell("muted nb hide", header="nb hide"),
    )
    solution = tables.Column(
        accessor="line__solution_name",
        verbose_name=gettext_lazy("Solution"),
        orderable=True,
        attrs=cell("muted hide", header="hide"),
    )
    model = tables.Column(
        accessor="line__model",
        verbose_name=gettext_lazy("Model"),
        orderable=True,
        attrs=cell("muted hide", header="hide"),
    )
    units = tables.Column(
        accessor="line__units",
        verbose_name=gettext_lazy("Units"),
        order_by="units",
        orderable=True,
        attrs=cell("n wraps", header="n"),
        default=NOTHING,
    )
    units_words = tables.Column(
        accessor="line__units",
        verbose_name=gettext_lazy("Units in words"),
        attrs=cell("muted wraps hide", header="hide"),
        default=NOTHING,
    )
    rate = tables.Column(
        accessor="line__rate_text",
        verbose_name=gettext_lazy("Rate"),
        order_by="line__rate__credits",
        orderable=True,
        attrs=cell("n muted hide", header="n hide"),
    )
    block = tables.Column(
        accessor="line__rate__block",
        verbose_name=gettext_lazy("Rate per units"),
        attrs=cell("n muted hide", header="n hide"),
    )
    credits = ExplainColumn(
        accessor="credits",
        verbose_name=gettext_lazy("Credits"),
        url=lambda row: row.explain_url if row.credits else None,
        explain=explain_words,
        orderable=True,
    )
    share = tables.TemplateColumn(
        template_name="billing/annual_credits/_feature_share.html",
        accessor="line__share",
        verbose_name=gettext_lazy("Share"),
        attrs=cell("n muted hide", header="n hide"),
    )
    since = DayColumn(
        accessor="line__since",
        default=NOTHING,
        verbose_name=gettext_lazy("Since"),
        orderable=True,
        attrs=cell("n muted hide", header="n hide"),
    )

    class Meta:
        fields = (
            "name",
            "feature_key",
            "solution",
            "model",
            "units",
            "units_words",
            "rate",
            "block",
            "credits",
            "share",
            "since",
        )
        order_by = "-credits"
        empty_text = gettext_lazy("No feature matches this filter.")

    def value_name(self, record: FeatureRow) -> str:
        return record.line.name

    def value_units(self, record: FeatureRow) -> Decimal | None:
        return record.line.units_exact

    def value_rate(self, record: FeatureRow) -> Decimal:
        return record.line.rate.credits

    def value_share(self, record: FeatureRow) -> float:
        """Percent of all that is allocated."""
        return round(record.line.share, 1)
