"""The queue of events: received in batches, stored, and only then taken out of it."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from billing.domain.marketplaces.inbox import store
from billing.domain.marketplaces.providers import Message
from billing.marketplaces.aws.calls import QUEUE, call, client
from billing.marketplaces.aws.configuration import Configuration
from billing.marketplaces.aws.events import Foreign, messages, read_event
from billing.marketplaces.aws.reading import Unreadable
from billing.models import Marketplace
from credits.exceptions import CreditsError

logger = logging.getLogger(__name__)

UNREADABLE = "unreadable"
"""The kind under which a text is kept that is no event of ours; it is parked for a person."""
BATCH, MOST_BATCHES = 10, 20
"""A run takes so many; the next one, a minute later, goes on."""
HIDDEN = 120
"""Seconds after which what was received and not taken out is received again."""


def collect(configuration: Configuration) -> int:
    """Store what waits in the queue, and take it out; how many were taken out.

    What cannot be read, and what is of another product or account, is kept as a message that
    waits for a person. What cannot be kept stays in the queue, and goes where its redrive policy
    says. Raises Unavailable.
    """
    # A queue on this machine is a stand-in, and is asked where it is.
    host = urlsplit(configuration.queue_url)
    local = host.hostname in ("127.0.0.1", "::1")
    asked = client(configuration, QUEUE, f"{host.scheme}://{host.netloc}" if local else "")
    taken = 0
    for _batch in range(MOST_BATCHES):
        received = receive(asked, configuration)
        for one in received:
            if kept(one, configuration):
                call(
                    asked.delete_message,
                    QueueUrl=configuration.queue_url,
                    ReceiptHandle=one["ReceiptHandle"],
                )
                taken += 1
        if not received:
            break
    return taken


def receive(asked: Any, configuration: Configuration) -> list[dict[str, Any]]:
    """The next batch of the queue."""
    answer = call(
        asked.receive_message,
        QueueUrl=configuration.queue_url,
        MaxNumberOfMessages=BATCH,
        WaitTimeSeconds=configuration.wait,
        VisibilityTimeout=HIDDEN,
    )
    return list(answer.get("Messages") or ())


def kept(received: dict[str, Any], configuration: Configuration) -> bool:
    """Whether what was received stands in the inbox, now or from before."""
    body = str(received.get("Body", ""))
    try:
        event = read_event(body.encode(), configuration)
        for one in messages(event):
            store(one)
    except (Unreadable, Foreign) as error:
        logger.warning(
            "aws_event_unreadable message=%s reason=%s", received.get("MessageId", ""), error
        )
        return is_stored(unreadable(received, body))
    except CreditsError as error:
        logger.warning(
            "aws_event_refused message=%s reason=%s", received.get("MessageId", ""), error.code
        )
        return False
    return True


def is_stored(message: Message) -> bool:
    """Whether the inbox has taken a message."""
    try:
        store(message)
    except CreditsError as error:
        logger.warning("aws_event_refused message=%s reason=%s", message.message_id, error.code)
        return False
    return True


def unreadable(received: dict[str, Any], body: str) -> Message:
    """A text of the queue that is no event of ours, as a message for a person."""
    message_id = f"sqs:{received.get('MessageId', '')}"
    return Message(
        marketplace=Marketplace.AWS,
        message_id=message_id,
        action=UNREADABLE,
        reference=message_id,
        body=body.replace("\0", "\ufffd"),
    )


def read_again(kept_before: Message, configuration: Configuration) -> str:
    """Read a text once more that was kept for a person; what came of it, in words.

    A product that is sold by now makes an event of it, which is stored under its own id.
    """
    try:
        event = read_event(kept_before.body.encode(), configuration)
        for one in messages(event):
            store(one)
    except (Unreadable, Foreign):
        return _("An event of the queue could not be read, or is of another account or product.")
    except CreditsError as error:
        return error.message
    return _("This event can be read by now, and was stored as %(event)s.") % {
        "event": event.event_id
    }
