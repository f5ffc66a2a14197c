"""All orders of five events, each delivered three times, and truth that moves meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.domain.marketplaces.agreements import take_number
from billing.domain.marketplaces.applying import apply_message, due_messages
from billing.domain.marketplaces.looking import apply_truth
from billing.domain.marketplaces.providers import Item, Truth
from billing.models import MarketplaceMessage
from credits import clock
from credits.models import Customer
from tests.billing.marketplaces.core import fake
from tests.billing.marketplaces.core.conftest import NOW
from tests.billing.marketplaces.core.fake import agreement, day, linked, send
from tests.billing.marketplaces.core.reading import levels, orders, standing
from tests.factories import credits as make

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)

EVENTS = ("purchased", "changed", "suspended", "reinstated", "renewed")

TRUTHS: Sequence[dict[str, Any]] = (
    {},
    {"items": [Item(fake.PLAN, 15)]},
    {"items": [Item(fake.PLAN, 15)], "state": "suspended"},
    {"items": [Item(fake.PLAN, 15)]},
    {
        "items": [Item(fake.PLAN, 12)],
        "starts_at": day("2027-11-10T13:37:00+00:00"),
        "ends_at": day("2028-11-10T13:37:00+00:00"),
    },
)
"""What holds after each event."""

EACH_CHANGE = list(permutations(EVENTS))[::7]
"""What every run of the suite goes through; the night takes all 120."""


def order_of(name: str) -> tuple[Customer, Truth]:
    """A customer of its own, with an agreement that it has linked."""
    customer = make.make_customer(name=name, slug=name)
    truth = agreement(f"arn:aws:license-manager::1:license:{name}")
    linked(truth, customer)
    return customer, truth


def end_of(customer: Customer) -> dict[str, Any]:
    """All that an order has led to."""
    found = customer.agreements.get()
    messages = MarketplaceMessage.objects.filter(agreement=found).order_by("message_id")
    return {
        "levels": levels(customer),
        "orders": orders(customer),
        "agreement": standing(found),
        "messages": [(one.action, one.state, one.deliveries) for one in messages],
    }


def deliver(turn: Sequence[str], name: str, *, moves: bool) -> dict[str, Any]:
    """Deliver five events three times each, in an order; `moves`: the truth moves with time.

    It never does with the message: one that comes late speaks of what is long past.
    """
    customer, truth = order_of(name)
    said = [{**fields, "reference": truth.reference} for fields in TRUTHS]
    for at in range(len(turn) * 3):
        now = min(at, len(TRUTHS) - 1) if moves else len(TRUTHS) - 1
        agreement(**said[now])
        send(truth, f"{name}-{turn[at % len(turn)]}", action=turn[at % len(turn)])
        with clock.moved_to(NOW + at * HOUR):
            for one in due_messages():
                apply_message(one)
    end = end_of(customer)
    return {**end, "messages": sorted(end["messages"])}


def all_ends(turns: Sequence[Sequence[str]], *, moves: bool) -> list[dict[str, Any]]:
    """The different ends that orders of delivery have led to."""
    ends: list[dict[str, Any]] = []
    for number, turn in enumerate(turns):
        end = deliver(turn, f"order-{number}", moves=moves)
        if end not in ends:
            ends.append(end)
    return ends


def test_any_order_of_five_events_delivered_thrice_ends_the_same(customer: Customer) -> None:
    ends = all_ends(EACH_CHANGE, moves=False)

    assert len(ends) == 1
    assert ends[0]["levels"] == {"2027-11-10 00:00": 12_000, "2028-11-11 00:00": 0}
    assert [row[1:] for row in ends[0]["messages"]] == [("applied", 3)] * 5


@pytest.mark.nightly
@pytest.mark.parametrize("moves", [False, True])
def test_all_120_orders_of_five_events_delivered_thrice_end_the_same(
    customer: Customer, moves: bool
) -> None:
    turns = list(permutations(EVENTS))

    assert len(turns) == 120
    assert len(all_ends(turns, moves=moves)) == 1


def last_end(name: str, looks: Sequence[tuple[int, bool]], final: int) -> dict[str, Any]:
    """An agreement after some looks: which truth each was told, and whether it came in late."""
    customer, truth = order_of(name)
    found = customer.agreements.get()
    late: list[tuple[int, Truth]] = []
    for at, (which, is_late) in enumerate([*looks, (final, False)]):
        said = agreement(**{**TRUTHS[which], "reference": truth.reference})
        with clock.moved_to(NOW + at * HOUR):
            number = take_number(found)
            if is_late:
                late.append((number, said))
            else:
                apply_truth(found.pk, number, said)
    with clock.moved_to(NOW + 20 * HOUR):
        for number, said in reversed(late):
            apply_truth(found.pk, number, said)
    since = NOW + 24 * HOUR
    return {"levels": levels(customer, since=since), "agreement": standing(found)}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    looks=st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=5),
    final=st.integers(0, 4),
)
def test_whatever_was_seen_before_and_came_late_the_last_look_stands(
    customer: Customer, looks: list[tuple[int, bool]], final: int
) -> None:
    number = Customer.objects.count()

    seen = last_end(f"seen-{number}", looks, final)
    straight = last_end(f"straight-{number}", [], 3 if final == 4 and looks else final)

    if final == 4:
        # The term that was renewed stays as it was seen; what begins with the renewal is wanted.
        assert seen["levels"]["2028-11-11 00:00"] == 0
        assert list(seen["levels"].values())[-2] == 12_000
    else:
        assert seen == straight


def test_a_message_that_is_worked_on_by_another_is_left_to_it(customer: Customer) -> None:
    _owner, truth = order_of("two-workers")
    send(truth)
    first, second = due_messages(), due_messages()

    mine = next(first)

    assert list(second) == []
    assert mine.attempts == 1
    # It dies. After the lease the next one takes it.
    with clock.moved_to(NOW + 3 * HOUR):
        assert [one.pk for one in due_messages()] == [mine.pk]


def test_an_older_look_never_overwrites_a_newer_one(customer: Customer) -> None:
    owner, truth = order_of("older-look")
    found = owner.agreements.get()
    older, newer = take_number(found), take_number(found)

    apply_truth(found.pk, newer, fake.aws().change(truth.reference, items=[Item(fake.PLAN, 15)]))
    apply_truth(found.pk, older, fake.aws().change(truth.reference, state="ended"))

    assert standing(found)["state"] == "active"
    assert levels(owner)["2026-11-10 00:00"] == 15_000
