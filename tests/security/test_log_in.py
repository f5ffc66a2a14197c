"""Log-in: one sentence for every refusal, a new session, and a way back to this host alone."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from credits.models import User
from tests.access.world import World
from tests.factories.credits import PASSWORD

LOGIN = reverse("credits:login")
HOSTILE = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "https://evil.example/",
    "http:///evil.example",
    "https:evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\n//evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "//testserver@evil.example",
    "https://testserver.evil.example/",
    "ftp://testserver/",
]


def log_in(client: Client, **changed: str) -> object:
    return client.post(LOGIN, {"username": "alice@example.org", "password": PASSWORD, **changed})


@pytest.mark.parametrize("target", HOSTILE)
def test_the_way_back_leads_to_this_host_alone(world: World, client: Client, target: str) -> None:
    sent = client.post(
        LOGIN, {"username": "alice@example.org", "password": PASSWORD, "next": target}
    )
    again = client.get(LOGIN, {"next": target})

    assert sent["Location"] == "/"
    assert again["Location"] == "/"


def test_the_way_back_is_taken_where_it_is_our_own(world: World, client: Client) -> None:
    wanted = reverse("credits:activity", kwargs={"slug": world.own.customer.slug}) + "?kind=grant"

    sent = client.post(
        LOGIN, {"username": "alice@example.org", "password": PASSWORD, "next": wanted}
    )

    assert sent["Location"] == wanted


def test_a_wrong_password_and_an_unknown_address_are_told_in_the_same_words(
    world: World, client: Client
) -> None:
    locked = world.people["viewer"]
    assert locked is not None
    User.objects.filter(pk=locked.pk).update(is_active=False)
    tried = [
        {"username": "alice@example.org", "password": "wrong"},
        {"username": "nobody@example.org", "password": PASSWORD},
        {"username": locked.email, "password": PASSWORD},
    ]

    pages = [client.post(LOGIN, fields) for fields in tried]

    said = {str(page.context["form"].non_field_errors()) for page in pages}
    assert len(said) == 1
    assert "Please enter a correct" in said.pop()
    assert {page.status_code for page in pages} == {200}
    assert "_auth_user_id" not in client.session


def test_the_typed_address_is_kept_and_the_password_is_not(world: World, client: Client) -> None:
    page = client.post(LOGIN, {"username": "alice@example.org", "password": "walnut-wrong"})

    assert 'value="alice@example.org"' in page.content.decode()
    assert "walnut-wrong" not in page.content.decode()


def test_log_in_starts_a_new_session_with_a_new_token(world: World, client: Client) -> None:
    client.get(LOGIN)
    session = client.session
    session["planted"] = "by somebody"
    session.save()
    client.cookies["sessionid"] = session.session_key or ""
    token = client.cookies["csrftoken"].value

    log_in(client)

    assert client.session.session_key != session.session_key
    assert client.cookies["csrftoken"].value != token


def test_another_persons_log_in_takes_nothing_over(world: World, client: Client) -> None:
    log_in(client)
    session = client.session
    session["of_alice"] = True
    session.save()

    client.post(reverse("credits:logout"))
    log_in(client, username="carol@example.org")

    assert "of_alice" not in client.session


def test_log_out_ends_the_session_on_the_server(world: World, client: Client) -> None:
    log_in(client)
    key = client.session.session_key

    client.post(reverse("credits:logout"))

    client.cookies["sessionid"] = key or ""
    assert client.get("/")["Location"].startswith(LOGIN)


def test_the_address_is_taken_in_any_case_and_with_spaces_around(
    world: World, client: Client
) -> None:
    log_in(client, username=" Alice@Example.ORG ")

    assert client.session["_auth_user_id"]


def test_a_changed_password_ends_all_other_sessions(world: World, client: Client) -> None:
    log_in(client)
    alice = world.people["admin"]
    assert alice is not None
    alice.set_password("another-walnut-orbit")
    alice.save(update_fields=["password"])

    assert client.get("/")["Location"].startswith(LOGIN)
