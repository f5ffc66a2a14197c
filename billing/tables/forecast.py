"""The tables of the forecast and of the time machine, and the forecast's export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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


def explain_balance(row: LineRow) -> str:
    """The accessible name of a balance's link."""
    return _("Explain the balance of %(credits)s credits on %(day)s") % {
        "credits": grouped(row.line.figure.balance),
        "day": day_words(row.line.at),
    }


class ForecastTable(BaseTable):
    """What happens when, by how much it changes the balance, and the figures after it."""

    at = tables.TemplateColumn(
        template_name="billing/forecast/_date.html",
        accessor="line__at",
        verbose_name=gettext_lazy("Date (UTC)"),
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
        attrs=cell("n change", header="n"),
    )
    valid = CreditsColumn(
        accessor="line__figure__valid",
        verbose_name=gettext_lazy("Valid"),
        attrs=cell("n muted hide", header="n hide"),
    )
    allocated = CreditsColumn(
        accessor="line__figure__allocated",
        verbose_name=gettext_lazy("Allocated"),
        attrs=cell("n muted hide", header="n hide"),
    )
    balance = BalanceColumn(
        accessor="line__figure__balance",
        verbose_name=gettext_lazy("Balance after"),
        url=lambda row: row.explain_url,
        explain=explain_balance,
    )

    class Meta:
        fields = ("at", "what", "effect", "valid", "allocated", "balance")


EXPORTED = ("date", "effective_at", "what_happens", "change", "valid", "allocated", "balance")


def exported(lines: Iterable[Line]) -> Iterator[tuple[Any, ...]]:
    """The forecast's lines for a spreadsheet."""
    for line in lines:
        figure = line.figure
        yield (
            clock.day_of(line.at),
            line.at,
            line.words,
            line.effect,
            figure.valid,
            figure.allocated,
            figure.balance,
        )


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
    )


def name_column(heading: Any) -> Any:
    """A license or a feature, leading to its page or marked by its solution."""
    return tables.TemplateColumn(
        template_name="billing/time_machine/_name.html",
        verbose_name=heading,
        attrs=cell("name wraps"),
    )


class LicenseLevelTable(LevelTable):
    """What each license gave."""

    name = name_column(gettext_lazy("License"))

    class Meta:
        sequence = ("name", "credits")
        empty_text = gettext_lazy("No license was valid then.")


class FeatureLevelTable(LevelTable):
    """What each feature held."""

    name = name_column(gettext_lazy("Feature"))

    class Meta:
        sequence = ("name", "credits")
        empty_text = gettext_lazy("No feature held credits then.")
