"""Every answer carries the security headers, whoever asks and whatever comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from tests.access.probing import HTMX, address, ends_session, send
from tests.access.routes import portal_routes
from tests.access.world import World

STATIC = "/static/css/portal.css"
LOGGED_IN = ("admin", "rep", "support")
"""What they see is stored nowhere."""


def policy_of(response: HttpResponse) -> dict[str, list[str]]:
    parts = [part.split() for part in response["Content-Security-Policy"].split(";")]
    return {name: sources for name, *sources in parts}


def check(response: HttpResponse, what: str) -> None:
    policy = policy_of(response)
    allowed = {source for sources in policy.values() for source in sources}
    assert allowed <= {"'self'", "'none'", "data:"}, what
    assert policy["img-src"] == ["'self'", "data:"], what
    assert all("data:" not in sources for name, sources in policy.items() if name != "img-src")
    for name in ("default-src", "script-src", "style-src", "connect-src", "form-action"):
        assert policy[name] == ["'self'"], what
    for name in ("object-src", "base-uri", "frame-ancestors"):
        assert policy[name] == ["'none'"], what
    assert response["X-Content-Type-Options"] == "nosniff", what
    # An address that holds a secret is told to nobody.
    referrer = "no-referrer" if " /shared/" in what else "same-origin"
    assert response["Referrer-Policy"] == referrer, what
    assert response["Cross-Origin-Opener-Policy"] == "same-origin", what
    assert "camera=()" in response["Permissions-Policy"], what


def answers(world: World, who: str) -> Iterator[tuple[str, HttpResponse]]:
    """What a person gets from every route, plain and as a fragment, read and sent."""
    kept = world.client(who)
    for route in portal_routes():
        url = address(route, world.own)
        for method, htmx in (("GET", False), ("GET", True), ("POST", False)):
            client = world.client(who) if ends_session(route) else kept
            yield f"{method} {url} for {who}", send(client, method, url, htmx=htmx)
    for url in (
        "/admin/",
        "/admin/credits/customer/",
        "/admin/credits/user/add/",
        "/admin/mail/",
        "/admin/x/",
    ):
        yield f"{url} for {who}", send(kept, "GET", url)


@pytest.mark.parametrize("who", ["nobody", "viewer", "admin", "stranger", "rep", "support"])
def test_every_answer_carries_the_headers(world: World, who: str) -> None:
    statuses = set()
    for what, response in answers(world, who):
        check(response, what)
        assert "HX-Request" in response["Vary"], what
        if who in LOGGED_IN and response.status_code != 405 and "/health" not in what:
            assert "no-store" in response["Cache-Control"], what
            assert "private" in response["Cache-Control"], what
        statuses.add(response.status_code)

    assert {200, 302, 405} <= statuses


def test_faults_and_refusals_carry_them_too(world: World, settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.security.faulty_urls"
    strict: Any = Client(enforce_csrf_checks=True, raise_request_exception=False)
    admin = world.people["admin"]
    assert admin is not None
    for logged_in in (False, True):
        if logged_in:
            strict.force_login(admin)
        found = {
            500: strict.get("/broken/"),
            404: strict.get("/no/such/page/"),
            403: strict.post("/login/", {"username": "x"}),
            400: strict.get("/login/", QUERY_STRING="q=%00"),
        }
        for status, response in found.items():
            assert response.status_code == status
            check(response, str(status))
            assert b"Traceback" not in response.content
            assert b"on purpose" not in response.content


def test_a_file_is_not_taken_for_another_kind(client: Client) -> None:
    response = client.get(STATIC)

    assert response.status_code == 200
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"].startswith("text/css")


def test_the_session_cookie_is_out_of_reach_for_scripts_and_other_sites(world: World) -> None:
    client = Client()
    client.post("/login/", {"username": "alice@example.org", "password": "walnut-orbit-glacier"})

    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_fragment_with_an_expired_session_reloads_the_page(world: World) -> None:
    client = world.client("admin")
    client.logout()
    routes = [route for route in portal_routes() if "slug" in route.parameters]

    for route in routes:
        url = address(route, world.own)
        response = send(client, "POST" if route.name.endswith("undo") else "GET", url, htmx=True)
        if response.status_code != 405:
            assert response.status_code == 204
            assert response["HX-Redirect"].startswith("/login/?next=")
            assert not response.content


@pytest.mark.parametrize(
    "current", ["https://evil.example/x", "//evil.example", "javascript:alert(1)", "\\\\evil", ""]
)
def test_the_page_to_come_back_to_is_an_own_one(world: World, client: Client, current: str) -> None:
    url = address(next(r for r in portal_routes() if "slug" in r.parameters), world.own)

    response = client.get(url, headers=HTMX | {"HX-Current-URL": current})

    assert response["HX-Redirect"] == f"/login/?next={url}"
