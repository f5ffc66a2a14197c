"""Undoing: from the message, from Activity, asked about below zero, refused, and only once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from credits.domain.allocations import Undo
from credits.domain.moving import Move
from credits.domain.post import post
from credits.models import Customer, Operation, OverAllocation, User
from tests.credits.views.pages import form, send, words
from tests.credits.views.test_allocation_act import after, balance, written
from tests.factories import credits as make


def undo(client: Client, operation: Operation, query: str = "", **fields: str) -> Any:
    assert operation.customer is not None
    path = f"/c/{operation.customer.slug}/allocate/undo/"
    return client.post(f"{path}?operation={operation.public_id}{query}", fields)


@pytest.fixture
def lowered(licensed: Customer) -> Operation:
    """Mail went down from 600 to 100 users, and others have taken the room since."""
    make.allocate(licensed, "email-core", 600)
    act = make.allocate(licensed, "email-core", 100).operation
    make.allocate(licensed, "ztsa-private-access", 200)
    return act


def test_an_older_act_can_be_undone_and_later_ones_stand(admin: Client, licensed: Customer) -> None:
    first = make.allocate(licensed, "email-core", 5).operation
    make.allocate(licensed, "email-core", 8)

    page = after(admin, undo(admin, first))

    assert "Undid: Allocated Core package: 0 → 5 users." in page
    assert balance(licensed) == 15_000 - 8 * 25


def test_a_move_by_support_is_told_and_undone_from_activity(
    admin: Client, licensed: Customer, support: User
) -> None:
    make.allocate(licensed, "email-core", 100)
    moved = post(
        Move(
            customer=licensed,
            asked=make.asked(actor=support, source="admin", reason="Asked by phone"),
            source="email-core",
            units=Decimal(10),
            target="endpoint-core",
        )
    ).operation
    said = (
        "Moved 250 credits from Core package (Email and Collaboration Security) "
        "to Core package (Endpoint Security): 5 endpoints, 225 credits; 25"
    )
    listed = words(admin.get(f"/c/{licensed.slug}/activity/"))
    assert f"{said} returned “Asked by phone” Sam Ito, by Support" in listed
    detail = admin.get(f"/c/{licensed.slug}/activity/{moved.public_id}/")
    assert "Sam Ito, by Support" in words(detail)

    page = after(admin, undo(admin, moved))

    assert f"Undid: {said} returned." in page
    assert balance(licensed) == 15_000 - 100 * 25


def test_undoing_twice_is_one_act(admin: Client, licensed: Customer) -> None:
    act = make.allocate(licensed, "email-core", 5).operation
    undo(admin, act)
    before = written(licensed)

    page = after(admin, undo(admin, act))

    assert "Undid: Allocated Core package: 0 → 5 users." in page
    assert written(licensed) == before


def test_what_was_undone_elsewhere_is_said(admin: Client, licensed: Customer) -> None:
    act = make.allocate(licensed, "email-core", 5).operation
    post(Undo(customer=licensed, asked=make.asked(), operation=act.public_id))
    before = written(licensed)

    response = undo(admin, act)

    assert response.status_code == 422
    assert "This was undone before." in words(response)
    assert written(licensed) == before


def test_below_zero_it_asks_on_a_page_of_its_own(
    admin: Client, licensed: Customer, lowered: Operation
) -> None:
    before = written(licensed)

    asked = undo(admin, lowered, "&from=activity")

    page = words(asked)
    assert asked.status_code == 422
    assert "Lowered Core package: 600 → 100 users" in page
    assert "This takes the balance to -10,000 credits." in page
    assert "Balance today 2,500 -10,000 short -12,500" in page
    assert "Undo, 10,000 credits short" in page
    assert written(licensed) == before

    confirmed = send(admin, form(asked, action="/allocate/undo/"))

    assert confirmed["Location"] == f"/c/{licensed.slug}/activity/"
    assert balance(licensed) == -10_000


def test_a_customer_may_refuse_to_go_below_zero(
    admin: Client, licensed: Customer, lowered: Operation
) -> None:
    licensed.over_allocation = OverAllocation.REFUSE
    licensed.save(update_fields=["over_allocation"])
    before = written(licensed)

    response = undo(admin, lowered, confirmed_shortfall="999999")

    assert response.status_code == 422
    assert "refuse that. Nothing was changed." in words(response)
    assert written(licensed) == before


def test_a_larger_shortfall_than_was_confirmed_asks_again(
    admin: Client, licensed: Customer, lowered: Operation
) -> None:
    response = undo(admin, lowered, confirmed_shortfall="9999")

    assert response.status_code == 422
    assert balance(licensed) == 2_500


def test_a_release_can_be_undone(admin: Client, licensed: Customer) -> None:
    make.allocate(licensed, "email-core", 100)
    sent = form(admin.get(f"/c/{licensed.slug}/allocate/email-core/"), action="/email-core/")
    page = admin.get(send(admin, sent, act="release")["Location"])
    assert balance(licensed) == 15_000

    undone = send(admin, form(page, action="/allocate/undo/"))

    assert "Undid: Released Core package." in after(admin, undone)
    assert balance(licensed) == 12_500


def test_it_is_only_sent_never_fetched(admin: Client, licensed: Customer) -> None:
    act = make.allocate(licensed, "email-core", 5).operation

    response = admin.get(f"/c/{licensed.slug}/allocate/undo/?operation={act.public_id}")

    assert response.status_code == 405


def test_nobody_else_may_undo(
    licensed: Customer,
    bob: User,
    carol: User,
    rep: User,
    support: User,
    client_of: Callable[[User], Client],
) -> None:
    act = make.allocate(licensed, "email-core", 5).operation
    before = written(licensed)

    for person, status in ((bob, 403), (rep, 403), (support, 403), (carol, 404)):
        assert undo(client_of(person), act).status_code == status
    assert written(licensed) == before
