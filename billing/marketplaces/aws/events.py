"""Events of AWS Marketplace, as EventBridge delivers them: what they must be, what they say.

Of an event's content only the license, the buyer's account and the product are used: they say
where to look. Its kind is kept for people; one that nobody has heard of yet is taken as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_datetime

from billing.domain.marketplaces.providers import Message
from billing.marketplaces.aws.configuration import Configuration
from billing.marketplaces.aws.reading import Unreadable, read_object
from billing.models import Marketplace, MarketplaceAgreement

SOURCE = "aws.agreement-marketplace"
CATALOG = "AWSMarketplace"
EVENT_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{7,63}")
KIND = re.compile(r"[A-Za-z][A-Za-z0-9 /-]{0,99}")
ACCOUNT = re.compile(r"[0-9]{12}")
LICENSE = re.compile(
    r"arn:aws(?:-[a-z]+)*:license-manager:[a-z0-9-]{0,30}:[0-9]{12}:license[:/][A-Za-z0-9-]{1,64}"
)
AGREEMENT = re.compile(r"agmt-[A-Za-z0-9]{1,59}")
PRODUCT = re.compile(r"[A-Za-z0-9/=:_.@-]{1,200}")
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z")
AHEAD = timedelta(minutes=5)
OLDEST = timedelta(days=3)
"""EventBridge gives up after a day; what is older was kept by somebody to be sent again."""


class Foreign(Exception):
    """The event is none of ours, or not from where ours come from; the reason is for the log."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """What an event says."""

    event_id: str
    kind: str
    account: str
    """The buyer's."""
    license_arn: str
    """Empty in events of an agreement, which AWS sends beside those of its license."""
    product: str
    said_at: datetime
    body: str


def read_event(raw: bytes, configuration: Configuration) -> Event:
    """The event that a text is. Raises Unreadable or Foreign."""
    envelope = read_object(raw)
    if envelope.get("source") != SOURCE or envelope.get("version", "0") != "0":
        raise Foreign("source")
    if envelope.get("region") != configuration.region:
        raise Foreign("region")
    seller = text(envelope, "account", ACCOUNT)
    if configuration.seller_accounts and seller not in configuration.seller_accounts:
        raise Foreign("account")
    detail = part(envelope, "detail")
    if detail.get("catalog", CATALOG) != CATALOG:
        raise Foreign("catalog")
    license_arn, product = license_and_product(detail, configuration)
    return Event(
        event_id=text(envelope, "id", EVENT_ID),
        kind=text(envelope, "detail-type", KIND),
        account=text(part(detail, "acceptor"), "accountId", ACCOUNT),
        license_arn=license_arn,
        product=product,
        said_at=instant(text(envelope, "time", INSTANT)),
        body=raw.decode("utf-8"),
    )


def license_and_product(detail: dict[str, Any], configuration: Configuration) -> tuple[str, str]:
    """License and product of an event; both are empty where it speaks of an agreement alone."""
    if detail.get("license") is None:
        text(part(detail, "agreement"), "id", AGREEMENT)
        return "", ""
    product = text(part(detail, "product"), "code", PRODUCT)
    if product not in configuration.products:
        raise Foreign("product")
    return text(part(detail, "license"), "arn", LICENSE), product


def check_age(event: Event, now: datetime) -> None:
    """Refuse what did not happen lately. Raises Foreign."""
    if event.said_at > now + AHEAD:
        raise Foreign("ahead of time")
    if event.said_at < now - OLDEST:
        raise Foreign("too old")


def messages(event: Event) -> list[Message]:
    """What there is to look at after an event.

    An event of a license speaks of that one. An event of an agreement names no license: then each
    agreement that is known of the same buyer is looked at, and none is as good as any, since AWS
    tells of the license as well.
    """
    if event.license_arn:
        return [message(event, event.event_id, event.license_arn, event.product)]
    known = MarketplaceAgreement.objects.filter(
        marketplace=Marketplace.AWS, account=event.account
    ).order_by("pk")
    return [
        message(event, f"{event.event_id}/{one.public_id}", one.reference, one.product)
        for one in known
    ]


def message(event: Event, message_id: str, reference: str, product: str) -> Message:
    """The message of an event about one agreement."""
    return Message(
        marketplace=Marketplace.AWS,
        message_id=message_id,
        action=event.kind,
        reference=reference,
        account=event.account,
        product=product,
        said_at=event.said_at,
        body=event.body,
    )


def part(whole: dict[str, Any], name: str) -> dict[str, Any]:
    """An object within an object. Raises Unreadable."""
    found = whole.get(name)
    if not isinstance(found, dict):
        raise Unreadable(f"no {name}")
    return found


def text(whole: dict[str, Any], name: str, shape: re.Pattern[str]) -> str:
    """A text of one shape within an object. Raises Unreadable."""
    found = whole.get(name)
    if not isinstance(found, str) or not shape.fullmatch(found):
        raise Unreadable(f"no {name}")
    return found


def instant(written: str) -> datetime:
    """An instant of an event. Raises Unreadable for a day or hour that does not exist."""
    try:
        found = parse_datetime(written)
    except ValueError:
        found = None
    if found is None:
        raise Unreadable("no time")
    return found
