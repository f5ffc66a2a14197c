"""Who looks after a customer: seen by sales, assigned and removed by sales managers alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from credits.domain.activity import Asking, acts
from credits.domain.contacts import sales_contacts
from credits.domain.members import NoLongerAllowed
from credits.domain.people import customers_for
from credits.domain.post import post
from credits.domain.representatives import AssignAtDesk, UnassignRep, assign_rep
from credits.exceptions import InvalidCommand, KeyConflict, UnknownObject
from credits.models import Assignment, Customer, OutgoingMail, User
from credits.roles import StaffRole
from tests.billing.views.entering import text_of
from tests.factories import credits as make

ClientOf = Callable[[User], Client]
CUSTOMERS = reverse("billing:sales-customers")


def address(customer: Customer) -> str:
    return reverse("billing:sales-reps", kwargs={"slug": customer.slug})


@pytest.fixture
def tom(db: None) -> User:
    """A rep who looks after nobody yet."""
    user = make.make_user(email="tom@vendor.example", name="Tom Berg")
    return make.make_staff(user, StaffRole.SALES_REP)


def press(client: Client, customer: Customer, **sent: str) -> Any:
    """Open the page and send one of its forms."""
    page = client.get(address(customer)).content.decode()
    key = re.search(r'name="form_key" value="([^"]+)"', page)
    assert key is not None
    return client.post(address(customer), {"form_key": unescape(key[1]), **sent})


def assign(customer: Customer, rep: User, actor: User | None, key: str = "") -> None:
    ask = make.asked(key, actor=actor)
    assign_rep(AssignAtDesk(customer=customer, asked=ask, email=rep.email))


def unassign(customer: Customer, rep: User, actor: User | None, key: str = "") -> None:
    ask = make.asked(key, actor=actor)
    post(UnassignRep(customer=customer, asked=ask, email=rep.email))


def test_a_manager_assigns_and_removes(
    client_of: ClientOf, customer: Customer, rep: User, tom: User, manager: User
) -> None:
    client = client_of(manager)
    page = text_of(client.get(address(customer)))
    assert "Rina Holm rep@vendor.example" in page
    assert "Tom Berg, tom@vendor.example: 0 customers" in page

    sent = press(client, customer, rep=str(tom.public_id))
    assert sent["Location"] == address(customer)
    assert "Tom Berg looks after Halden Energy now" in text_of(client.get(address(customer)))
    assert customer in customers_for(tom)

    press(client, customer, remove=str(rep.public_id))
    assert sales_contacts(customer) == [tom]
    assert customer not in customers_for(rep)
    assert client_of(rep).get(address(customer)).status_code == 404


def test_a_rep_sees_names_only(
    client_of: ClientOf, customer: Customer, rep: User, tom: User
) -> None:
    make.assign_rep(customer, tom)
    client = client_of(rep)

    words = text_of(client.get(address(customer)))
    answer = client.post(address(customer), {"remove": str(tom.public_id)})

    assert "Tom Berg" in words
    assert "tom@vendor.example" not in words
    assert "Remove" not in words
    assert answer.status_code == 403
    assert Assignment.objects.filter(customer=customer).count() == 2


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"rep": ""}, "Choose a sales rep."),
        ({"rep": "x"}, "Choose a sales rep."),
        ({"rep": "00000000-0000-4000-8000-000000000000"}, "There is no such sales rep."),
        ({"remove": "x"}, "Choose a sales rep."),
        ({"rep": "support"}, "There is no sales rep with this address."),
        ({"remove": "support"}, "This person does not look after the customer."),
        ({"rep": "rep"}, "This rep looks after the customer already."),
    ],
)
def test_what_cannot_be_meant_is_said_and_changes_nothing(
    request: pytest.FixtureRequest,
    client_of: ClientOf,
    customer: Customer,
    rep: User,
    support: User,
    manager: User,
    sent: dict[str, str],
    said: str,
) -> None:
    people = {"support": support, "rep": rep}
    named = {
        name: str(people[value].public_id) if value in people else value
        for name, value in sent.items()
    }

    page = press(client_of(manager), customer, **named)

    assert page.status_code == 422
    assert said in text_of(page)
    assert [row.user for row in Assignment.objects.all()] == [rep]


def test_the_rep_who_gets_a_customer_is_told_once(
    customer: Customer, tom: User, manager: User
) -> None:
    for _ in range(2):
        assign(customer, tom, manager, key="once")

    mail = OutgoingMail.objects.get(kind="customer-assigned")
    assert (mail.to, mail.subject) == (tom.email, "You look after Halden Energy")
    for words in (
        f"You look after Halden Energy ({customer.label}) from now on.",
        "Assigned by Milo Sand, manager@vendor.example.",
        f"/c/{customer.slug}/annual-credits/",
    ):
        assert words in mail.text
    with pytest.raises(KeyConflict):
        unassign(customer, tom, manager, key="once")


@pytest.mark.parametrize("who", ["rep", "alice", "bob", "support", "tom"])
def test_the_right_is_asked_under_the_lock(
    request: pytest.FixtureRequest, customer: Customer, rep: User, tom: User, who: str
) -> None:
    actor = request.getfixturevalue(who)

    with pytest.raises(NoLongerAllowed):
        assign(customer, tom, actor)
    with pytest.raises(NoLongerAllowed):
        unassign(customer, rep, actor)

    assert [row.user for row in Assignment.objects.all()] == [rep]
    assert not OutgoingMail.objects.filter(kind="customer-assigned").exists()


def test_nobody_is_removed_twice_or_assigned_twice(
    customer: Customer, rep: User, manager: User
) -> None:
    with pytest.raises(InvalidCommand, match="already"):
        assign(customer, rep, manager)

    unassign(customer, rep, manager)

    with pytest.raises(UnknownObject):
        unassign(customer, rep, manager)


def test_both_acts_stand_in_the_activity_by_name(
    customer: Customer, alice: User, tom: User, manager: User
) -> None:
    assign(customer, tom, manager)
    unassign(customer, tom, manager)

    page = acts(customer, Asking(), size=2)

    assert [act.words for act in page.acts] == [
        "Took the customer from sales rep Tom Berg",
        "Assigned Tom Berg as sales rep",
    ]


def test_managers_find_who_has_no_rep(
    client_of: ClientOf, customer: Customer, other_customer: Customer, rep: User, manager: User
) -> None:
    client = client_of(manager)

    everybody = client.get(CUSTOMERS)
    alone = text_of(client.get(CUSTOMERS, {"keep": "unassigned"}))

    assert "Rina Holm looks after Halden Energy" in text_of(everybody)
    assert "No sales rep looks after Borealis Freight" in text_of(everybody)
    assert address(other_customer) in everybody.content.decode()
    assert other_customer.name in alone
    assert customer.name not in alone
    rep.is_active = False
    rep.save(update_fields=["is_active"])
    assert customer.name in text_of(client.get(CUSTOMERS, {"keep": "unassigned"}))
