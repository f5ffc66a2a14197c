"""A customer under a pay-as-you-go contract, and its pages as a person walks through them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

from django.test import Client
from django.urls import reverse

from billing.domain.billing_model import SwitchBillingModels
from billing.domain.contracts import EnterContract, ExtendContract, enter_contract
from billing.models import ContractChannel, PaygContract
from credits import clock
from credits.domain.commands import Answer
from credits.domain.figures import standing
from credits.domain.post import post
from credits.models import Customer, Feature
from tests.factories import credits as make

BUCKETS, SCANS, PRO = "file-security-storage-buckets", "file-security-sdk", "endpoint-pro"
CLOUD, XDR, PACKAGES = "cloud-risk", "xdr-for-cloud", "endpoint-packages"
RATE = 9636
"""Credits of one bucket."""

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
STARTS = datetime(2026, 4, 1, tzinfo=UTC)
ENDS = datetime(2026, 12, 1, tzinfo=UTC)
LATER_END = datetime(2027, 12, 1, tzinfo=UTC)
AGAIN = datetime(2026, 6, 3, tzinfo=UTC)
"""The first instant at which what was switched at noon may be switched again."""


def contract(
    customer: Customer,
    *,
    agreement: str = "AGR-1",
    starts_at: datetime = STARTS,
    ends_at: datetime = ENDS,
    **asked: Any,
) -> PaygContract:
    """Enter a contract."""
    command = EnterContract(
        customer=customer,
        asked=make.asked(**asked),
        channel=ContractChannel.AWS,
        agreement=agreement,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    return enter_contract(command)


def extend(found: PaygContract, ends_at: datetime = LATER_END, key: str = "") -> Answer:
    """Let a contract end later."""
    return post(
        ExtendContract(
            customer=found.customer,
            asked=make.asked(key),
            contract=found.public_id,
            ends_at=ends_at,
        )
    )


def switch(customer: Customer, *, shortfall: int | None = None, **fields: Any) -> Answer:
    """Switch features: `to_payg` and `to_credits` are sets of keys."""
    ask = make.asked(confirmed_shortfall=shortfall)
    return post(SwitchBillingModels(customer=customer, asked=ask, **fields))


def held(customer: Customer, key: str = BUCKETS) -> int:
    """What a feature holds live (credits)."""
    feature = Feature.objects.get(key=key)
    return standing(customer, now=clock.now()).live.by_feature.get(feature.pk, 0)


def held_at(customer: Customer, at: datetime, key: str = BUCKETS) -> int:
    """What a feature will hold at an instant, as known now."""
    with clock.moved_to(at):
        return held(customer, key)


def page_url(customer: Customer, name: str = "payg") -> str:
    return reverse(f"billing:{name}", kwargs={"slug": customer.slug})


def review_url(customer: Customer, query: str) -> str:
    return f"{page_url(customer, 'payg-review')}?{query}"


def fields_of(client: Client, url: str) -> dict[str, str]:
    """The hidden fields and numbers of a review that was opened just now."""
    page = client.get(url).content.decode()
    found = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="([^"]+)"', tag)
        if name and not (kind and kind[1] in ("checkbox", "radio")):
            found[unescape(name[1])] = unescape(value[1]) if value else ""
    return found


def confirmed(client: Client, url: str, **fields: str) -> Any:
    """Open a review and confirm it, with what is typed over its fields."""
    return client.post(url, {**fields_of(client, url), "act": "confirm", **fields})


def text_of(response: Any) -> str:
    """The page's words, without tags, each space single."""
    main = response.content.decode().split("<main", 1)[-1]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())
