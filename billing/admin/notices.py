"""Notices at the support desk: what was told to whom, and sent again where it did not arrive."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from billing.domain.notices.resending import send_again
from billing.domain.notices.words import told
from billing.models import Notice
from credits.admin.acting import Act, ActingAdmin
from credits.admin.keyset import KeysetAdmin
from credits.admin.links import customers_called, list_url, number_in, record_link, uuid_in
from credits.admin.people import portal_tools
from credits.admin.records import SHOWN, Chapter, add_chapter
from credits.domain.commands import Asked
from credits.domain.members import recipients_of
from credits.models import Customer, OutgoingMail
from credits.templatetags.figures import NOTHING, instant


class SendAgain(Act):
    """New mails to those who get the customer's notices today."""

    record: Notice
    name = "resend"
    label = "Send again"
    button = "Send it again"

    @property
    def title(self) -> str:
        return f"Send again to {self.record.customer.name}: {told(self.record).title}"

    @property
    def sentence(self) -> str:
        names = ", ".join(person.email for person in recipients_of(self.record.customer))
        return f"The mail goes to those who get this customer's notices today: {names or 'nobody'}."

    def act(self, request: HttpRequest, form: Any, ask: Asked) -> str:
        """Write the mails, and go on to them."""
        answer = send_again(self.record, ask)
        messages.success(request, f"Mails on their way: {answer.data['mails']}.")
        return list_url(OutgoingMail, operation__id__exact=answer.operation.pk)


def mails_of(notice: Notice) -> QuerySet[OutgoingMail]:
    """The mails that told a notice, first and again; of what was told together, the one mail."""
    again = Q(operation__kind="resend-notice", operation__answer__notice=str(notice.public_id))
    own = OutgoingMail.objects.filter(customer=notice.customer)
    return own.filter(Q(key__startswith=f"{notice.key}/") | again).order_by("-pk")


def notice_mails(request: HttpRequest, notice: Notice) -> Chapter:
    return Chapter(
        title="Mails that told it",
        columns=("Mail", "To", "Written", "Sent", "Problem"),
        rows=[
            (
                record_link(mail, mail.subject),
                mail.to,
                instant(mail.created_at),
                instant(mail.sent_at) if mail.sent_at else "not yet",
                mail.problem or NOTHING,
            )
            for mail in mails_of(notice)[:SHOWN]
        ],
        empty="None of its own: it went in one mail with another notice, or nobody got it.",
        more_url=list_url(OutgoingMail, customer__id__exact=notice.customer_id),
    )


def customer_notices(request: HttpRequest, customer: Customer) -> Chapter:
    found = Notice.objects.filter(customer=customer).select_related("license", "customer")
    return Chapter(
        title="Told",
        columns=("What", "License", "When"),
        rows=[
            (
                record_link(notice, told(notice).title),
                record_link(notice.license),
                instant(notice.created_at),
            )
            for notice in found.order_by("-pk")[:SHOWN]
        ],
        empty="Nothing was told yet.",
        more_url=list_url(Notice, customer__id__exact=customer.pk),
    )


@admin.register(Notice)
class NoticeAdmin(ActingAdmin, KeysetAdmin):
    """What customers were told, newest first, each with its mails."""

    corrections = (SendAgain,)
    list_display = ("what", "of", "of_license", "when")
    list_filter = ("kind", "created_at")
    list_select_related = ("customer", "license")
    linked_by = ("customer", "license")
    search_fields = ("customer",)
    search_help_text = "Customer, license number (L-204), or kind of notice (license-30)."
    shelf = "Mail"
    story = ("of", "what", "sentences", "of_license", "due", "when", "public_id")

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.add_chapter(10, notice_mails)

    def words(self, word: str) -> Q:
        number, public_id = number_in(word, "L"), uuid_in(word)
        if number is not None:
            return Q(license__number=number)
        if public_id is not None:
            return Q(public_id=public_id) | Q(customer__public_id=public_id)
        return Q(kind=word.lower()) | customers_called(word, "customer__")

    def told(self, record: Any) -> tuple[str, str]:
        return told(record).title, f"{record.customer.name} · {record.created_at:%Y-%m-%d}"

    def tools(self, request: HttpRequest, record: Notice) -> list[tuple[str, str]]:
        return [*self.correction_tools(request, record), *portal_tools(request, record.customer)]

    @admin.display(description="what")
    def what(self, notice: Notice) -> str:
        return told(notice).title

    @admin.display(description="in words")
    def sentences(self, notice: Notice) -> str:
        return " ".join(told(notice).sentences)

    @admin.display(description="customer")
    def of(self, notice: Notice) -> str:
        return record_link(notice.customer)

    @admin.display(description="license")
    def of_license(self, notice: Notice) -> str:
        return record_link(notice.license)

    @admin.display(description="due")
    def due(self, notice: Notice) -> str:
        return instant(notice.at)

    @admin.display(description="told")
    def when(self, notice: Notice) -> str:
        return instant(notice.created_at)


add_chapter(Customer, 75, customer_notices)
