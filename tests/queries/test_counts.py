"""How many queries every page takes: the table `counts.json`.

    PORTAL_WRITE_COUNTS=1 ./portal test tests/queries/test_counts.py

writes the table anew; it is read as a part of the change.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.access.policy import portal_policy
from tests.access.probing import address
from tests.access.routes import portal_routes
from tests.access.world import World, staff, world
from tests.queries.cost import captured

__all__ = ["staff", "world"]

TABLE = Path(__file__).with_name("counts.json")
WRITES = "PORTAL_WRITE_COUNTS"
PEOPLE = ("admin", "rep")
"""Alice, who manages the customer, and the rep who looks after it."""


def counted(world: World) -> Iterator[tuple[str, str, int, str]]:
    """Each page and person who may open it, with the number of statements and their text."""
    policy = portal_policy()
    for who in PEOPLE:
        client = world.client(who)
        for route in portal_routes():
            line = policy.get(("GET", route.name))
            if line is None or line[who] != "ok":
                continue
            url = address(route, world.own)
            read(client, url)
            with captured() as statements:
                read(client, url)
            text = "\n".join(sql for sql, _ in statements)
            yield route.name, who, len(statements), text


def read(client: Client, url: str) -> None:
    """One answer, to the end of its stream."""
    answer: Any = client.get(url)
    assert answer.status_code < 500, url
    if answer.streaming:
        b"".join(answer.streaming_content)


def test_every_page_takes_as_many_queries_as_its_table_says(world: World) -> None:
    found: dict[str, dict[str, int]] = {}
    texts = {}
    for name, who, number, text in counted(world):
        found.setdefault(name, {})[who] = number
        texts[name, who] = text
    if os.environ.get(WRITES):
        TABLE.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    known = json.loads(TABLE.read_text(encoding="utf-8"))

    differing = [
        f"{name} as {who}: {found.get(name, {}).get(who)}, not {known.get(name, {}).get(who)}\n"
        f"{texts.get((name, who), '')}"
        for name in sorted(found.keys() | known.keys())
        for who in PEOPLE
        if found.get(name, {}).get(who) != known.get(name, {}).get(who)
    ]
    if differing:
        pytest.fail("\n\n".join([f"Right? Then set {WRITES}=1 and test again.", *differing]))
