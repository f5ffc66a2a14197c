"""The tables of saved estimates, and of those that were handed over to sales."""

from __future__ import annotations

import django_tables2 as tables
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from credits.web.tables import (
    BaseTable,
    CreditsColumn,
    DayColumn,
    InstantColumn,
    NameColumn,
    cell,
)
from estimator.domain.pipeline import Stage
from estimator.models import Estimate, HandOver


def address(record: Estimate) -> str:
    """The page of an estimate."""
    return reverse(
        "estimator:estimate-edit",
        kwargs={"slug": record.customer.slug, "public_id": record.public_id},
    )


class EstimateTable(BaseTable):
    """One customer's saved estimates, the newest first."""

    key = "estimates"

    name = NameColumn(verbose_name=_("Name"), orderable=True, linkify=address)
    number = tables.Column(
        verbose_name=_("Number"),
        orderable=True,
        accessor="label",
        order_by="number",
        attrs=cell("nb muted", header="nb"),
    )
    years = tables.Column(
        verbose_name=_("Years"), orderable=True, attrs=cell("n muted hide", header="n hide")
    )
    level = CreditsColumn(verbose_name=_("Level to hold, credits"), orderable=True)
    updated_at = InstantColumn(verbose_name=_("Saved"), orderable=True)
    updated_by = tables.Column(
        verbose_name=_("By"),
        orderable=True,
        accessor="updated_by__name",
        attrs=cell("muted", header="nb"),
    )

    class Meta:
        model = Estimate
        fields = ("name", "number", "years", "level", "updated_at", "updated_by")
        order_by = "-updated_at"


def its_estimate(record: HandOver) -> str:
    """The page of the estimate that was handed over."""
    return address(record.estimate)


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
        verbose_name=_("Version"), orderable=True, attrs=cell("n muted hide", header="n hide")
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
