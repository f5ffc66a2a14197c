"""A customer's licenses as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from billing.domain.desk import SOON
from billing.domain.licenses import LicenseState
from billing.tables.purchases import LastDayColumn
from billing.web.links import license_rows
from credits import clock
from credits.models import License
from credits.templatetags.figures import credits_text
from credits.web.tables import BaseTable, CreditsColumn, DayColumn, NameColumn, cell


def rows_of(record: License, table: LicenseTable) -> str | None:
    """The rows of a license's credits, for their cell."""
    return license_rows(record.customer, record, table.now) or None


def explain_words(record: License) -> str:
    """The accessible name of a figure's link."""
    return str(_("Explain %(credits)s credits of %(label)s")) % {
        "credits": credits_text(record.credits),
        "label": record.label,
    }


FIGURE: dict[str, Any] = {"class": "fig", "data-drawer": "", "aria-label": explain_words}


def standing_of(record: License, table: LicenseTable) -> dict[str, Any]:
    """How a license stands, for its cells. One that ends soon is marked unless it is renewed."""
    renewal = getattr(record, "renewal", None)
    return {
        "now": table.now,
        "state": LicenseState(record.state),  # type: ignore[attr-defined]
        "renewal": renewal,
        "may_enter": table.may_enter,
        "soon": renewal is None and record.ends_at <= table.now + SOON,
    }


class LicenseTable(BaseTable):
    """Licenses, as `licenses_of` reads them, with the days that are left at `now`."""

    key = "licenses"
    is_adjustable = True
    may_enter = False
    """Whether the reader may enter what renews a license."""
    page_size = 25
    default_columns = ("kind", "order", "starts_at", "ends_at", "left", "state", "credits")
    number = NameColumn(
        verbose_name=_("License"),
        linkify=(
            "billing:license-detail",
            {"slug": tables.A("customer__slug"), "public_id": tables.A("public_id")},
        ),
        orderable=True,
    )
    credits = CreditsColumn(
        verbose_name=_("Credits"),
        linkify=rows_of,
        attrs=cell("n amount", header="n", a=FIGURE),
        orderable=True,
    )
    kind = tables.Column(
        verbose_name=_("Kind"), orderable=True, attrs=cell("muted hide", header="")
    )
    order = tables.Column(
        verbose_name=_("Order number"),
        accessor="purchase_line__purchase__order_number",
        order_by="purchase_line__purchase__order_number",
        linkify=(
            "billing:purchase-detail",
            {
                "slug": tables.A("customer__slug"),
                "public_id": tables.A("purchase_line__purchase__public_id"),
            },
        ),
        orderable=True,
        default="\N{EN DASH}",
    )
    channel = tables.Column(
        verbose_name=_("Channel"),
        accessor="purchase_line__purchase__channel",
        orderable=True,
        attrs=cell("muted hide", header=""),
    )
    renews = tables.Column(
        verbose_name=_("Renews"),
        accessor="renews__label",
        order_by="renews__number",
        orderable=True,
        attrs=cell("nb muted hide", header="nb"),
        default="\N{EN DASH}",
    )
    starts_at = DayColumn(
        verbose_name=_("First day"), orderable=True, attrs=cell("nb muted hide", header="nb")
    )
    ends_at = LastDayColumn(verbose_name=_("Last day"), orderable=True)
    left = tables.TemplateColumn(
        template_name="billing/_license_left.html",
        verbose_name=_("Days left"),
        order_by="ends_at",
        orderable=True,
        attrs=cell("nb"),
        extra_context=standing_of,
    )
    state = tables.TemplateColumn(
        template_name="billing/_license_state.html",
        verbose_name=_("Status"),
        attrs=cell("nb"),
        orderable=True,
        extra_context=standing_of,
    )

    class Meta:
        sequence = (
            "number",
            "kind",
            "order",
            "channel",
            "renews",
            "starts_at",
            "ends_at",
            "left",
            "state",
            "credits",
        )
        empty_text = _("No license matches.")

    def __init__(self, data: Any, *, now: datetime, **kwargs: Any) -> None:
        self.now = now
        super().__init__(data, **kwargs)

    def render_number(self, record: License) -> str:
        return record.label

    def render_kind(self, record: License) -> str:
        return record.get_kind_display()

    def value_left(self, record: License) -> int | None:
        """Days until it ends, the day begun counted; only what is valid has any."""
        is_valid = record.state == LicenseState.VALID  # type: ignore[attr-defined]
        return -((self.now - record.ends_at) // clock.DAY) if is_valid else None

    def value_state(self, record: License) -> str:
        return str(LicenseState(record.state).label)  # type: ignore[attr-defined]


class AllLicenseTable(LicenseTable):
    """Every license, for a file: the page has them in two tables."""

    key = "all-licenses"

    class Meta:
        sequence = LicenseTable.Meta.sequence


class OverLicenseTable(LicenseTable):
    """Licenses that have ended or were voided."""

    key = "ended-licenses"

    class Meta:
        sequence = LicenseTable.Meta.sequence
        empty_text = LicenseTable.Meta.empty_text
