"""Credit requests as rows: of one customer, and at the sales desk."""

from __future__ import annotations

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from billing.domain.request_lists import cause_text
from billing.models import CreditRequest
from credits.web.tables import (
    BaseTable,
    CreditsColumn,
    DayColumn,
    InstantColumn,
    NameColumn,
    cell,
)

ITS_PAGE = (
    "billing:request-detail",
    {"slug": tables.A("customer__slug"), "public_id": tables.A("public_id")},
)


class RequestTable(BaseTable):
    """A customer's requests, as `requests_of` reads them."""

    key = "requests"
    number = NameColumn(
        verbose_name=_("Request"),
        accessor="label",
        order_by="number",
        linkify=ITS_PAGE,
        orderable=True,
    )
    credits = CreditsColumn(verbose_name=_("Credits"), orderable=True)
    needed_on = DayColumn(
        verbose_name=_("Needed by"), orderable=True, initial_sort_descending=False
    )
    cause = tables.Column(verbose_name=_("Cause"), attrs=cell("muted"))
    state = tables.TemplateColumn(
        template_name="billing/_request_state.html",
        verbose_name=_("State"),
        orderable=True,
        attrs=cell("nb"),
    )
    asked_at = InstantColumn(verbose_name=_("Asked"), orderable=True)
    asked_by = tables.Column(
        verbose_name=_("By"), accessor="asked_by__name", orderable=True, attrs=cell("muted")
    )

    class Meta:
        sequence = ("number", "credits", "needed_on", "cause", "state", "asked_at", "asked_by")
        empty_text = _("No request yet.")

    def render_cause(self, record: CreditRequest) -> str:
        return cause_text(record)

    def value_cause(self, record: CreditRequest) -> str:
        return cause_text(record)

    def value_state(self, record: CreditRequest) -> str:
        return record.get_state_display()


class DeskRequestTable(RequestTable):
    """The requests of a sales person's customers, as `requests_for` orders them."""

    is_adjustable = True
    default_columns = ("number", "credits", "needed_on", "cause", "state", "asked_at")
    customer = NameColumn(
        verbose_name=_("Customer"),
        accessor="customer__name",
        linkify=("billing:annual-credits", {"slug": tables.A("customer__slug")}),
        orderable=True,
    )
    number = tables.Column(
        verbose_name=_("Request"),
        accessor="label",
        order_by="number",
        linkify=ITS_PAGE,
        orderable=True,
        attrs=cell("nb"),
    )
    state = tables.TemplateColumn(
        template_name="billing/_request_state.html",
        verbose_name=_("State"),
        order_by="rank",
        orderable=True,
        attrs=cell("nb"),
    )
    asked_at = DayColumn(
        verbose_name=_("Asked"), orderable=True, attrs=cell("nb muted hide", header="nb hide")
    )
    act = tables.TemplateColumn(
        template_name="billing/_request_act.html",
        verbose_name="",
        attrs=cell("n do"),
    )

    class Meta:
        sequence = (
            "customer",
            "number",
            "credits",
            "needed_on",
            "cause",
            "state",
            "asked_at",
            "asked_by",
            "act",
        )
        empty_text = _("No customer asks for credits.")
