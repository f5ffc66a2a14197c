"""What no form means to be sent: each gets an answer, and none of them breaks anything."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from tests.access.policy import portal_policy
from tests.access.probing import address
from tests.access.routes import Route, portal_routes
from tests.access.world import World

BAD = [
    "",
    "\0",
    "\ud800",
    "²",
    "9" * 5_000,
    "NaN",
    "-Infinity",
    "1e999",
    "-0",
    "-1",
    "10000000000000",
    "１２３",  # noqa: RUF001 - full-width digits are the point.
    "1_000",
    "12.5",
    "0000-00-00",
    "10000-01-01T00:00:00Z",
    "2026-03-29T02:30:00+99:99",
    "password",
    "-customer__name",
    "../../etc/passwd",
    "' OR 1=1 --",
    "<script>x</script>",
    "[]",
    "00000000-0000-0000-0000-000000000000",
]
SINGLY = ("²", "9" * 5_000, "NaN")
"""What is tried in each field alone as well: another field's refusal must not hide it. All of it
at night; by day each field meets one of them, in turn over all the fields of the portal."""

COMMON = ("page", "sort", "per_page", "q", "password__startswith", "customer__slug")
NAMED = re.compile(r'<(?:input|select|textarea|button)\b[^>]*\bname="([^"]+)"')
VALUE = re.compile(r'<input\b[^>]*\bname="([^"]+)"[^>]*\bvalue="([^"]*)"')
QUERY = re.compile(r"[?&]([a-z_]+)=")
FORM = "application/x-www-form-urlencoded"


def encoded(fields: dict[str, str]) -> str:
    """A query or form as a hostile client writes it: lone surrogates and all."""
    return "&".join(
        f"{quote(name)}={quote(value.encode('utf-8', 'surrogatepass'))}"
        for name, value in fields.items()
    )


def allowed(method: str) -> Iterator[tuple[str, Route]]:
    """Every route of a method with somebody who gets through to it."""
    for route in portal_routes():
        verdicts = portal_policy()[method, route.name]
        people = [who for who in ("admin", "rep", "nobody") if verdicts[who] == "ok"]
        if people and route.name != "credits:logout":
            yield people[0], route


def status(client: Client, method: str, url: str, query: str = "", body: str = "") -> int:
    response: Any = client.generic(method, url, body, FORM, QUERY_STRING=query)
    if response.streaming:
        b"".join(response.streaming_content)
    return int(response.status_code)


def alone(names: Sequence[str], place: int) -> Iterator[tuple[str, str]]:
    """The fields that are tried alone, each with a value; `place` is that of the page."""
    for at, name in enumerate(names, start=place):
        turn = SINGLY if os.environ.get("PORTAL_NIGHTLY") else (SINGLY[at % len(SINGLY)],)
        yield from ((name, value) for value in turn)


def names_of(page: str) -> list[str]:
    found = [*COMMON, *QUERY.findall(unescape(page)), *NAMED.findall(page)]
    return [name for name in dict.fromkeys(found) if name != "csrfmiddlewaretoken"]


@pytest.fixture
def patient(world: World) -> dict[str, Client]:
    """Clients that hand back a fault as the page it makes."""
    clients = {who: world.client(who) for who in ("admin", "rep", "support", "nobody")}
    for client in clients.values():
        client.raise_request_exception = False
    return clients


def test_no_query_breaks_a_page(world: World, patient: dict[str, Client]) -> None:
    broken, tried = [], 0
    for place, (who, route) in enumerate(allowed("GET")):
        url = address(route, world.own)
        response: Any = patient[who].get(url)
        page = "" if response.streaming else response.content.decode()
        names = names_of(page)[:12]
        queries = [dict([pair]) for pair in alone(names, place)]
        for query in (*queries, *(dict.fromkeys(names, value) for value in BAD)):
            tried += 1
            if status(patient[who], "GET", url, query=encoded(query)) >= 500:
                broken.append(f"{route.name} {query!r:.120}")

    assert broken == []
    assert tried > 600


def test_no_form_breaks_a_page(world: World, patient: dict[str, Client]) -> None:
    broken, tried = [], 0
    for place, (who, route) in enumerate(allowed("POST")):
        url = address(route, world.own)
        response: Any = patient[who].get(url)
        page = response.content.decode() if response.status_code == 200 else ""
        filled = {name: unescape(value) for name, value in VALUE.findall(page)}
        names = [name for name in names_of(page) if name not in COMMON][:30] or ["form_key"]
        together = [dict.fromkeys(names, value) for value in BAD]
        for sent in (*(dict([pair]) for pair in alone(names, place)), *together):
            tried += 1
            if status(patient[who], "POST", url, body=encoded(filled | sent)) >= 500:
                broken.append(f"{route.name} {sent!r:.200}")

    assert broken == []
    assert tried > 300


@pytest.mark.parametrize("value", BAD)
def test_no_word_breaks_the_support_desk(patient: dict[str, Client], value: str) -> None:
    desk = patient["support"]
    lists = [
        reverse(f"admin:{name}_changelist")
        for name in ("credits_customer", "credits_ledgerentry", "credits_operation", "credits_user")
    ]
    fields = ("q", "p", "o", "before", "state", "customer__id__exact", "recorded_at__gte", "e")

    for url in [reverse("admin:index"), *lists]:
        for field in fields:
            assert status(desk, "GET", url, query=encoded({field: value})) < 500, (url, field)


@pytest.mark.parametrize("name", ["credits_customer", "credits_membership", "credits_user"])
def test_no_field_breaks_what_support_makes(patient: dict[str, Client], name: str) -> None:
    desk, url = patient["support"], reverse(f"admin:{name}_add")
    page: Any = desk.get(url)
    filled = {name: unescape(value) for name, value in VALUE.findall(page.content.decode())}
    names = [name for name in names_of(page.content.decode()) if name not in COMMON]

    for value in BAD:
        alone = [{name: value} for name in names] if value in SINGLY else []
        for fields in (*alone, {name: value for name in names if name != "form_key"}):
            form = encoded({**filled, "reason": "x", **fields})
            assert status(desk, "POST", url, body=form) < 500, (fields, value[:20])


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=y"),
        (b"a=b", "text/plain"),
        ("&".join(f"f{n}=1" for n in range(2_000)).encode(), FORM),
        (b"a=" + b"x" * 3_000_000, FORM),
        (b"\xff\xfe\x00", FORM),
    ],
    ids=["JSON", "a broken boundary", "plain text", "2,000 fields", "3 MB", "no text"],
)
def test_no_body_breaks_a_form(
    world: World, patient: dict[str, Client], body: bytes, kind: str
) -> None:
    for who, route in allowed("POST"):
        response = patient[who].generic("POST", address(route, world.own), body, kind)
        assert response.status_code < 500, route.name
