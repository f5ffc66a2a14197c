"""Every route while support looks as a member: what the member meets, and nothing is written."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from credits import clock
from tests.access.probing import address, send, sent_to, stored, verdict
from tests.access.routes import Route, portal_routes
from tests.access.world import World
from tests.credits.viewing.looking import is_bannered, looks, page

KEYS = re.compile(r'(name="(?:form_key|csrfmiddlewaretoken|plan)" value=|csrftoken": )"[^"]*"')
MAIN = re.compile(r"<main.*?</main>", re.DOTALL)
FILE = "_export=csv"
WAYS_OUT = ("credits:logout", "credits:viewing-end")

as_member = pytest.mark.parametrize("who", ["viewer", "admin"])


def support_as(world: World, who: str) -> Client:
    member = world.people[who]
    assert member is not None
    return looks(world.client("support"), world.own.customer, member)


def customer_routes() -> list[Route]:
    return [route for route in portal_routes() if "slug" in route.parameters]


def shown(content: bytes) -> str:
    """What a page shows below its frame, without the keys that each form gets anew."""
    found = MAIN.search(content.decode(errors="replace"))
    return KEYS.sub("", unescape(found[0])) if found else ""


@pytest.mark.parametrize("who", [pytest.param("viewer", marks=pytest.mark.nightly), "admin"])
def test_every_page_of_the_customer_is_the_members(world: World, who: str) -> None:
    looking, member, differ = support_as(world, who), world.client(who), []
    for route in customer_routes():
        url = address(route, world.own)
        with clock.moved_to(clock.now()):
            theirs, own = send(looking, "GET", url), send(member, "GET", url)
        if theirs.status_code != own.status_code or verdict(theirs) != verdict(own):
            differ.append(f"GET {route.name}: {theirs.status_code}")
        elif not own.streaming and shown(theirs.content) != shown(own.content):
            differ.append(f"GET {route.name}: another page")

    assert differ == []


@pytest.mark.nightly
@as_member
def test_every_fragment_and_file_of_the_customer_is_the_members(world: World, who: str) -> None:
    looking, member, differ = support_as(world, who), world.client(who), []
    for route in customer_routes():
        url = address(route, world.own)
        for method, htmx, query in (("GET", True, ""), ("HEAD", False, ""), ("GET", False, FILE)):
            asked = url + ("&" if "?" in url else "?") + query
            theirs = send(looking, method, asked, htmx=htmx)
            own = send(member, method, asked, htmx=htmx)
            if theirs.status_code != own.status_code or verdict(theirs) != verdict(own):
                differ.append(f"{method} {asked}: {theirs.status_code}")

    assert differ == []


def test_nothing_is_sent_from_any_page_of_the_portal(world: World) -> None:
    client, before, went_through = support_as(world, "admin"), stored(), []
    for route in portal_routes():
        if route.name in WAYS_OUT:
            continue
        url = address(route, world.own)
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = send(client, method, url, htmx=method == "POST", data=sent_to(route))
            if answer.status_code != 403:
                went_through.append(f"{method} {route.name}: {answer.status_code}")

    assert went_through == []
    assert stored() == before


def test_what_is_refused_says_why_and_leads_out(world: World) -> None:
    client = support_as(world, "admin")

    plain = client.post(page(world.own.customer, "credits:allocation-undo"))
    fragment = client.post(
        page(world.own.customer, "billing:notice-read"), headers={"HX-Request": "true"}
    )

    assert "as Alice Brandt, reading only, so nothing was changed" in plain.content.decode()
    assert reverse("credits:viewing-end") in plain.content.decode()
    assert fragment.content.decode().endswith("reading only: nothing was changed.")
    assert fragment["Content-Type"].startswith("text/plain")


def test_every_page_says_who_looks_as_whom_and_for_how_long(world: World) -> None:
    client = support_as(world, "admin")

    told = client.get(page(world.own.customer)).content.decode()

    assert "<b>Sam Ito</b> looks at Halden Energy as <b>Alice Brandt</b>." in told
    assert "Reading only, 30 minutes left." in told
    assert "You are working for" not in told
    for elsewhere in ("credits:own-settings", "admin:index", "credits:home"):
        assert is_bannered(client.get(reverse(elsewhere), follow=True)), elsewhere


def test_who_looks_as_nobody_sees_no_banner(world: World) -> None:
    client = world.client("support")

    for elsewhere in ("credits:own-settings", "admin:index"):
        assert not is_bannered(client.get(reverse(elsewhere))), elsewhere
    assert not is_bannered(client.get(page(world.own.customer)))


def test_another_customer_stays_what_support_sees(world: World) -> None:
    client = support_as(world, "admin")

    there = client.get(page(world.other.customer))

    assert there.status_code == 200
    assert "You are working for Borealis Freight" in there.content.decode()
    assert "<b>Sam Ito</b> looks at Halden Energy" in there.content.decode()
    assert client.get(page(world.other.customer, "credits:allocation-move")).status_code == 403


def test_prices_are_shown_as_the_member_sees_them(world: World) -> None:
    url = address(
        next(r for r in customer_routes() if r.name == "billing:purchase-detail"), world.own
    )

    assert b"1,200" in world.client("support").get(url).content
    assert b"1,200" in support_as(world, "admin").get(url).content
    assert b"1,200" not in support_as(world, "viewer").get(url).content


def test_the_support_desk_stays_what_it_is(world: World) -> None:
    client = support_as(world, "admin")
    customer = world.own.customer
    hold = reverse("admin:credits_customer_hold", args=[customer.pk])

    assert client.get(hold).status_code == 200
    assert client.post(hold).status_code == 422
