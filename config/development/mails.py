"""The mails of a development installation as rows: what went out, and what waits."""

from __future__ import annotations

import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from credits.models import OutgoingMail
from credits.web.tables import BaseTable, NameColumn, cell


class MailTable(BaseTable):
    """Mails as `found_mails` reads them."""

    subject = NameColumn(
        verbose_name=_("Subject"),
        linkify=("development:mail-detail", {"public_id": tables.A("public_id")}),
    )
    to = tables.Column(verbose_name=_("To"))
    customer = tables.Column(
        verbose_name=_("Customer"), accessor="customer__name", attrs=cell("muted")
    )
    kind = tables.Column(verbose_name=_("Kind"), attrs=cell("nb muted"))
    sent = tables.TemplateColumn(
        template_name="development/_mail_sent.html",
        verbose_name=_("Sent"),
        order_by="sent_at",
        orderable=True,
        attrs=cell("nb muted"),
    )

    class Meta:
        sequence = ("subject", "to", "customer", "kind", "sent")
        empty_text = _("No mail was written yet.")


def found_mails(words: str) -> QuerySet[OutgoingMail]:
    """Every mail, newest first; those whose subject, recipient, kind or customer hold the words."""
    mails = OutgoingMail.objects.select_related("customer").order_by("-pk")
    if not words:
        return mails
    return mails.filter(
        Q(subject__icontains=words)
        | Q(to__icontains=words)
        | Q(kind__icontains=words)
        | Q(customer__name__icontains=words)
    )
