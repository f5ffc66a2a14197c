"""The outbox at the support desk: what was written, to whom, and whether it went out."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy

from credits.admin.keyset import KeysetAdmin
from credits.admin.links import customers_called, record_link
from credits.models import OutgoingMail
from credits.templatetags.figures import NOTHING, instant

SENT, UNSENT, FAILED = "sent", "unsent", "failed"


class MailStateFilter(admin.SimpleListFilter):
    """Mail that went out, that has not yet, and that failed and is tried again."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (UNSENT, gettext_lazy("Not sent yet")),
            (FAILED, gettext_lazy("Failed, tried again")),
            (SENT, gettext_lazy("Sent")),
        ]

    def queryset(self, request: HttpRequest, mails: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == SENT:
            return mails.filter(sent_at__isnull=False)
        if self.value() == UNSENT:
            return mails.filter(sent_at__isnull=True)
        if self.value() == FAILED:
            return mails.filter(sent_at__isnull=True).exclude(problem="")
        return mails


@admin.register(OutgoingMail)
class OutgoingMailAdmin(KeysetAdmin):
    """Mail newest first. A link that sets a password stands in no row, so none is shown."""

    list_display = ("subject", "kind", "of", "to", "sent_or_due", "attempts", "why")
    list_filter = (MailStateFilter, "created_at")
    list_select_related = ("customer", "recipient")
    linked_by = ("customer", "recipient", "operation")
    shelf = "Mail"
    search_fields = ("to",)
    search_help_text = "Mail address, kind of mail, or the customer."
    story = (
        "kind",
        "of",
        "person",
        "to",
        "written",
        "due",
        "sent",
        "attempts",
        "why",
        "by",
        "words_of",
        "dates",
    )

    def words(self, word: str) -> Q:
        if "@" in word:
            return Q(to=word.lower())
        return customers_called(word, "customer__") | Q(kind=word.lower())

    def told(self, record: Any) -> tuple[str, str]:
        return record.subject, f"to {record.to}"

    def tools(self, request: HttpRequest, record: Any) -> list[tuple[str, str]]:
        return [(reverse("admin:mail-preview"), "Preview of mail")]

    @admin.display(description="customer")
    def of(self, mail: OutgoingMail) -> str:
        return record_link(mail.customer)

    @admin.display(description="recipient")
    def person(self, mail: OutgoingMail) -> str:
        return record_link(mail.recipient, mail.recipient.name) if mail.recipient else NOTHING

    @admin.display(description="written")
    def written(self, mail: OutgoingMail) -> str:
        return instant(mail.created_at)

    @admin.display(description="due")
    def due(self, mail: OutgoingMail) -> str:
        return NOTHING if mail.sent_at else instant(mail.due_at)

    @admin.display(description="sent")
    def sent(self, mail: OutgoingMail) -> str:
        return instant(mail.sent_at)

    @admin.display(description="sent")
    def sent_or_due(self, mail: OutgoingMail) -> str:
        if mail.sent_at:
            return instant(mail.sent_at)
        return format_html("not yet, due {}", instant(mail.due_at))

    @admin.display(description="problem")
    def why(self, mail: OutgoingMail) -> str:
        return mail.problem or NOTHING

    @admin.display(description="operation")
    def by(self, mail: OutgoingMail) -> str:
        return record_link(mail.operation, mail.operation.kind) if mail.operation else NOTHING

    @admin.display(description="text")
    def words_of(self, mail: OutgoingMail) -> str:
        return format_html('<pre class="mail-text">{}</pre>', mail.text)

    @admin.display(description="attachment")
    def dates(self, mail: OutgoingMail) -> str:
        if not mail.calendar:
            return NOTHING
        return format_html('<pre class="mail-text">{}</pre>', mail.calendar)
