"""The list of members: who stands there, for whom, and at what cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from credits import clock
from credits.models import Customer, Membership, Role, User
from tests.credits.members.acts import OTHER, member_url
from tests.credits.views.pages import HTMX, words
from tests.factories import credits as make


def test_members_stand_with_role_and_last_log_in(
    admin: Client, base: str, bob: User, customer: Customer
) -> None:
    seen = clock.now() + timedelta(minutes=5)
    User.objects.filter(pk=bob.pk).update(last_login=seen)
    make.make_member(customer, make.make_user(email=OTHER, name="Mira Sol"), Role.VIEWER)

    page = words(admin.get(f"{base}members/"))

    assert "Alice Brandt alice@example.org Admin gets notices" in page
    assert "Bob Nygaard bob@example.org Viewer 24 Nov 2026, 10:25 UTC Change" in page
    assert "mira@example.org Viewer invited 24 Nov 2026, not logged in since Change" in page


def test_a_viewer_reads_and_is_offered_nothing_to_change(
    viewer: Client, base: str, alice: User, customer: Customer
) -> None:
    page = words(viewer.get(f"{base}members/"))

    assert "alice@example.org" in page
    assert "Admins invite and remove." in page
    assert "Change" not in page
    assert "Invite a member" not in page
    assert viewer.get(f"{base}members/invite/").status_code == 403
    assert viewer.get(member_url(customer, alice)).status_code == 403


def test_nobody_of_another_customer_is_ever_named(
    admin: Client, base: str, carol: User, alice: User, customer: Customer
) -> None:
    pages = ["members/", "members/invite/", f"members/{alice.public_id}/", "settings/"]

    told = [admin.get(base + page).content.decode() for page in pages]

    assert [text for text in told if "carol" in text.lower() or "Borealis" in text] == []
    assert admin.get(member_url(customer, carol)).status_code == 404


def test_rights_that_were_taken_away_end_a_running_session(
    viewer: Client, base: str, bob: User
) -> None:
    assert viewer.get(f"{base}members/").status_code == 200

    Membership.objects.filter(user=bob).delete()

    assert viewer.get(f"{base}members/").status_code == 404


@pytest.mark.parametrize("place", ["members/", "settings/", "members/invite/"])
def test_fifty_members_cost_as_many_queries_as_five(
    admin: Client,
    base: str,
    customer: Customer,
    place: str,
    django_assert_num_queries: Any,
    django_assert_max_num_queries: Any,
) -> None:
    add_members(customer, 4)
    with django_assert_max_num_queries(12) as few:
        admin.get(base + place)

    add_members(customer, 45)

    with django_assert_num_queries(len(few.captured_queries)):
        response = admin.get(base + place)
    assert response.content.count(b"@example.org") >= 50 or place == "settings/"


def add_members(customer: Customer, count: int) -> None:
    for _ in range(count):
        make.make_member(customer, make.make_user(), Role.ADMIN)


def test_a_table_sorted_by_htmx_comes_alone(admin: Client, base: str, bob: User) -> None:
    response = admin.get(f"{base}members/?sort=-email", headers=HTMX)
    text = response.content.decode()

    assert "<html" not in text
    assert text.index("bob@example.org") < text.index("alice@example.org")
