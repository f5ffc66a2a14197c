"""The table of saved estimates."""

from __future__ import annotations

import django_tables2 as tables
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from credits.web.tables import BaseTable, CreditsColumn, InstantColumn, NameColumn, cell
from estimator.models import Estimate


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
