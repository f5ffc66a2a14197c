"""The inbox: what marketplaces send, kept raw before anything is done with it.

A message is stored exactly once per (marketplace, message id) and applied later, by `applying`
(docs/rules.md#marketplaces).
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from billing.domain.marketplaces.providers import Message
from billing.models import Marketplace, MarketplaceMessage
from credits import clock
from credits.exceptions import InvalidCommand, KeyConflict

logger = logging.getLogger(__name__)

LIMITS = {"message_id": 200, "action": 100, "reference": 300, "account": 100}
"""How many characters each part of a message may have."""

NEEDED = ("message_id", "reference")


@dataclass(frozen=True)
class Stored:
    """A message as it is kept. `repeated`: it was there before, and one more delivery counted."""

    row: MarketplaceMessage
    repeated: bool = False


@transaction.atomic
def store(message: Message) -> Stored:
    """Keep a verified message, exactly once; a repeat counts a delivery and changes nothing.

    Raises InvalidCommand for a message without an id or an agreement, or with parts too long to
    be kept, and KeyConflict for other content under an id that was used: then nothing is written.
    """
    check(message)
    sha256 = hashlib.sha256(message.body.encode()).hexdigest()
    now = clock.now()
    row, is_new = MarketplaceMessage.objects.get_or_create(
        marketplace=message.marketplace,
        message_id=message.message_id,
        defaults={
            "sha256": sha256,
            "body": message.body,
            "action": message.action,
            "reference": message.reference,
            "account": message.account,
            "product": message.product,
            "said_at": message.said_at,
            "received_at": now,
            "due_at": now,
        },
    )
    if is_new:
        return Stored(row)
    if row.sha256 != sha256:
        logger.warning(
            "marketplace_message_refused marketplace=%s message=%s reason=other_content",
            message.marketplace,
            message.message_id,
        )
        raise KeyConflict("A message with this id and other content was received before.")
    MarketplaceMessage.objects.filter(pk=row.pk).update(deliveries=F("deliveries") + 1)
    return Stored(row, repeated=True)


def check(message: Message) -> None:
    """Refuse what could not be kept as it came. Raises InvalidCommand."""
    if message.marketplace not in Marketplace.values:
        raise InvalidCommand("There is no such marketplace.", field="marketplace")
    for name, longest in LIMITS.items():
        text = getattr(message, name)
        if len(text) > longest or not text.isprintable() or (name in NEEDED and not text.strip()):
            raise InvalidCommand(
                f"A message's {name} has up to {longest} printable characters.", field=name
            )
    if "\0" in message.body:
        raise InvalidCommand("The text of a message holds no NUL.", field="body")
