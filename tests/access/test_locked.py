"""Every route once access has ended: its people meet one page, staff get in as ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client

from credits import clock
from credits.domain.access_state import access_state
from tests.access.policy import COLUMNS, OPEN_WHEN_LOCKED, portal_policy
from tests.access.probing import address, ends_session, send, sent_to, stored, verdict
from tests.access.routes import Route, portal_routes
from tests.access.world import World

MEMBERS = ("viewer", "admin")
MARK = b'id="locked"'
"""What only the page of a locked customer holds."""

EACH_WAY = (("GET", False), ("GET", True), ("POST", False), ("POST", True))


@pytest.fixture
def locked(world: World) -> Iterator[World]:
    """The world after its licenses, its contracts, and all grace."""
    with clock.moved_to(clock.now() + timedelta(days=240)):
        assert access_state(world.own.customer, clock.now()).is_locked
        yield world


def is_closed(route: Route) -> bool:
    return "slug" in route.parameters and route.name not in OPEN_WHEN_LOCKED


def wanted(route: Route, who: str, method: str) -> str:
    """What the policy says; for members of a locked customer, on what is closed, its page."""
    ordinary = portal_policy()[method, route.name][who]
    return "closed" if who in MEMBERS and is_closed(route) and ordinary != "405" else ordinary


def met(client: Client, route: Route, world: World, method: str, *, htmx: bool) -> str:
    """What a person meets. A fragment is told to load its page anew, which then explains."""
    url = address(route, world.own)
    response = send(client, method, url, htmx=htmx, data=sent_to(route))
    explains = response.get("HX-Refresh") == "true" if htmx else MARK in response.content
    if explains and response.status_code == 403:
        return "closed"
    assert MARK not in response.content
    return verdict(response)


def wrong_answers(world: World, who: str) -> list[str]:
    kept, wrong = world.client(who), []
    for route in portal_routes():
        for method, htmx in EACH_WAY:
            client = world.client(who) if ends_session(route) else kept
            found, right = met(client, route, world, method, htmx=htmx), wanted(route, who, method)
            if found != right:
                wrong.append(f"{method} {route.name}: {found}, not {right}")
    return wrong


@pytest.mark.parametrize("who", COLUMNS)
def test_a_locked_customer_answers_its_members_with_one_page_and_staff_as_ever(
    locked: World, who: str
) -> None:
    assert wrong_answers(locked, who) == []


@pytest.mark.parametrize("who", MEMBERS)
def test_what_is_sent_to_a_closed_page_writes_nothing(locked: World, who: str) -> None:
    client, before = locked.client(who), stored()
    for route in portal_routes():
        for htmx in (False, True) if is_closed(route) else ():
            send(client, "POST", address(route, locked.own), htmx=htmx, data=sent_to(route))

    assert stored() == before


def test_what_stays_open_is_named_rightly_and_only_helps_to_renew() -> None:
    names = {route.name for route in portal_routes()}

    assert names >= OPEN_WHEN_LOCKED
    others = {name for name in OPEN_WHEN_LOCKED if not name.startswith("billing:request-")}
    assert others == {"billing:code-enter"}


def test_the_day_before_everything_is_open(world: World) -> None:
    ends_at = access_state(world.own.customer, clock.now()).ends_at
    assert ends_at is not None
    with clock.moved_to(ends_at - timedelta(microseconds=1)):
        answer = send(world.client("admin"), "GET", f"/c/{world.own.customer.slug}/allocate/")

    assert answer.status_code == 200
