"""Events as EventBridge delivers them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.test import Client
from django.urls import reverse

from tests.billing.marketplaces.aws.conftest import BUYER, KEY, NOW, PRODUCT, license_arn

UPDATED, DEPROVISIONED = "License Updated - Manufacturer", "License Deprovisioned - Manufacturer"
CREATED, ENDED = "Purchase Agreement Created - Proposer", "Purchase Agreement Ended - Proposer"
BUS = "999900001111"


def event(
    number: int = 1, kind: str = UPDATED, *, of: int = 1, at: datetime = NOW
) -> dict[str, Any]:
    """The event of a license, with all that AWS puts into it."""
    return {
        "version": "0",
        "id": f"6c53798d-327e-b2e5-c20e-{number:012x}",
        "detail-type": kind,
        "source": "aws.agreement-marketplace",
        "account": BUS,
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "us-east-1",
        "resources": ["arn:aws:aws-marketplace::aws:agreement:agmt-2nehijlqfz9g7f2v6imgyjhmu"],
        "detail": {
            "requestId": "9838714e-d760-5508-8269-4738858dce43",
            "catalog": "AWSMarketplace",
            "offer": {"id": "offer-uovnpk2f6jq7s"},
            "license": {"arn": license_arn(of)},
            "product": {"id": "prod-k35yywhyj4eqg", "code": PRODUCT},
            "acceptor": {"accountId": BUYER},
            "proposer": {"accountId": BUS},
            "agreement": {"id": "agmt-2nehijlqfz9g7f2v6imgyjhmu"},
        },
    }


def agreement_event(number: int = 1, kind: str = CREATED) -> dict[str, Any]:
    """The event of an agreement, which names neither license nor product code."""
    found = event(number, kind)
    del found["detail"]["license"], found["detail"]["product"]
    found["detail"]["agreement"] |= {"intent": "NEW", "status": "ACTIVE"}
    return found


def changed(path: str, value: Any, number: int = 1) -> dict[str, Any]:
    """An event of which one thing is another; None takes it away."""
    found = whole = event(number)
    *before, last = path.split("/")
    for name in before:
        found = found[name]
    if value is None:
        del found[last]
    else:
        found[last] = value
    return whole


def send(body: Any, *, key: str | None = KEY, kind: str = "application/json") -> Any:
    """Post an event as the event bus does; what is no text is written as JSON."""
    raw = body if isinstance(body, str | bytes) else json.dumps(body)
    headers = {} if key is None else {"X-Marketplace-Key": key}
    client = Client(enforce_csrf_checks=True)
    return client.post(reverse("billing:aws-events"), raw, content_type=kind, headers=headers)
