"""A person's own name, time zone and password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from credits.domain.own_details import zones
from credits.models import SecurityEvent, SecurityEventKind, User
from tests.credits.views.pages import words
from tests.factories.credits import PASSWORD

URL = "/settings/"
NEW = "marble-canyon-thistle"


def details(client: Client, **typed: str) -> Any:
    fields = {"act": "details", "name": "Alice B.", "time_zone": "Europe/Berlin"}
    return client.post(URL, fields | typed)


def password(client: Client, **typed: str) -> Any:
    fields = {
        "act": "password",
        "old_password": PASSWORD,
        "new_password1": NEW,
        "new_password2": NEW,
    }
    return client.post(URL, fields | typed)


def test_name_and_time_zone_are_saved_and_followed(admin: Client, base: str, alice: User) -> None:
    assert details(admin).status_code == 303

    alice.refresh_from_db()
    assert (alice.name, alice.time_zone) == ("Alice B.", "Europe/Berlin")
    page = admin.get(URL).content.decode()
    assert '<option value="Europe/Berlin" selected>Berlin</option>' in page
    assert admin.get(f"{base}activity/").status_code == 200


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "Enter the name that others see."),
        ({"name": "   "}, "Enter the name that others see."),
        ({"name": "x" * 121}, "at most 120 characters"),
        ({"time_zone": "Mars/Olympus"}, "Choose a time zone from the list."),
        ({"time_zone": "../../etc/passwd"}, "Choose a time zone from the list."),
        ({"time_zone": ""}, "Choose a time zone from the list."),
    ],
)
def test_bad_details_are_told_at_their_field(
    admin: Client, alice: User, typed: dict[str, str], sentence: str
) -> None:
    response = details(admin, **typed)

    assert response.status_code == 422
    assert sentence in words(response)
    alice.refresh_from_db()
    assert (alice.name, alice.time_zone) == ("Alice Brandt", "UTC")


def test_a_new_password_ends_the_sessions_elsewhere(
    admin: Client, alice: User, client_of: Callable[[User], Client]
) -> None:
    elsewhere = client_of(alice)

    assert password(admin).status_code == 303

    assert admin.get(URL).status_code == 200
    assert elsewhere.get(URL).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert SecurityEvent.objects.get().kind == SecurityEventKind.PASSWORD_SET


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"old_password": "wrong"}, "This is not your password."),
        ({"old_password": ""}, "This field is empty."),
        ({"new_password2": "another-one-entirely"}, "The two password fields didn"),
        ({"new_password1": "123", "new_password2": "123"}, "too short"),
    ],
)
def test_a_bad_password_is_told_and_the_session_stays(
    admin: Client, alice: User, typed: dict[str, str], sentence: str
) -> None:
    response = password(admin, **typed)

    assert response.status_code == 422
    assert sentence in words(response)
    assert NEW not in response.content.decode()
    assert admin.get(URL).status_code == 200
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_guessing_the_old_password_is_slowed_as_at_the_door(admin: Client, alice: User) -> None:
    for _ in range(settings.DOOR_TRIES_PER_ACCOUNT):
        password(admin, old_password="wrong")

    response = password(admin)

    assert response.status_code == 429
    assert "Too many tries" in words(response)
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_a_right_password_with_a_bad_new_one_counts_as_no_try(admin: Client) -> None:
    for _ in range(settings.DOOR_TRIES_PER_ACCOUNT + 1):
        password(admin, new_password1="123", new_password2="123")

    assert password(admin).status_code == 303


@pytest.mark.parametrize("who", ["bob", "carol", "rep", "manager", "support"])
def test_everybody_who_logs_in_has_own_settings(
    who: str, request: pytest.FixtureRequest, client_of: Callable[[User], Client]
) -> None:
    user = request.getfixturevalue(who)

    page = client_of(user).get(URL)

    assert f"You log in as {user.email}." in words(page)
    assert "My settings" in words(page)


def test_every_zone_that_is_offered_can_be_followed(admin: Client) -> None:
    assert {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"} <= set(zones())
    assert len(admin.get(URL).content) < 60_000


def test_a_strangers_words_are_shown_as_words(admin: Client) -> None:
    details(admin, name="<script>alert(1)</script>")

    assert "<script>alert" not in admin.get(URL).content.decode()
