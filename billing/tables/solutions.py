"""The catalogue as a table: a feature, its rate, and what is held for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.solutions import Offering
from credits import clock
from credits.templatetags.figures import credits_text
from credits.web.tables import BaseTable, FigureLinkColumn, cell

ONE_PAGE = 40
"""A catalogue of so many features stands on one page, a larger one on several shorter ones."""


@dataclass(frozen=True)
class SolutionRow:
    """A feature with its words and where it leads."""

    one: Offering
    per: str
    notes: Sequence[str]
    coming: Sequence[str]
    url: str
    explain_url: str
    estimate_url: str
    allocate_url: str

    @property
    def name(self) -> str:
        return self.one.feature.name

    @property
    def credits(self) -> int:
        return self.one.credits


def explain_words(row: SolutionRow) -> str:
    """The accessible name of a figure's link."""
    return _("Explain %(credits)s credits held by %(name)s") % {
        "credits": credits_text(row.credits),
        "name": row.name,
    }


class SolutionTable(BaseTable):
    """Every feature with model, unit and rates, and whether it is in use."""

    key = "solutions"
    page_size = 25
    is_adjustable = True
    default_columns = ("solution", "model", "rate", "per", "use", "credits")

    name = tables.TemplateColumn(
        template_name="billing/solutions/_name.html",
        accessor="name",
        verbose_name=gettext_lazy("Feature"),
        orderable=True,
        attrs=cell("name"),
    )
    feature_key = tables.Column(
        accessor="one__feature__key",
        verbose_name=gettext_lazy("Key"),
        orderable=True,
        attrs=cell("muted hide", header="hide"),
    )
    solution = tables.Column(
        accessor="one__solution__name",
        verbose_name=gettext_lazy("Solution"),
        order_by=("one__solution__position", "one__feature__position"),
        orderable=True,
        attrs=cell("muted hide", header="hide"),
    )
    model = tables.Column(
        accessor="one__rate__get_model_display",
        verbose_name=gettext_lazy("Model"),
        orderable=True,
        attrs=cell("muted hide", header="hide"),
    )
    rate = tables.TemplateColumn(
        template_name="billing/solutions/_rate.html",
        accessor="one__rate__credits",
        verbose_name=gettext_lazy("Rate"),
        orderable=True,
        attrs=cell("n"),
    )
    per = tables.Column(verbose_name=gettext_lazy("Unit"), attrs=cell("muted wraps", header=""))
    next_from = tables.Column(
        empty_values=(),
        verbose_name=gettext_lazy("Next rate from"),
        attrs=cell("nb muted hide", header="nb hide"),
    )
    notes = tables.Column(
        verbose_name=gettext_lazy("Notes"), attrs=cell("muted hide", header="hide")
    )
    use = tables.Column(
        accessor="one__use__label",
        verbose_name=gettext_lazy("In use"),
        orderable=True,
        attrs=cell("nb muted", header="nb"),
    )
    credits = FigureLinkColumn(
        accessor="credits",
        verbose_name=gettext_lazy("Credits held"),
        url=lambda row: row.explain_url or None,
        explain=explain_words,
        orderable=True,
    )
    ways = tables.TemplateColumn(
        template_name="billing/solutions/_ways.html",
        verbose_name="",
        exclude_from_export=True,
        attrs=cell("do"),
    )

    class Meta:
        sequence = (
            "name",
            "feature_key",
            "solution",
            "model",
            "rate",
            "per",
            "next_from",
            "notes",
            "use",
            "credits",
            "ways",
        )
        empty_text = gettext_lazy("No feature matches this filter.")

    def __init__(self, data: Sequence[SolutionRow], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if len(data) <= ONE_PAGE:
            self.page_size = ONE_PAGE

    def render_next_from(self, record: SolutionRow) -> str:
        return ", ".join(record.coming)

    def render_notes(self, value: Sequence[str]) -> str:
        return "; ".join(value)

    def value_name(self, record: SolutionRow) -> str:
        return record.name

    def value_rate(self, record: SolutionRow) -> Decimal:
        return record.one.rate.credits

    def value_next_from(self, record: SolutionRow) -> date | None:
        """The day of the next rate."""
        coming = record.one.coming
        return clock.day_of(coming[0].at) if coming else None
