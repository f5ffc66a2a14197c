"""Inviting: the mail, its limits, and nothing told of accounts elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from credits import clock
from credits.domain.members import InviteMember
from credits.domain.post import post
from credits.exceptions import InvalidCommand
from credits.models import Customer, Membership, OutgoingMail, Role, User
from tests.credits.members.acts import OTHER, member_url, operations, role_of, send
from tests.credits.members.conftest import NOW
from tests.credits.views.pages import words
from tests.factories import credits as make


@pytest.mark.parametrize("htmx", [False, True])
def test_an_invitation_makes_a_member_and_writes_one_mail(
    admin: Client, base: str, customer: Customer, htmx: bool
) -> None:
    url = f"{base}members/invite/"

    response = send(admin, url, email=f" {OTHER.upper()} ", name="Mira", role="viewer", htmx=htmx)

    assert response.status_code == (200 if htmx else 303)
    assert f"{base}members/" in response.headers["HX-Location" if htmx else "Location"]
    user = User.objects.get(email=OTHER)
    assert role_of(customer, user) == Role.VIEWER
    mail = OutgoingMail.objects.get(recipient=user)
    assert (mail.kind, mail.customer) == ("invitation", customer)
    page = words(admin.get(f"{base}members/"))
    assert f"{OTHER} is invited by mail." in page
    assert f"Mira {OTHER} Viewer invited 24 Nov 2026, not logged in since" in page
    assert "Made Mira a member: viewer" in words(admin.get(f"{base}activity/"))


def test_a_double_click_invites_once(admin: Client, base: str, customer: Customer) -> None:
    url = f"{base}members/invite/"
    key = admin.get(url).context["key"]
    fields = {"form_key": key, "email": OTHER, "name": "", "role": "viewer"}

    answers = [admin.post(url, fields).status_code for _ in range(2)]

    assert answers == [303, 303]
    assert OutgoingMail.objects.filter(to=OTHER).count() == 1
    assert operations(customer).count("invite") == 2


def test_an_account_elsewhere_is_told_by_nothing(
    admin: Client, base: str, customer: Customer, carol: User
) -> None:
    User.objects.filter(pk=carol.pk).update(last_login=NOW - timedelta(days=1))

    def told(email: str) -> list[str]:
        """All that the inviting admin gets to see, with the address taken out."""
        response = send(admin, f"{base}members/invite/", email=email, name="", role="viewer")
        user = User.objects.get(email=email)
        found = [str(response.status_code), response.headers["Location"]]
        for url in (f"{base}members/", f"{base}activity/", member_url(customer, user)):
            page = words(admin.get(url))
            found.append(page.replace(email, "X"))
        post_removal(admin, customer, user)
        found.append(words(admin.get(f"{base}activity/")).replace(email, "X"))
        return found

    known, unknown = told(carol.email), told("nobody@example.org")

    assert "Carol" not in " ".join(known)
    assert known[:3] == unknown[:3]
    assert known[4] == unknown[4]


def post_removal(admin: Client, customer: Customer, user: User) -> None:
    send(admin, member_url(customer, user), act="remove")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"email": ""}, "Enter a mail address like name@example.org."),
        ({"email": "nobody"}, "Enter a mail address like name@example.org."),
        ({"email": "a@" + "x" * 300 + ".org"}, "at most 254 characters"),
        ({"role": "owner"}, "Choose one of the roles."),
        ({"role": ""}, "Choose one of the roles."),
        ({"name": "x" * 121}, "at most 120 characters"),
        ({"email": "bob@example.org"}, "bob@example.org is a member already."),
        ({"email": "alice@example.org"}, "alice@example.org is a member already."),
        ({"form_key": "made-up"}, "This form was made for another page or person."),
    ],
)
@pytest.mark.parametrize("htmx", [False, True])
def test_bad_input_is_told_in_the_drawer_and_changes_nothing(
    admin: Client,
    base: str,
    bob: User,
    customer: Customer,
    typed: dict[str, str],
    sentence: str,
    htmx: bool,
) -> None:
    before = operations(customer), OutgoingMail.objects.count(), User.objects.count()
    fields = {"email": OTHER, "name": "Mira", "role": "viewer"} | typed

    response = send(admin, f"{base}members/invite/", htmx=htmx, **fields)

    assert response.status_code == 422
    assert sentence in words(response)
    assert ("<html" in response.content.decode()) is not htmx
    after = operations(customer), OutgoingMail.objects.count(), User.objects.count()
    assert after == before


def test_another_mail_waits_ten_minutes(admin: Client, base: str, customer: Customer) -> None:
    send(admin, f"{base}members/invite/", email=OTHER, name="", role="viewer")
    user = User.objects.get(email=OTHER)
    url = member_url(customer, user)

    with clock.moved_to(NOW + timedelta(minutes=9)):
        early = send(admin, url, act="again")
    with clock.moved_to(NOW + timedelta(minutes=11)):
        later = send(admin, url, act="again")

    assert early.status_code == 422
    said = "was sent to mira@example.org at 10:20 UTC. The next can be sent from 10:31 UTC."
    assert said in words(early)
    assert later.status_code == 303
    assert OutgoingMail.objects.filter(to=OTHER).count() == 2
    assert "Sent mira@example.org the invitation again" in words(admin.get(f"{base}activity/"))


def test_removing_and_inviting_at_once_is_no_way_around_it(
    admin: Client, base: str, customer: Customer
) -> None:
    invite = f"{base}members/invite/"
    send(admin, invite, email=OTHER, name="", role="viewer")
    post_removal(admin, customer, User.objects.get(email=OTHER))

    again = send(admin, invite, email=OTHER, name="", role="viewer")

    assert again.status_code == 422
    assert "The next can be sent from" in words(again)
    assert OutgoingMail.objects.filter(to=OTHER).count() == 1


def test_who_has_logged_in_gets_no_invitation(
    admin: Client, customer: Customer, bob: User, client_of: Callable[[User], Client]
) -> None:
    User.objects.filter(pk=bob.pk).update(last_login=NOW + timedelta(minutes=1))
    url = member_url(customer, bob)

    with clock.moved_to(NOW + timedelta(hours=1)):
        response = send(admin, url, act="again")

    assert response.status_code == 422
    assert "Bob Nygaard has logged in since" in words(response)
    assert "Send the invitation again" not in words(response)


def test_a_locked_account_becomes_a_member_without_mail(
    admin: Client, base: str, customer: Customer
) -> None:
    user = make.make_user(email=OTHER, is_active=False)

    response = send(admin, f"{base}members/invite/", email=OTHER, name="", role="viewer")

    assert response.status_code == 303
    assert role_of(customer, user) == Role.VIEWER
    assert not OutgoingMail.objects.filter(to=OTHER).exists()


def test_the_domain_refuses_a_member_however_it_is_asked(
    customer: Customer, alice: User, bob: User
) -> None:
    command: Any = InviteMember(
        customer=customer, asked=make.asked(actor=alice), email=bob.email, role=Role.ADMIN
    )

    with pytest.raises(InvalidCommand):
        post(command)

    assert Membership.objects.get(user=bob, customer=customer).role == Role.VIEWER


def test_a_locked_account_looks_like_any_other_invitation(
    admin: Client, base: str, customer: Customer
) -> None:
    user = make.make_user(email=OTHER, name="Mira Sol", is_active=False)
    send(admin, f"{base}members/invite/", email=OTHER, name="", role="viewer")
    url = member_url(customer, user)

    page, again = words(admin.get(f"{base}members/")), send(admin, url, act="again")

    assert f"{OTHER} Viewer invited 24 Nov 2026, not logged in since" in page
    assert again.status_code == 422
    assert "The next can be sent from 10:31 UTC." in words(again)
    assert "Mira" not in page + words(again)
