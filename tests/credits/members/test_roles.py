"""Roles and removals: who may, who may not, and what is left afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import IntegrityError
from django.test import Client

from credits.domain.members import RemoveMember, SetRole
from credits.domain.people import Invite
from credits.domain.post import post
from credits.exceptions import NotAllowed, UnknownObject
from credits.models import Customer, Membership, Operation, Role, User
from tests.credits.members.acts import member_url, operations, role_of, send
from tests.credits.members.conftest import NOW
from tests.credits.views.pages import words
from tests.factories import credits as make


@pytest.fixture
def colleague(customer: Customer) -> User:
    """Another admin."""
    user = make.make_user(email="ana@example.org", name="Ana Ruiz")
    return make.make_member(customer, user, Role.ADMIN)


@pytest.mark.parametrize("htmx", [False, True])
def test_a_role_is_changed_and_told(
    admin: Client, base: str, customer: Customer, bob: User, htmx: bool
) -> None:
    User.objects.filter(pk=bob.pk).update(last_login=NOW + timedelta(minutes=1))

    response = send(admin, member_url(customer, bob), act="role", role="admin", htmx=htmx)

    assert response.status_code == (200 if htmx else 303)
    assert role_of(customer, bob) == Role.ADMIN
    assert "bob@example.org is an admin from now on." in words(admin.get(f"{base}members/"))
    activity = words(admin.get(f"{base}activity/"))
    assert "Changed the role of Bob Nygaard: viewer → admin Alice Brandt" in activity


def test_who_is_removed_is_refused_at_the_next_request_and_history_stays(
    admin: Client, base: str, customer: Customer, colleague: User, client_of: Any
) -> None:
    theirs = client_of(colleague)
    make.allocate(customer, "email-core", 5, actor=colleague)
    opened = send_later(theirs, f"{base}members/invite/")
    assert theirs.get(f"{base}members/").status_code == 200

    response = send(admin, member_url(customer, colleague), act="remove")

    assert response.status_code == 303
    assert theirs.get(f"{base}members/").status_code == 404
    assert opened().status_code == 404
    activity = words(admin.get(f"{base}activity/"))
    assert "Removed ana@example.org from the members Alice Brandt" in activity
    assert "Allocated Core package: 0 → 5 users Ana Ruiz" in activity
    assert User.objects.filter(pk=colleague.pk).exists()


def send_later(client: Client, url: str) -> Callable[[], Any]:
    """A form that is opened now and sent when it is called."""
    key = client.get(url).context["key"]
    fields = {"form_key": key, "email": "z@example.org", "role": "admin"}
    return lambda: client.post(url, fields)


@pytest.mark.parametrize("act", ["role", "remove"])
def test_nobody_removes_or_demotes_oneself(
    admin: Client, customer: Customer, alice: User, colleague: User, act: str
) -> None:
    url = member_url(customer, alice)

    response = send(admin, url, act=act, role="viewer")

    assert response.status_code == 422
    assert "Ask another admin" in words(response) or "ask another admin" in words(response)
    assert role_of(customer, alice) == Role.ADMIN


@pytest.mark.parametrize("how", ["role", "remove", "invite"])
def test_the_last_admin_stays_whoever_asks(
    customer: Customer, alice: User, bob: User, support: User, how: str
) -> None:
    locked = make.make_user(email="locked@example.org", is_active=False)
    make.make_member(customer, locked, Role.ADMIN)
    ask, member = make.asked(actor=support, reason="asked by phone"), str(alice.public_id)
    command: Any = {
        "role": SetRole(customer=customer, asked=ask, member=member, role=Role.VIEWER),
        "remove": RemoveMember(customer=customer, asked=ask, member=member),
        "invite": Invite(customer=customer, asked=ask, email=alice.email, role=Role.VIEWER),
    }[how]

    with pytest.raises(NotAllowed) as refusal:
        post(command)

    assert refusal.value.message.startswith("This is the only admin")
    assert role_of(customer, alice) == Role.ADMIN


def test_support_removes_with_a_reason(
    customer: Customer, bob: User, alice: User, support: User
) -> None:
    ask = make.asked(actor=support, reason="left the company")

    answer = post(RemoveMember(customer=customer, asked=ask, member=str(bob.public_id)))

    assert role_of(customer, bob) is None
    assert Operation.objects.get(pk=answer.operation.pk).actor == support


@pytest.mark.parametrize("who", ["bob", "carol", "rep", "manager"])
def test_others_are_refused_under_the_lock(
    customer: Customer, alice: User, colleague: User, who: str, request: pytest.FixtureRequest
) -> None:
    actor = request.getfixturevalue(who)
    command = RemoveMember(
        customer=customer, asked=make.asked(actor=actor), member=str(colleague.public_id)
    )

    with pytest.raises(NotAllowed):
        post(command)

    assert role_of(customer, colleague) == Role.ADMIN


def test_a_double_click_removes_once(admin: Client, customer: Customer, bob: User) -> None:
    url = member_url(customer, bob)
    fields = {"form_key": admin.get(url).context["key"], "act": "remove"}

    answers = [admin.post(url, fields).status_code for _ in range(2)]

    assert answers == [303, 303]
    assert operations(customer).count("remove-member") == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"act": "role", "role": "owner"}, "Choose one of the roles."),
        ({"act": "role"}, "Choose one of the roles."),
        ({"act": "role", "role": "viewer"}, "has this role already"),
        ({"act": "dance"}, "Choose what to do with one of the buttons."),
        ({}, "Choose what to do with one of the buttons."),
        ({"act": "remove", "form_key": "x"}, "This form was made for another page or person."),
    ],
)
def test_bad_input_is_told_in_the_drawer(
    admin: Client, customer: Customer, bob: User, typed: dict[str, Any], sentence: str
) -> None:
    before = operations(customer)

    response = send(admin, member_url(customer, bob), **typed)

    assert response.status_code == 422
    assert sentence in words(response)
    assert operations(customer) == before
    assert role_of(customer, bob) == Role.VIEWER


def test_another_customers_member_is_nobody(
    admin: Client, customer: Customer, alice: User, other_customer: Customer, carol: User
) -> None:
    ask = make.asked(actor=alice)
    with pytest.raises(UnknownObject):
        post(RemoveMember(customer=customer, asked=ask, member=str(carol.public_id)))

    response = admin.post(member_url(customer, carol), {"act": "remove"})

    assert response.status_code in (404, 422)
    assert "carol" not in response.content.decode().lower()
    assert role_of(other_customer, carol) == Role.ADMIN


def test_a_viewer_cannot_be_a_recipient(customer: Customer, bob: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.filter(customer=customer, user=bob).update(gets_notices=True)


def test_a_right_lost_while_waiting_for_the_lock_shows_nothing_more(
    admin: Client, base: str, customer: Customer, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = operations(customer)
    monkeypatch.setattr("credits.domain.members.access_to", lambda *_: None)
    settings_key = admin.get(f"{base}settings/").context["policy_key"]
    policy = {"act": "policy", "policy": "refuse", "form_key": settings_key}

    answers = [
        send(admin, member_url(customer, bob), act="remove"),
        send(admin, f"{base}members/invite/", email="z@example.org", role="viewer"),
        admin.post(f"{base}settings/", policy),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert "bob@example.org" not in "".join(words(answer) for answer in answers)
    assert operations(customer) == before
