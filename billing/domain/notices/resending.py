"""A notice sent again by support: new mails to those who get the notices today (#r23).

The notice stays the one it is, and stands in the portal once; who has it already gets a second
mail under a key of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import transaction
from django.utils.translation import gettext as _

from billing.domain.notices.telling import SHUT, mail_of
from billing.models import Notice, NoticeKind
from credits.domain.access import may_correct
from credits.domain.access_state import access_state
from credits.domain.books import Books
from credits.domain.commands import Answer, Asked, Command, Decision
from credits.domain.mail import draft_mail
from credits.domain.members import recipients_of
from credits.domain.post import post
from credits.exceptions import InvalidCommand, NotAllowed
from credits.models import OutgoingMail


@dataclass(frozen=True, kw_only=True)
class SendNoticeAgain(Command):
    """Tell a notice by mail once more, by support and with a reason. It changes no credits.

    Answers with how many mails it makes. Raises NotAllowed for whoever is not support, and for a
    customer without access but of what tells of that; InvalidCommand without a reason, and where
    nobody gets the customer's notices.
    """

    kind: ClassVar[str] = "resend-notice"
    while_parked: ClassVar[bool] = True
    with_broken_books: ClassVar[bool] = True

    notice: Notice

    def content(self) -> Mapping[str, Any]:
        return {"notice": str(self.notice.public_id)}

    def decide(self, books: Books) -> Decision:
        if self.asked.actor is None or not may_correct(self.asked.actor, books.customer):
            raise NotAllowed(_("Only support sends a notice again."))
        if not self.asked.reason.strip():
            raise InvalidCommand(_("Say why; it is kept with the operation."), field="reason")
        is_locked = access_state(books.customer, books.now).is_locked
        if is_locked and self.notice.kind not in SHUT:
            raise NotAllowed(
                _("Access has ended, so only the mails that tell of that are sent again.")
            )
        count = len(recipients_of(books.customer))
        if not count:
            raise InvalidCommand(_("Nobody who can log in gets this customer's notices."))
        label = NoticeKind(self.notice.kind).label
        answer = {"notice": str(self.notice.public_id), "mails": count}
        return Decision(answer=answer, subject=label)


@transaction.atomic
def send_again(notice: Notice, asked: Asked) -> Answer:
    """Write the mails of a notice anew, in the transaction of the act that asks it.

    Raises what SendNoticeAgain does; then no mail was written.
    """
    answer = post(SendNoticeAgain(customer=notice.customer, asked=asked, notice=notice))
    if answer.repeated:
        return answer
    operation = answer.operation
    mails = []
    for person in recipients_of(notice.customer):
        told = mail_of(notice, person)
        key = f"resend/{operation.public_id}/{person.public_id}"
        mails.append(draft_mail(**told | {"key": key, "operation": operation}))
    OutgoingMail.objects.bulk_create(mails)
    return answer
