"""The form of a purchase as a browser sends it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from credits.models import Customer
from tests.billing.ordering import today

DAY = timedelta(days=1)
HTMX = {"HX-Request": "true"}


def entry_url(customer: Customer) -> str:
    """Where purchases of a customer are entered."""
    return reverse("billing:purchase-new", kwargs={"slug": customer.slug})


def form_key(client: Client, customer: Customer) -> str:
    """The key of a form that was opened just now."""
    page = client.get(entry_url(customer)).content.decode()
    found = re.search(r'name="form_key" value="([^"]+)"', page)
    assert found is not None
    return unescape(found[1])


def typed(key: str = "", **fields: Any) -> dict[str, str]:
    """A form filled in well: 15,000 credits from today for a year. `line_0_x` is `line-0-x`."""
    first: date = today()
    data = {
        "form_key": key,
        "lines": "1",
        "order_number": "SO-1",
        "channel": "sales",
        "line-0-credits": "15,000",
        "line-0-first_day": first.isoformat(),
        "line-0-term": "12",
        "line-0-last_day": "",
        "price": "",
        "currency": "EUR",
        "note": "",
    }
    named = {
        re.sub(r"^line_(\d+)_", r"line-\1-", name): str(value) for name, value in fields.items()
    }
    return data | named


def send(client: Client, customer: Customer, **fields: Any) -> HttpResponse:
    """Open the form and send it, filled in well but for what is named."""
    key = fields.pop("key", None) or form_key(client, customer)
    headers = fields.pop("headers", None)
    url = entry_url(customer)
    return client.post(url, typed(key, **fields), headers=headers)  # type: ignore[return-value]


def text_of(response: Any) -> str:
    """The page's words, without tags, each space single."""
    bare = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(unescape(bare).split())
