"""What the marketplace posts to the webhook, as a message for the inbox."""

from __future__ import annotations

import hashlib

from billing.domain.marketplaces.providers import Message
from billing.marketplaces.azure.reading import Said, instant, parsed, said
from billing.models import Marketplace

LONGEST = 65_536
"""Bytes of a body; the documented ones have some 2,000."""

ASKS = frozenset({"ChangePlan", "ChangeQuantity"})
"""Actions that a publisher may refuse; they are accepted for him after ten seconds."""

ACKNOWLEDGED = ASKS | {"Reinstate"}
"""Actions whose operation waits for an answer; all others only tell."""

OPEN = frozenset({"NotStarted", "InProgress"})
"""As which an operation waits for its answer."""


def message(body: bytes) -> tuple[Message, Said]:
    """The message of a body, and what it says. Raises Unreadable.

    One operation is told of more than once, with another status or time, so what is told is a
    part of the message's id: the same body again is a repeat, another body another message. Who
    the buyer is, a message does not tell us: the subscription does.
    """
    found = parsed(body)
    what = said(found)
    digest = hashlib.sha256(body).hexdigest()[:32]
    return (
        Message(
            marketplace=Marketplace.AZURE,
            message_id=f"{what.operation}/{digest}",
            action=what.action,
            reference=what.subscription,
            product=what.offer,
            said_at=instant(found.get("timeStamp")),
            body=body.decode(),
        ),
        what,
    )
