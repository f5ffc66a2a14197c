"""What this installation sells on AWS Marketplace, and how it talks to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The settings of the marketplace. Credentials are none of them: boto3 finds its own."""

    products: Sequence[str]
    """Product codes, as AWS gave them."""
    region: str
    seller_accounts: Sequence[str] = ()
    """Accounts whose event bus may speak; empty: whichever holds the key."""
    queue_url: str = ""
    event_secrets: Sequence[str] = field(default=(), repr=False)
    endpoint: str = ""
    """A stand-in on this machine instead of AWS."""
    connect_timeout: float = 2
    read_timeout: float = 5
    """Seconds."""
    wait: int = 1
    """Seconds that an empty queue is listened to."""
    attempts: int = 3
    """How often one call is tried; a buyer waits for it."""


def configuration() -> Configuration:
    """The configuration of this moment."""
    return Configuration(
        products=tuple(settings.AWS_MARKETPLACE_PRODUCTS),
        region=settings.AWS_MARKETPLACE_REGION,
        seller_accounts=tuple(settings.AWS_MARKETPLACE_ACCOUNTS),
        queue_url=settings.AWS_MARKETPLACE_QUEUE_URL,
        event_secrets=tuple(secret for secret in settings.AWS_MARKETPLACE_EVENT_SECRETS if secret),
        endpoint=settings.AWS_MARKETPLACE_ENDPOINT,
    )
