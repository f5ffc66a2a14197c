"""Admins who act on each other at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from credits.domain.commands import Answer
from credits.domain.members import InviteMember, NoLongerAllowed, RemoveMember, SetRole
from credits.domain.post import post
from credits.exceptions import InvalidCommand
from credits.models import Customer, Membership, OutgoingMail, Role, User
from tests.factories import credits as make
from tests.races.racing import deadlocks, race

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

ROUNDS = 5


def remove(customer: Customer, actor: User, member: User) -> RemoveMember:
    ask = make.asked(actor=actor)
    return RemoveMember(customer=customer, asked=ask, member=str(member.public_id))


def demote(customer: Customer, actor: User, member: User) -> SetRole:
    ask, whom = make.asked(actor=actor), str(member.public_id)
    return SetRole(customer=customer, asked=ask, member=whom, role=Role.VIEWER)


@pytest.mark.parametrize("act", [remove, demote])
@pytest.mark.parametrize("others", [0, 1])
def test_of_two_admins_who_act_on_each_other_one_remains(
    customer: Customer, alice: User, act: Callable[..., Any], others: int
) -> None:
    before = deadlocks()
    ana = make.make_user(email="ana@example.org")
    for _ in range(others):
        make.make_member(customer, make.make_user(), Role.ADMIN)
    for _ in range(ROUNDS):
        for user in (alice, ana):
            Membership.objects.update_or_create(
                customer=customer, user=user, defaults={"role": Role.ADMIN}
            )
        commands = [act(customer, alice, ana), act(customer, ana, alice)]

        results = race([lambda c=command: post(c) for command in commands])  # type: ignore[misc]

        assert {type(result) for result in results} == {Answer, NoLongerAllowed}, results
        admins = Membership.objects.filter(customer=customer, role=Role.ADMIN)
        assert admins.count() == 1 + others
    assert deadlocks() == before


def test_one_address_invited_by_all_at_once_gets_one_mail(customer: Customer, alice: User) -> None:
    commands = [
        InviteMember(
            customer=customer, asked=make.asked(actor=alice), email="z@example.org", role="viewer"
        )
        for _ in range(6)
    ]

    results = race([lambda c=command: post(c) for command in commands])  # type: ignore[misc]

    assert sum(isinstance(result, Answer) for result in results) == 1, results
    assert sum(isinstance(result, InvalidCommand) for result in results) == 5, results
    assert OutgoingMail.objects.filter(to="z@example.org").count() == 1
