"""Who may see and do what, and how people come in."""

from __future__ import annotations

from typing import Any

import pytest

from credits.domain.access import access_to
from credits.domain.people import (
    RIGHTS,
    AssignRep,
    CreateCustomer,
    Invite,
    MakeStaff,
    Right,
    customers_for,
)
from credits.domain.post import post, post_office
from credits.exceptions import CreditsError, InvalidCommand, KeyConflict, NotAllowed, UnknownObject
from credits.models import Customer, Membership, OfficeJournal, Operation, Role, User
from credits.roles import StaffRole
from tests.credits.domain.acts import nothing_written
from tests.factories import credits as make


def seen_by(user: User) -> set[str]:
    return {customer.name for customer in customers_for(user)}


def test_members_see_their_own_customer(
    alice: User, bob: User, carol: User, customer: Customer, other_customer: Customer
) -> None:
    assert seen_by(alice) == seen_by(bob) == {customer.name}
    assert seen_by(carol) == {other_customer.name}


def test_a_rep_sees_assigned_customers_and_managers_and_support_see_all(
    rep: User, manager: User, support: User, customer: Customer, other_customer: Customer
) -> None:
    assert seen_by(rep) == {customer.name}
    assert seen_by(manager) == seen_by(support) == {customer.name, other_customer.name}


@pytest.mark.parametrize("role", [StaffRole.OPERATOR, StaffRole.CATALOGUE_MANAGER])
def test_other_staff_see_no_customer(customer: Customer, role: StaffRole) -> None:
    assert seen_by(make.make_staff(make.make_user(), role)) == set()


def test_who_is_no_longer_active_sees_nothing(alice: User, customer: Customer) -> None:
    alice.is_active = False
    alice.save(update_fields=["is_active"])

    assert seen_by(alice) == set()
    assert access_to(alice, customer.slug) is None


def test_an_assignment_without_the_role_opens_nothing(rep: User, customer: Customer) -> None:
    rep.groups.clear()

    assert seen_by(rep) == set()
    assert access_to(rep, customer.slug) is None


@pytest.mark.parametrize(
    ("who", "rights"),
    [
        (
            "alice",
            {"view", "export", "allocate", "estimate", "see_prices", "request_credits"}
            | {"manage_members", "change_settings", "add_licenses"},
        ),
        ("bob", {"view", "export"}),
        (
            "rep",
            {"view", "export", "estimate", "see_prices", "enter_purchases", "correct_purchases"},
        ),
        (
            "manager",
            {"view", "export", "estimate", "see_prices", "enter_purchases", "correct_purchases"}
            | {"assign_reps"},
        ),
        ("support", {"view", "export", "see_prices", "correct"}),
    ],
)
def test_each_role_has_the_rights_of_the_table(
    who: str, rights: set[str], customer: Customer, request: pytest.FixtureRequest
) -> None:
    access = access_to(request.getfixturevalue(who), customer.slug)

    assert access is not None
    assert {right.value for right in access.rights} == rights


def test_sales_and_support_never_allocate() -> None:
    holders = {role for role, rights in RIGHTS.items() if Right.ALLOCATE in rights}

    assert holders == {Role.ADMIN.value}


def test_a_stranger_has_no_access(carol: User, customer: Customer) -> None:
    assert access_to(carol, customer.slug) is None
    assert access_to(carol, "no-such-customer") is None


def test_a_membership_comes_before_a_staff_role(support: User, customer: Customer) -> None:
    make.make_member(customer, support, Role.VIEWER)

    access = access_to(support, customer.slug)

    assert access is not None
    assert not access.is_staff
    assert Right.CORRECT not in access.rights


def test_an_invitation_makes_an_account_that_cannot_log_in_yet(customer: Customer) -> None:
    answer = post(
        Invite(customer=customer, asked=make.asked(), email=" New@Example.org ", name="Nia")
    )

    user = User.objects.get(email="new@example.org")
    assert answer.data == {"user": str(user.public_id), "new": True}
    assert not user.has_usable_password()
    assert seen_by(user) == {customer.name}


def test_inviting_a_member_again_changes_the_role(bob: User, customer: Customer) -> None:
    post(Invite(customer=customer, asked=make.asked(), email=bob.email, role=Role.ADMIN))

    assert Membership.objects.get(user=bob, customer=customer).role == Role.ADMIN


@pytest.mark.parametrize("role", Role.values)
def test_nobody_changes_his_own_role(bob: User, customer: Customer, role: str) -> None:
    command = Invite(
        customer=customer, asked=make.asked(actor=bob), email=bob.email.upper(), role=role
    )

    with nothing_written(customer), pytest.raises(InvalidCommand) as refusal:
        post(command)

    assert refusal.value.field == "email"


def test_nobody_makes_himself_staff(support: User) -> None:
    for role in StaffRole:
        with pytest.raises(CreditsError):
            post_office(MakeStaff(asked=make.asked(actor=support), email=support.email, role=role))

    assert {group.name for group in support.groups.all()} == {"support"}


@pytest.mark.parametrize("who", ["rep", "manager", "alice"])
def test_sales_and_customers_make_no_staff(who: str, request: pytest.FixtureRequest) -> None:
    actor = request.getfixturevalue(who)

    for role in StaffRole:
        with pytest.raises(NotAllowed):
            post_office(
                MakeStaff(asked=make.asked(actor=actor), email="new@vendor.example", role=role)
            )

    assert not User.objects.filter(email="new@vendor.example").exists()


@pytest.mark.parametrize(
    ("role", "opens"),
    [
        (StaffRole.SALES_REP, False),
        (StaffRole.SALES_MANAGER, False),
        (StaffRole.SUPPORT, True),
        (StaffRole.OPERATOR, True),
        (StaffRole.CATALOGUE_MANAGER, True),
    ],
)
def test_the_admin_opens_to_those_who_work_there(db: None, role: StaffRole, opens: bool) -> None:
    assert make.make_staff(make.make_user(), role).is_staff == opens


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b", "a b@example.org", "x" * 300 + "@example.org"]
)
def test_a_bad_address_is_refused_at_its_field(customer: Customer, email: str) -> None:
    with nothing_written(customer), pytest.raises(InvalidCommand) as refusal:
        post(Invite(customer=customer, asked=make.asked(), email=email))
    assert refusal.value.field == "email"
    with pytest.raises(InvalidCommand):
        post_office(MakeStaff(asked=make.asked(), email=email, role=StaffRole.SUPPORT))


@pytest.mark.parametrize("role", ["", "owner", "support"])
def test_a_role_that_members_cannot_have_is_refused(customer: Customer, role: str) -> None:
    with nothing_written(customer), pytest.raises(InvalidCommand) as refusal:
        post(Invite(customer=customer, asked=make.asked(), email="a@example.org", role=role))

    assert refusal.value.field == "role"


def test_only_a_rep_is_assigned(customer: Customer, bob: User) -> None:
    with nothing_written(customer), pytest.raises(UnknownObject):
        post(AssignRep(customer=customer, asked=make.asked(), email=bob.email))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"slug": "Capital"}, "slug"),
        ({"slug": "-edge"}, "slug"),
        ({"slug": "x" * 61}, "slug"),
        ({"name": "\N{SNOWMAN}"}, "slug"),
        ({"over_allocation": "maybe"}, "over_allocation"),
    ],
)
def test_a_customer_that_makes_no_sense_is_refused_at_its_field(
    db: None, change: dict[str, Any], field: str
) -> None:
    command = CreateCustomer(**{"asked": make.asked(), "name": "Halden Energy", **change})

    with pytest.raises(InvalidCommand) as refusal:
        post_office(command)

    assert refusal.value.field == field
    assert not Customer.objects.exists()


def test_an_address_part_is_taken_once(customer: Customer) -> None:
    with pytest.raises(InvalidCommand, match="taken"):
        post_office(CreateCustomer(asked=make.asked(), name="Other", slug=customer.slug))


def test_creating_a_customer_twice_under_one_key_makes_one(db: None) -> None:
    command = CreateCustomer(asked=make.asked("new"), name="Halden Energy")

    first, second = post_office(command), post_office(command)

    assert second.repeated
    assert second.data == first.data
    assert Customer.objects.count() == 1
    with pytest.raises(KeyConflict):
        post_office(
            CreateCustomer(asked=make.asked("new"), name="Halden Energy", over_allocation="refuse")
        )


def test_the_office_s_operations_are_numbered_without_gaps(customer: Customer) -> None:
    positions = list(
        Operation.objects.filter(customer=None)
        .order_by("position")
        .values_list("position", flat=True)
    )

    assert positions == list(range(1, len(positions) + 1))
    assert OfficeJournal.objects.get().position == len(positions)
