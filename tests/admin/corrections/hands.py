"""How the pages of corrections are filled in, and what is asked of the books after it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.test import Client
from django.urls import reverse

from credits import clock
from credits.domain.figures import standing
from credits.models import (
    Customer,
    Operation,
    User,
)
from tests.admin.pages import key_of
from tests.factories import credits as make

NOW = datetime(2027, 1, 10, 9, tzinfo=UTC)
EMAIL, ENDPOINT, PAYG = "email-core", "endpoint-sandbox-submission", "file-security-sdk"
WHY = "The order said 2028"


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(record: Any, name: str, **given: str) -> str:
    """The page of a correction."""
    meta = record._meta
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_{name}", args=[record.pk])
    return address + ("?" + "&".join(f"{k}={v}" for k, v in given.items()) if given else "")


def shown(client: Client, url: str, **fields: Any) -> Any:
    """What the first button shows."""
    return client.post(url, {"form_key": key_of(client, url), "reason": WHY, **fields})


def done(client: Client, url: str, **fields: Any) -> Any:
    """What becomes of a form that was looked at and sent."""
    return shown(client, url, **{"step": "do", "seen": str(10**9), **fields})


def balance(customer: Customer) -> int:
    return standing(customer, now=clock.now()).live.figure.balance


def allocated(customer: Customer, units: int, key: str = EMAIL) -> Operation:
    return make.allocate(customer, key, units).operation


def newest(customer: Customer) -> Operation:
    return Operation.objects.filter(customer=customer).latest("position")
