"""Reading writes nothing, and shows nothing of another customer."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from typing import Any
from urllib.parse import urljoin

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tests.access.policy import COLUMNS
from tests.access.probing import HTMX, address, stored
from tests.access.routes import portal_routes
from tests.access.world import World

LINK = re.compile(r'(?:href|hx-get|action)="([^"#]+)')
MOST_PAGES, MOST_OF_ONE = 250, 8
PART_OF_MARK = "oreali"
"""What a search asks for: a page that repeats it does not show the whole mark."""


def read(client: Client, url: str, headers: dict[str, str] | None = None) -> tuple[int, str, Any]:
    response: Any = client.get(url, headers=headers)
    content = b"".join(response) if response.streaming else response.content
    told = " ".join(f"{name}: {value}" for name, value in response.headers.items())
    return response.status_code, f"{content.decode(errors='replace')} {told}", response


def starts(world: World) -> list[str]:
    return [address(route, world.own) for route in portal_routes()]


@pytest.mark.parametrize("who", [*COLUMNS, "operator", "catalogue"])
def test_reading_writes_nothing(world: World, who: str) -> None:
    client, before = world.client(who), stored()
    lists = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in admin.site._registry
    ]
    for url in [*starts(world), *lists, reverse("admin:index") + "?q=halden"]:
        read(client, url)
        read(client, url, HTMX)

    assert stored() == before


def crawl(client: Client, first: list[str]) -> dict[str, str]:
    """All that a person reaches by links from some addresses: text and headers, by address."""
    waiting, pages, seen = list(first), dict[str, str](), Counter[str]()
    while waiting and len(pages) < MOST_PAGES:
        url = waiting.pop(0)
        path = url.partition("?")[0]
        if url in pages or seen[path] >= MOST_OF_ONE:
            continue
        seen[path] += 1
        _, pages[url], _ = read(client, url)
        found = [urljoin(url, unescape(link)) for link in LINK.findall(pages[url])]
        waiting += [link for link in found if link.startswith("/") and "static" not in link]
    return pages


MARKS = {"own": ("halden", "alice@", "bob@"), "other": ("borealis", "carol@")}


@pytest.mark.parametrize(
    ("who", "hidden"),
    [("admin", "other"), ("viewer", "other"), ("rep", "other"), ("stranger", "own")],
)
def test_no_page_tells_anything_of_another_customer(world: World, who: str, hidden: str) -> None:
    client = world.client(who)
    home, away = (world.other, world.own) if who == "stranger" else (world.own, world.other)
    first = [address(route, home) for route in portal_routes()]
    searched = [f"{url}{'&' if '?' in url else '?'}q={PART_OF_MARK}" for url in first]
    foreign = [
        url
        for route in portal_routes()
        for url in (address(route, away), address(route, home, objects=away))
        if "slug" in route.parameters
    ]

    pages = crawl(client, [*first, *searched])
    pages |= {f"{url} by htmx": read(client, url, HTMX)[1] for url in (*first, *searched, *foreign)}
    pages |= {url: read(client, url)[1] for url in foreign}

    shown = {
        url: mark
        for url, text in pages.items()
        for mark in MARKS[hidden]
        if mark in text.lower().replace(away.customer.slug, "")
    }
    assert shown == {}
    assert len(pages) > 60


def test_the_marks_are_in_every_text_of_the_hidden_customer(world: World) -> None:
    """What the crawl looks for is there to be found: support sees it."""
    client = world.client("support")
    pages = {route.name: read(client, address(route, world.other))[1] for route in portal_routes()}

    for name in (
        "billing:annual-credits",
        "billing:purchase-detail",
        "credits:activity",
        "estimator:estimate-list",
    ):
        assert "borealis" in pages[name].lower()
