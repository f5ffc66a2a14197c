"""The tables of the forecast and of the time machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import django_tables2 as tables
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.domain.annual.words import day_words, grouped
from billing.domain.forecast import Line
from billing.tables.features import ExplainColumn
from credits import clock
from credits.templatetags.figures import signed
from credits.web.tables import BaseTable, CreditsColumn, cell


@dataclass(frozen=True)
class LineRow:
    """One instant of the forecast with where its balance leads."""

    line: Line
    explain_url: str
    valid_url: str
    allocated_url: str
    is_first_short: bool
    days_ahead: int

    @property
    def days(self) -> str:
        """In 128 days; a change lies ahead, so it comes tomorrow at the earliest."""
        text = ngettext("in %(days)s day", "in %(days)s days", self.days_ahead)
        return text % {"days": grouped(self.days_ahead)}


class SignedColumn(CreditsColumn):
    """A change of credits, with its sign."""

    def render(self, value: int) -> str:
        return signed(value)


class BalanceColumn(ExplainColumn):
    """A balance whose rows open in the drawer; red below zero, which its true minus says too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.attrs["a"]["class"] = lambda record: (
            "fig neg" if record.line.figure.balance < 0 else "fig"
        )


class SideColumn(ExplainColumn):
    """What is valid, or allocated, after a change: beside the balance that it makes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.attrs |= cell("n muted hide", header="n hide")


def explain_balance(row: LineRow) -> str:
    """The accessible name of a balance's link."""
    return _("Explain the balance of %(credits)s credits on %(day)s") % {
        "credits": grouped(row.line.figure.balance),
        "day": day_words(row.line.at),
    }


class ForecastTable(BaseTable):
    """What happens when, by how much it changes the balance, and the figures after it."""

    key = "forecast"
    is_adjustable = True
    page_size = 25

    at = tables.TemplateColumn(
        template_name="billing/forecast/_date.html",
        accessor="line__at",
        verbose_name=gettext_lazy("Date (UTC)"),
        orderable=True,
        attrs=cell("name nb"),
    )
    what = tables.TemplateColumn(
        template_name="billing/forecast/_what.html",
        accessor="line__happenings",
        verbose_name=gettext_lazy("What happens"),
        attrs=cell("wraps what"),
    )
    effect = SignedColumn(
        accessor="line__effect",
        verbose_name=gettext_lazy("Change"),
        orderable=True,
        attrs=cell("n change", header="n"),
    )
    valid = SideColumn(
        accessor="line__figure__valid",
        verbose_name=gettext_lazy("Valid"),
        url=lambda row: row.valid_url,
        orderable=True,
    )
    allocated = SideColumn(
        accessor="line__figure__allocated",
        verbose_name=gettext_lazy("Allocated"),
        url=lambda row: row.allocated_url,
        orderable=True,
    )
    balance = BalanceColumn(
        accessor="line__figure__balance",
        verbose_name=gettext_lazy("Balance after"),
        orderable=True,
        url=lambda row: row.explain_url,
        explain=explain_balance,
    )

    class Meta:
        fields = ("at", "what", "effect", "valid", "allocated", "balance")

    def value_at(self, record: LineRow) -> date:
        return clock.day_of(record.line.at)

    def value_what(self, record: LineRow) -> str:
        return record.line.words


@dataclass(frozen=True)
class LevelRow:
    """What one license gave or one feature held, with where its credits lead."""

    name: str
    credits: int
    explain_url: str
    explain: str
    url: str = ""
    color: str = ""
    """The mark of a feature's solution."""


class LevelTable(BaseTable):
    """Credits by what gave or held them at an instant; subclasses name it."""

    page_size = 25

    credits = ExplainColumn(
        verbose_name=gettext_lazy("Credits"),
        url=lambda row: row.explain_url,
        explain=lambda row: row.explain,
        orderable=True,
    )

    def value_name(self, record: LevelRow) -> str:
        return record.name


def name_column(heading: Any) -> Any:
    """A license or a feature, leading to its page or marked by its solution."""
    return tables.TemplateColumn(
        template_name="billing/time_machine/_name.html",
        verbose_name=heading,
        orderable=True,
        attrs=cell("name wraps"),
    )


class LicenseLevelTable(LevelTable):
    """What each license gave."""

    key = "licenses-then"
    name = name_column(gettext_lazy("License"))

    class Meta:
        sequence = ("name", "credits")
        empty_text = gettext_lazy("No license was valid then.")


class FeatureLevelTable(LevelTable):
    """What each feature held."""

    key = "features-then"
    name = name_column(gettext_lazy("Feature"))

    class Meta:
        sequence = ("name", "credits")
        empty_text = gettext_lazy("No feature held credits then.")
