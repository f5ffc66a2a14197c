"""A form sent from elsewhere is refused on every route, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from tests.access.policy import portal_policy
from tests.access.probing import address, sent_to, stored
from tests.access.routes import portal_routes
from tests.access.world import World

ADMIN_FORMS = [
    reverse(f"admin:{name}")
    for name in ("credits_customer_add", "credits_membership_add", "credits_user_add")
]


def sent_by(world: World) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Every route that takes a form: who may send it, where, and what makes it write."""
    for route in portal_routes():
        people = portal_policy()["POST", route.name]
        allowed = [who for who, verdict in people.items() if verdict == "ok"]
        if allowed:
            yield allowed[-1], address(route, world.own), sent_to(route)
    yield from (("support", url, {}) for url in [*ADMIN_FORMS, "/admin/password_change/"])


def strict(world: World, who: str) -> Client:
    client, user = Client(enforce_csrf_checks=True), world.people[who]
    if user is not None:
        client.force_login(user)
    return client


def test_every_form_needs_its_token(world: World) -> None:
    tried = [(strict(world, who), url, data) for who, url, data in sent_by(world)]
    before = stored()
    for client, url, data in tried:
        assert client.post(url, data).status_code == 403, url

    assert len(tried) > 8
    assert stored() == before


@pytest.mark.parametrize("by_header", [True, False], ids=["as htmx sends it", "as a form does"])
def test_with_its_token_the_form_is_taken(world: World, by_header: bool) -> None:
    for who, url, data in sent_by(world):
        client = strict(world, who)
        client.get(reverse("credits:login") if who == "nobody" else "/admin/password_change/")
        token = token_of(client)
        headers = {"X-CSRFToken": token} if by_header else {}
        form = data if by_header else {**data, "csrfmiddlewaretoken": token}
        assert client.post(url, form, headers=headers).status_code != 403, url


def token_of(client: Client) -> str:
    if "csrftoken" not in client.cookies:
        client.cookies["csrftoken"] = "a" * 32
    return client.cookies["csrftoken"].value


def test_the_refusal_is_a_page_that_says_what_to_do(world: World) -> None:
    page = strict(world, "nobody").post(reverse("credits:login"), {}).content.decode()

    assert "<title>" in page
    assert "CSRF verification failed" not in page
