"""A parked message tried again, on a person's word with a reason (docs/rules.md#marketplaces)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing.domain.marketplaces.applying import replay
from billing.models import Marketplace, MarketplaceMessage, MessageState
from credits.domain.access import may_correct
from credits.domain.books import Books
from credits.domain.commands import Answer, Asked, Command, Decision
from credits.domain.post import post
from credits.exceptions import InvalidCommand, NotAllowed


@dataclass(frozen=True, kw_only=True)
class ReplayMessage(Command):
    """Say that a parked message is to be tried again; the job does it within a minute.

    Raises InvalidCommand without a reason, NotAllowed for anybody but support, and for a message
    that is not parked.
    """

    kind: ClassVar[str] = "replay-message"

    message: UUID

    def content(self) -> Mapping[str, Any]:
        return {"message": self.message}

    def decide(self, books: Books) -> Decision:
        if not self.asked.reason.strip():
            raise InvalidCommand(_("Say why it is tried again."), field="reason")
        if self.asked.actor is None or not may_correct(self.asked.actor, books.customer):
            raise NotAllowed(_("Only support has messages tried again."))
        own = MarketplaceMessage.objects.filter(agreement__customer=books.customer)
        found = own.filter(public_id=self.message).first()
        if found is None or found.state != MessageState.PARKED:
            raise NotAllowed(_("This message is not parked, so nothing was changed."))
        return Decision(
            answer={"message": str(self.message)},
            subject=f"{Marketplace(found.marketplace).label} {found.message_id}",
        )


@transaction.atomic
def replay_message(message: MarketplaceMessage, asked: Asked) -> Answer:
    """Have a parked message of a linked agreement tried again, exactly once per key.

    Raises what ReplayMessage raises.
    """
    agreement = message.agreement
    if agreement is None or agreement.customer is None:
        raise NotAllowed(_("It is tried again as soon as a customer links its agreement."))
    answer = post(
        ReplayMessage(customer=agreement.customer, asked=asked, message=message.public_id)
    )
    if not answer.repeated:
        replay(MarketplaceMessage.objects.filter(pk=message.pk))
    return answer
