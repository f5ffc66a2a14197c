"""The tables of saved estimates, and of those that were handed over to sales."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_tables2 as tables
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from credits.templatetags.figures import signed
from credits.web.tables import (
    BaseTable,
    CreditsColumn,
    DayColumn,
    InstantColumn,
    NameColumn,
    cell,
)
from estimator.domain.listing import state_words
from estimator.domain.pipeline import Stage
from estimator.models import Estimate, EstimateVersion, HandOver


def address(record: Estimate) -> str:
    """The page of an estimate."""
    return reverse(
        "estimator:estimate-edit",
        kwargs={"slug": record.customer.slug, "public_id": record.public_id},
    )


def versions_address(record: Estimate) -> str:
    """The list of an estimate's saves."""
    kwargs = {"slug": record.customer.slug, "public_id": record.public_id}
    return reverse("estimator:estimate-versions", kwargs=kwargs)


class EstimateTable(BaseTable):
    """One customer's saved estimates, the newest first."""

    key = "estimates"

    pick = tables.Column(empty_values=(), verbose_name="", attrs=cell("pick"))
    name = NameColumn(verbose_name=_("Name"), orderable=True, linkify=address)
    number = tables.Column(
        verbose_name=_("Number"),
        orderable=True,
        accessor="label",
        order_by="number",
        attrs=cell("nb muted", header="nb"),
    )
    level = CreditsColumn(verbose_name=_("Level to hold, credits"), orderable=True)
    years = tables.Column(
        verbose_name=_("Years"), orderable=True, attrs=cell("n muted hide", header="n hide")
    )
    version = tables.Column(
        verbose_name=_("Version"),
        orderable=True,
        linkify=versions_address,
        attrs=cell("n muted hide", header="n hide"),
    )
    state = tables.TemplateColumn(
        template_name="estimator/_estimate_state.html", verbose_name=_("State"), attrs=cell("nb")
    )
    updated_at = InstantColumn(verbose_name=_("Saved"), orderable=True)
    updated_by = tables.Column(
        verbose_name=_("By"),
        orderable=True,
        accessor="updated_by__name",
        attrs=cell("muted", header="nb"),
    )

    class Meta:
        model = Estimate
        fields = (
            "pick",
            "name",
            "number",
            "level",
            "years",
            "version",
            "state",
            "updated_at",
            "updated_by",
        )
        order_by = "-updated_at"

    def render_pick(self, record: Estimate) -> str:
        return pick(str(record.public_id), record.name)

    def value_state(self, record: Estimate) -> str:
        return ", ".join(state_words(record))


def pick(value: str, name: str) -> SafeString:
    """The box that puts a row beside others."""
    return render_to_string("estimator/_pick.html", {"value": value, "name": name})


class VersionTable(BaseTable):
    """The saves of one estimate, the newest first."""

    key = "estimate-versions"

    pick = tables.Column(empty_values=(), verbose_name="", attrs=cell("pick"))
    number = NameColumn(verbose_name=_("Version"), orderable=True, initial_sort_descending=True)
    level = CreditsColumn(verbose_name=_("Level to hold, credits"), orderable=True)
    change = tables.Column(
        empty_values=(), verbose_name=_("Change"), attrs=cell("n muted", header="n")
    )
    changes = tables.Column(
        empty_values=(), verbose_name=_("What was changed"), attrs=cell("wraps small")
    )
    saved_at = InstantColumn(verbose_name=_("Saved"), orderable=True)
    saved_by = tables.Column(
        verbose_name=_("By"),
        orderable=True,
        accessor="saved_by__name",
        attrs=cell("muted", header="nb"),
    )

    class Meta:
        model = EstimateVersion
        fields = ("pick", "number", "level", "change", "changes", "saved_at", "saved_by")
        order_by = "-number"

    def __init__(
        self,
        data: Any,
        *,
        estimate: Estimate,
        told: Callable[[EstimateVersion], list[str]],
        **kwargs: Any,
    ) -> None:
        self.estimate = estimate
        self.told = told
        super().__init__(data, **kwargs)

    def render_pick(self, record: EstimateVersion) -> str:
        name = _("version %(number)d") % {"number": record.number}
        return pick(f"{self.estimate.public_id}@{record.number}", name)

    def render_number(self, record: EstimateVersion) -> str:
        found = {"version": record, "estimate": self.estimate}
        return render_to_string("estimator/_version_name.html", found)

    def value_number(self, record: EstimateVersion) -> int:
        number: int = record.number
        return number

    def render_change(self, record: EstimateVersion) -> str:
        return signed(self.value_change(record))

    def value_change(self, record: EstimateVersion) -> int | None:
        before: int | None = record.level_before  # type: ignore[attr-defined]
        return None if before is None else record.level - before

    def render_changes(self, record: EstimateVersion) -> str:
        return render_to_string("estimator/_version_changes.html", {"changes": self.told(record)})

    def value_changes(self, record: EstimateVersion) -> str:
        return "; ".join(self.told(record))


def its_estimate(record: HandOver) -> str:
    """The page of the estimate that was handed over."""
    return address(record.estimate)


def its_version(record: HandOver) -> str:
    """The page of the version that was handed over."""
    estimate = record.estimate
    return reverse(
        "estimator:estimate-version",
        kwargs={
            "slug": estimate.customer.slug,
            "public_id": estimate.public_id,
            "number": record.version,
        },
    )


class HandOverTable(BaseTable):
    """The estimates that a sales person's customers handed over, as the desk orders them."""

    key = "hand-overs"
    is_adjustable = True
    default_columns = ("estimate", "credits", "first_day", "years", "stage")

    customer = NameColumn(
        verbose_name=_("Customer"),
        accessor="estimate__customer__name",
        linkify=("billing:annual-credits", {"slug": tables.A("estimate__customer__slug")}),
        orderable=True,
    )
    estimate = tables.Column(
        verbose_name=_("Estimate"),
        order_by="estimate__name",
        orderable=True,
        linkify=its_estimate,
    )
    credits = CreditsColumn(verbose_name=_("Credits to buy"), orderable=True)
    first_day = DayColumn(
        verbose_name=_("Needed from"), orderable=True, initial_sort_descending=False
    )
    years = tables.Column(
        verbose_name=_("Years"), orderable=True, attrs=cell("n muted hide", header="n hide")
    )
    version = tables.Column(
        verbose_name=_("Version"),
        orderable=True,
        linkify=its_version,
        attrs=cell("n muted hide", header="n hide"),
    )
    stage = tables.TemplateColumn(
        template_name="estimator/_stage.html",
        verbose_name=_("State"),
        order_by="rank",
        orderable=True,
    )
    handed_at = DayColumn(
        verbose_name=_("Handed over"), orderable=True, attrs=cell("nb muted hide", header="nb hide")
    )
    handed_by = tables.Column(
        verbose_name=_("By"),
        accessor="handed_by__name",
        orderable=True,
        attrs=cell("muted hide", header="hide"),
    )
    act = tables.TemplateColumn(
        template_name="estimator/_stage_act.html", verbose_name="", attrs=cell("n do")
    )

    class Meta:
        empty_text = _("No estimate was handed over.")

    def value_stage(self, record: HandOver) -> str:
        return str(Stage(record.stage).label)  # type: ignore[attr-defined]
