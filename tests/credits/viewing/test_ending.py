"""A viewing is over by time, by its button, and when either of the two loses the way in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from credits import clock
from credits.domain.access import access_to
from credits.domain.members import RemoveMember, SetRole
from credits.domain.parking import Park
from credits.domain.post import post
from credits.models import Customer, Membership, Operation, Role, User, Viewing
from tests.billing.notices_pages.telling import tell
from tests.billing.ordering import today
from tests.credits.viewing.looking import form_url, is_bannered, looks, page, start
from tests.factories import credits as make

ClientOf = Callable[[User], Client]
END = reverse("credits:viewing-end")
NOT_ADMINS = "credits:member-invite"
"""A page that only admins open: support meets 403, its admin 200."""


@pytest.fixture
def held(customer: Customer) -> Customer:
    make.grant(customer, 52_000, today(), today() + timedelta(days=200))
    return customer


@pytest.fixture
def looking(held: Customer, alice: User, support: User, client_of: ClientOf) -> Client:
    return looks(client_of(support), held, alice)


def is_alice(client: Client, customer: Customer) -> bool:
    """Whether the session sees what Alice sees."""
    return client.get(page(customer, NOT_ADMINS), follow=True).status_code == 200


def test_it_runs_to_the_last_microsecond_of_its_time(looking: Client, held: Customer) -> None:
    ends_at = Viewing.objects.get().ends_at

    with clock.moved_to(ends_at - timedelta(microseconds=1)):
        assert is_alice(looking, held)
        assert "1 minute left" in looking.get(page(held)).content.decode()
    with clock.moved_to(ends_at):
        over = looking.get(page(held), follow=True)

    assert over.redirect_chain == [(page(held), 302)]
    assert "You no longer look as a member" in over.content.decode()
    assert "You are working for" in over.content.decode()
    assert not is_alice(looking, held), "once over it stays over, whatever the clock"


def test_a_form_open_at_the_end_is_refused_once(looking: Client, held: Customer) -> None:
    choice = reverse("credits:table-choice")
    with clock.moved_to(Viewing.objects.get().ends_at):
        refused = looking.post(choice, {"table": "licenses"})
        after = looking.post(choice, {"table": "licenses"})

    assert "sent from a page that you saw as one" in refused.content.decode()
    assert (refused.status_code, after.status_code) == (403, 303)


def test_a_fragment_after_the_end_loads_the_page_anew(looking: Client, held: Customer) -> None:
    with clock.moved_to(Viewing.objects.get().ends_at):
        answer = looking.get(page(held), headers={"HX-Request": "true"})

    assert answer.status_code == 204
    assert answer["HX-Redirect"] == page(held)


def test_the_button_ends_it_in_every_tab_and_leads_back(looking: Client, held: Customer) -> None:
    answer = looking.post(END)

    assert answer["Location"] == reverse("admin:credits_customer_change", args=[held.pk])
    assert not is_alice(looking, held)
    assert looking.post(END).status_code == 303
    assert list(held.operations.order_by("position").values_list("kind", flat=True))[-2:] == [
        "view-as",
        "end-viewing",
    ]
    assert Viewing.objects.get().ended_at is not None


def test_a_log_out_ends_it(looking: Client, held: Customer, support: User) -> None:
    looking.post(reverse("credits:logout"))
    looking.force_login(support)

    assert not is_alice(looking, held)
    assert Viewing.objects.get().ended_at is not None


def lose_role(customer: Customer, support: User, alice: User) -> None:
    support.groups.remove(Group.objects.get(name="support"))


def lock_support(customer: Customer, support: User, alice: User) -> None:
    User.objects.filter(pk=support.pk).update(is_active=False)


def lock_member(customer: Customer, support: User, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)


def remove_member(customer: Customer, support: User, alice: User) -> None:
    other = make.make_member(customer, make.make_user(email="d@example.org"), Role.ADMIN)
    ask = make.asked(actor=other)
    post(RemoveMember(customer=customer, asked=ask, member=str(alice.public_id)))


def join(customer: Customer, support: User, alice: User) -> None:
    make.make_member(customer, support, Role.VIEWER)


@pytest.mark.parametrize("lose", [lose_role, lock_support, lock_member, remove_member, join])
def test_it_is_over_at_once_when_one_of_the_two_loses_the_way_in(
    looking: Client,
    held: Customer,
    support: User,
    alice: User,
    lose: Callable[[Customer, User, User], None],
) -> None:
    assert is_alice(looking, held)

    lose(held, support, alice)

    after = looking.get(page(held, NOT_ADMINS), follow=True)
    assert after.status_code in (403, 404) or reverse("credits:login") in after.redirect_chain[0][0]
    assert not is_bannered(looking.get(page(held), follow=True))


def test_another_role_of_the_member_is_seen_at_the_next_page(
    looking: Client, held: Customer, alice: User
) -> None:
    make.make_member(held, make.make_user(email="d@example.org"), Role.ADMIN)
    ask = make.asked()
    post(SetRole(customer=held, asked=ask, member=str(alice.public_id), role=Role.VIEWER))

    assert is_bannered(looking.get(page(held)))
    assert looking.get(page(held, NOT_ADMINS)).status_code == 403


def test_the_bell_and_the_list_are_the_members(
    looking: Client, held: Customer, alice: User, support: User, client_of: ClientOf
) -> None:
    tell(held)
    viewing = Viewing.objects.get()

    seen = access_to(support, held.slug, viewing.public_id)
    own = access_to(alice, held.slug)

    assert seen is not None
    assert own is not None
    assert seen.unread == own.unread > 0
    assert (seen.role, seen.rights) == (own.role, own.rights)
    listed = looking.get(page(held, "billing:notice-list")).content
    assert listed.count(b"unread") == client_of(alice).get(
        page(held, "billing:notice-list")
    ).content.count(b"unread")


def test_it_costs_no_query_more_inside_the_customer(
    looking: Client, held: Customer, support: User
) -> None:
    viewing = Viewing.objects.get().public_id

    with CaptureQueriesContext(connection) as as_member:
        access_to(support, held.slug, viewing)

    assert len(as_member) == 1


def test_the_locked_page_is_what_support_sees_of_a_locked_customer(
    held: Customer, alice: User, support: User, client_of: ClientOf
) -> None:
    with clock.moved_to(clock.now() + timedelta(days=240)):
        client = looks(client_of(support), held, alice)

        locked = client.get(page(held))

    assert locked.status_code == 403
    assert b'id="locked"' in locked.content
    assert is_bannered(locked)


def test_parked_books_are_looked_at_as_well(
    held: Customer, alice: User, support: User, client_of: ClientOf
) -> None:
    post(Park(customer=held, asked=make.asked(reason="A level is wrong.")))

    client = looks(client_of(support), held, alice)
    client.post(END)

    assert Viewing.objects.get().ended_at is not None


def test_another_session_of_the_same_person_looks_as_nobody(
    looking: Client, held: Customer, support: User, client_of: ClientOf
) -> None:
    assert not is_alice(client_of(support), held)


@pytest.mark.parametrize("text", ["", "x", "00000000-0000-0000-0000-000000000000", 7, None])
def test_a_session_with_anything_else_is_an_ordinary_one(
    held: Customer, support: User, client_of: ClientOf, text: object
) -> None:
    client = client_of(support)
    session = client.session
    session["viewing"] = text
    session.save()

    assert not is_alice(client, held)
    assert client.get(page(held)).status_code == 200


def test_anothers_viewing_opens_nothing(
    looking: Client,
    held: Customer,
    manager: User,
    carol: User,
    other_customer: Customer,
    client_of: ClientOf,
) -> None:
    mate = make.make_staff(make.make_user(email="mate@vendor.example"), "support")
    stolen = str(Viewing.objects.get().public_id)
    for thief, status in ((mate, 403), (manager, 403), (carol, 404)):
        client = client_of(thief)
        session = client.session
        session["viewing"] = stolen
        session.save()

        assert client.get(page(held, NOT_ADMINS), follow=True).status_code == status


def test_a_second_one_ends_the_first(
    looking: Client,
    held: Customer,
    other_customer: Customer,
    carol: User,
) -> None:
    looks(looking, other_customer, carol)

    assert is_alice(looking, other_customer)
    assert not is_bannered_as(looking, held, "Alice Brandt")
    first, second = Viewing.objects.order_by("pk")
    assert first.ended_at is not None
    assert second.ended_at is None


def is_bannered_as(client: Client, customer: Customer, name: str) -> bool:
    return f"as <b>{name}</b>" in client.get(page(customer)).content.decode()


def test_two_people_look_at_once_each_as_their_own(
    looking: Client, held: Customer, bob: User, client_of: ClientOf
) -> None:
    mate = make.make_staff(make.make_user(email="mate@vendor.example"), "support")
    other = looks(client_of(mate), held, bob)

    assert is_bannered_as(looking, held, "Alice Brandt")
    assert is_bannered_as(other, held, bob.name)
    assert is_alice(looking, held)
    assert not is_alice(other, held)


def test_it_begins_once_per_form(
    held: Customer, alice: User, support: User, client_of: ClientOf
) -> None:
    client = client_of(support)
    url, sent = form_url(held), {"member": str(alice.public_id), "reason": "Twice"}
    key = client.get(url).context["key"]

    first = client.post(url, sent | {"form_key": key})
    again = client.post(url, sent | {"form_key": key})

    assert (first.status_code, again.status_code) == (303, 303)
    assert Viewing.objects.count() == 1
    assert Operation.objects.filter(kind="view-as").count() == 1
    assert is_alice(client, held)


def test_a_superuser_is_no_support(held: Customer, alice: User, client_of: ClientOf) -> None:
    root = User.objects.create_superuser("root@vendor.example", make.PASSWORD, name="Root")
    client = client_of(root)

    refused = start(client, held, alice)

    assert refused.status_code == 422
    assert "Only support looks" in refused.content.decode()
    assert not Viewing.objects.exists()


@pytest.mark.parametrize("reason", ["", "   "])
def test_it_needs_a_reason(
    held: Customer, alice: User, support: User, client_of: ClientOf, reason: str
) -> None:
    assert start(client_of(support), held, alice, reason).status_code == 422
    assert not Viewing.objects.exists()


def test_only_as_a_member_who_can_log_in(
    held: Customer, alice: User, bob: User, carol: User, support: User, client_of: ClientOf
) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    client = client_of(support)

    for nobody in (carol, bob, support):
        assert start(client, held, nobody).status_code == 422
    assert not Viewing.objects.exists()


def test_both_names_stand_in_the_customers_activity_and_at_the_desk(
    looking: Client, held: Customer, bob: User, support: User, client_of: ClientOf
) -> None:
    activity = client_of(bob).get(page(held, "credits:activity")).content.decode()
    desk = client_of(support)
    story = desk.get(reverse("admin:credits_customer_change", args=[held.pk])).content.decode()
    listed = desk.get(reverse("admin:credits_viewing_changelist"), {"q": "alice"}).content.decode()
    operation = Operation.objects.get(kind="view-as")

    assert operation.actor == support
    assert operation.on_behalf_of == Viewing.objects.get().seen_as
    for told in (activity, story, listed):
        assert "Sam Ito" in told
        assert "Alice Brandt" in told or "alice@example.org" in told
        assert "Ticket 4711" in told
    assert "Looked at these pages as" in activity


def test_an_account_is_not_told_before_its_owner_has_come(
    held: Customer, alice: User, support: User, client_of: ClientOf
) -> None:
    known = make.make_user(email="known@example.org", name="Known Elsewhere")
    make.make_member(held, known, Role.VIEWER)
    looks(client_of(support), held, known)

    activity = client_of(alice).get(page(held, "credits:activity")).content.decode()

    assert "Known Elsewhere" not in activity
    assert Membership.objects.get(customer=held, user=known).label in activity


def test_what_is_looked_at_stands_in_the_log(
    looking: Client, held: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    viewing: UUID = Viewing.objects.get().public_id

    with caplog.at_level("INFO", logger="credits.web.viewing"):
        file = looking.get(page(held, "billing:license-list"), {"_export": "csv"})

    assert file.status_code == 200
    assert f"viewing={viewing}" in caplog.text
    assert "file=csv" in caplog.text
