"""Files of orders as rows."""

from __future__ import annotations

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from billing.models import ImportState, PurchaseImport
from credits.web.tables import BaseTable, CreditsColumn, InstantColumn, NameColumn, cell


class ImportTable(BaseTable):
    """A person's files of orders, the newest first."""

    key = "imports"
    name = NameColumn(
        verbose_name=_("File"),
        linkify=("billing:import-detail", {"public_id": tables.A("public_id")}),
        orderable=True,
    )
    state = tables.Column(verbose_name=_("State"), attrs=cell("nb"), orderable=True)
    orders = CreditsColumn(verbose_name=_("Purchases"), orderable=True)
    credits = CreditsColumn(verbose_name=_("Credits"), orderable=True)
    uploaded_at = InstantColumn(verbose_name=_("Uploaded"), orderable=True)

    class Meta:
        sequence = ("name", "state", "orders", "credits", "uploaded_at")
        empty_text = _("No file yet.")

    def render_state(self, record: PurchaseImport) -> str:
        return self.value_state(record)

    def value_state(self, record: PurchaseImport) -> str:
        """How it stands; a file with problems was checked and can go no further."""
        if record.state == ImportState.CHECKED and record.problems:
            return str(_("Has problems"))
        return record.get_state_display()
