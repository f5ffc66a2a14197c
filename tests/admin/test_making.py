"""Customers, members and staff are made by commands, with a reason, and never with more rights."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from credits.domain.links import set_password_parts
from credits.domain.people import may_hand_link, staff_made_by
from credits.models import Assignment, Customer, Membership, Operation, User
from credits.roles import StaffRole
from tests.access.probing import stored
from tests.access.world import World
from tests.admin.pages import key_of, text_of
from tests.factories import credits as make

CUSTOMER = reverse("admin:credits_customer_add")
MEMBER = reverse("admin:credits_membership_add")
STAFF = reverse("admin:credits_user_add")
PASSWORD = "tundra-lantern-quartz"


@pytest.fixture
def desk(world: World) -> Client:
    return world.client("support")


def sent(client: Client, url: str, **fields: str) -> Any:
    """Open a form and send it, with a reason and the key it was rendered with."""
    return client.post(url, {"form_key": key_of(client, url), "reason": "Asked by phone", **fields})


def customer_fields(**fields: str) -> dict[str, str]:
    return {"name": "Nordlys Shipping", "over_allocation": "confirm", **fields}


def test_a_customer_is_made_with_who_and_why(world: World, desk: Client) -> None:
    response = sent(desk, CUSTOMER, **customer_fields(domain="Nordlys.example"))

    made = Customer.objects.get(slug="nordlys-shipping")
    operation = Operation.objects.get(kind="create-customer", answer__customer=str(made.public_id))
    assert (response.status_code, made.domain) == (303, "nordlys.example")
    assert response["Location"] == reverse("admin:credits_customer_change", args=[made.pk])
    assert (operation.source, operation.actor) == ("admin", world.people["support"])
    assert operation.note.text == "Asked by phone"
    assert "Nordlys Shipping was created." in text_of(desk.get(response["Location"]))


def test_a_double_click_makes_one_customer(desk: Client) -> None:
    fields = {"form_key": key_of(desk, CUSTOMER), "reason": "Once", **customer_fields()}

    first, second = desk.post(CUSTOMER, fields), desk.post(CUSTOMER, fields)

    assert first["Location"] == second["Location"]
    assert Customer.objects.filter(name="Nordlys Shipping").count() == 1


def test_the_same_form_sent_with_something_else_is_refused(desk: Client) -> None:
    fields = {"form_key": key_of(desk, CUSTOMER), "reason": "Once", **customer_fields()}
    desk.post(CUSTOMER, fields)

    response = desk.post(CUSTOMER, {**fields, "name": "Sydlys Shipping"})

    assert response.status_code == 409
    assert not Customer.objects.filter(name="Sydlys Shipping").exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 121}, "at most 120 characters"),
        ({"slug": "Über/uns"}, "small letters, digits and hyphens"),
        ({"slug": "{taken}"}, "is taken."),
        ({"reason": " "}, "This field is required."),
        ({"over_allocation": "anything"}, "Select a valid choice."),
        ({"form_key": "forged"}, "made for another page or person"),
    ],
)
def test_a_bad_field_gets_its_sentence_keeps_what_was_typed_and_writes_nothing(
    world: World, desk: Client, fields: dict[str, str], words: str
) -> None:
    taken = world.own.customer.slug
    given = {name: value.format(taken=taken) for name, value in fields.items()}
    before = stored()

    response = sent(desk, CUSTOMER, **{**customer_fields(domain="kept.example"), **given})

    assert response.status_code == 422
    assert words in text_of(response)
    assert 'value="kept.example"' in response.content.decode()
    assert stored() == before


def test_a_form_belongs_to_the_person_it_was_made_for(world: World, desk: Client) -> None:
    key = key_of(world.client("root"), CUSTOMER)

    response = desk.post(CUSTOMER, {**customer_fields(), "reason": "x", "form_key": key})

    assert response.status_code == 422
    assert not Customer.objects.filter(name="Nordlys Shipping").exists()


def test_a_new_member_gets_a_link_that_sets_the_password(
    world: World, desk: Client, client: Client
) -> None:
    slug = world.own.customer.slug

    response = sent(
        desk, MEMBER, customer=slug, email="Dana@Example.org", name="Dana", role="viewer"
    )

    shown = desk.get(response["Location"])
    set_password(client, shown.content.decode())
    dana = User.objects.get(email="dana@example.org")
    assert client.login(username="dana@example.org", password=PASSWORD)
    assert Membership.objects.get(user=dana).role == "viewer"
    assert "/set-password/" not in desk.get(response["Location"]).content.decode()


def set_password(client: Client, page: str) -> None:
    found = re.search(r"http://testserver(/set-password/[^<\s]+)", unescape(page))
    assert found, "no link was shown"
    form = client.get(found[1])["Location"]
    passwords = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    assert client.post(urlsplit(form).path, passwords).status_code == 302


def test_the_customers_page_fills_the_customer_in(world: World, desk: Client) -> None:
    page = desk.get(MEMBER, {"customer": world.own.customer.label, "role": "admin"})

    assert f'value="{world.own.customer.label}"' in page.content.decode()
    assert '<option value="viewer" selected>' in page.content.decode()


@pytest.mark.parametrize("named", ["no-such-customer", "C-999999999", "C-1" + "0" * 40, "²"])
def test_a_member_of_no_customer_is_refused_at_the_field(desk: Client, named: str) -> None:
    response = sent(desk, MEMBER, customer=named, email="dana@example.org", role="viewer")

    assert response.status_code == 422
    assert "There is no customer" in text_of(response)
    assert not User.objects.filter(email="dana@example.org").exists()


def test_a_person_with_a_password_is_added_without_a_link(world: World, desk: Client) -> None:
    slug = world.own.customer.slug

    response = sent(desk, MEMBER, customer=slug, email="carol@example.org", role="viewer")

    shown = desk.get(response["Location"])
    assert "A password is set already" in text_of(shown)
    assert "/set-password/" not in shown.content.decode()


def test_nobody_makes_himself_a_member(world: World, desk: Client) -> None:
    before = stored()

    response = sent(
        desk, MEMBER, customer=world.own.customer.slug, email="support@vendor.example", role="admin"
    )

    assert response.status_code == 422
    assert "Nobody changes his own role." in text_of(response)
    assert stored() == before


def test_support_makes_a_sales_rep_with_customers_to_look_after(world: World, desk: Client) -> None:
    both = f"{world.own.customer.label}, {world.other.customer.slug}"

    response = sent(
        desk, STAFF, email="nils@vendor.example", name="Nils", role="sales rep", customers=both
    )

    nils = User.objects.get(email="nils@vendor.example")
    assert response["Location"] == reverse("admin:credits_user_change", args=[nils.pk])
    assert [group.name for group in nils.groups.all()] == ["sales rep"]
    assert not nils.is_staff
    assert Assignment.objects.filter(user=nils).count() == 2
    made = Operation.objects.filter(kind__in=("make-staff", "assign-rep"), source="admin")
    assert {operation.note.text for operation in made} == {"Asked by phone"}
    assert made.count() == 3


@pytest.mark.parametrize("role", ["support", "operator", "catalogue manager", "superuser"])
def test_support_makes_nobody_of_the_own_rights_or_more(
    world: World, desk: Client, role: str
) -> None:
    before = stored()

    response = sent(desk, STAFF, email="nils@vendor.example", name="Nils", role=role)

    assert response.status_code == 422
    assert f'value="{role}"' not in desk.get(STAFF).content.decode()
    assert stored() == before


def test_fields_that_no_form_has_are_not_read(world: World, desk: Client) -> None:
    more = {"is_superuser": "on", "is_staff": "on", "groups": "1", "user_permissions": "1"}

    sent(desk, STAFF, email="nils@vendor.example", name="Nils", role="sales rep", **more)

    nils = User.objects.get(email="nils@vendor.example")
    assert (nils.is_staff, nils.is_superuser) == (False, False)
    assert not nils.user_permissions.exists()
    assert nils.groups.count() == 1


def test_only_a_rep_looks_after_customers(world: World, desk: Client) -> None:
    response = sent(
        desk,
        STAFF,
        email="nils@vendor.example",
        role="sales manager",
        customers=world.own.customer.slug,
    )

    assert response.status_code == 422
    assert "Only a sales rep looks after customers." in text_of(response)


def test_a_superuser_makes_staff_of_every_role_but_not_of_himself(world: World) -> None:
    root = world.client("root")

    for role in StaffRole:
        email = f"{role.value.replace(' ', '-')}-2@vendor.example"
        assert sent(root, STAFF, email=email, name=role, role=role).status_code == 303
    own = sent(root, STAFF, email="root@vendor.example", role="support")

    assert own.status_code == 422
    assert "Nobody raises his own rights." in text_of(own)


@pytest.mark.parametrize(
    ("who", "may_make"),
    [
        ("viewer", set()),
        ("admin", set()),
        ("rep", set()),
        ("boss", set()),
        ("operator", set()),
        ("catalogue", set()),
        ("support", {"sales rep", "sales manager"}),
        ("root", {role.value for role in StaffRole}),
    ],
)
def test_who_makes_staff_of_which_role(world: World, who: str, may_make: set[str]) -> None:
    person = world.people[who]
    assert person is not None

    assert {role.value for role in staff_made_by(person)} == may_make
    person.is_active = False
    assert staff_made_by(person) == frozenset()


def test_a_link_is_handed_for_nobody_with_rights_one_could_not_give(world: World) -> None:
    support = world.people["support"]
    assert support is not None
    person = User.objects.create_user("new@vendor.example", name="New")

    assert may_hand_link(support, person)
    for role, handed in ((StaffRole.SALES_REP, True), (StaffRole.OPERATOR, False)):
        make.make_staff(person, role)
        assert may_hand_link(support, person) is handed


def test_no_link_is_shown_for_an_operator_who_is_invited(world: World, desk: Client) -> None:
    waiting = User.objects.create_user("waits@vendor.example", name="Waits")
    make.make_staff(waiting, StaffRole.OPERATOR)

    response = sent(
        desk, MEMBER, customer=world.own.customer.slug, email=waiting.email, role="viewer"
    )

    shown = desk.get(response["Location"])
    assert "/set-password/" not in shown.content.decode()
    assert "An operator makes the link for waits@vendor.example." in text_of(shown)


def test_a_link_ends_when_the_person_is_given_more_rights(world: World, client: Client) -> None:
    waiting = User.objects.create_user("waits@vendor.example", name="Waits")
    make.make_staff(waiting, StaffRole.SALES_REP)
    link = set_password_parts(User.objects.get(pk=waiting.pk))

    make.make_staff(waiting, StaffRole.OPERATOR)

    page = client.get(reverse("credits:set-password", kwargs=link))
    assert page.status_code == 200
    assert not page.context["validlink"]
