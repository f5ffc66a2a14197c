"""Releasing features of several groups in one act."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from credits import clock
from credits.domain.activity import one_act
from credits.domain.allocations import Allocate, Release, Undo
from credits.domain.figures import standing
from credits.domain.post import post
from credits.domain.preview import open_draft
from credits.domain.release_many import ReleaseMany, without_needed
from credits.domain.sources import SetUsageSource
from credits.domain.verify import verify_books
from credits.exceptions import InvalidCommand, KeyConflict, NotAllowed, StaleView
from credits.models import Balance, Customer, Feature, Operation
from tests.factories import credits as make

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
INTERNET, AI, BUNDLE = "ztsa-internet-access", "ztsa-ai-access", "ztsa-internet-ai-bundle"
SANDBOX, VIRTUAL = "ztsa-sandbox", "network-virtual-sensor"
HELD = ("email-core", "email-sensor", "endpoint-core", "endpoint-pro", BUNDLE, SANDBOX, VIRTUAL)


def holding(customer: Customer) -> Customer:
    """A customer that holds credits in seven features of six groups, one needing another."""
    with clock.moved_to(NOON - timedelta(days=1)):
        make.grant(customer, 90_000, date(2026, 1, 1), date(2027, 12, 31))
        make.allocate(customer, "email-core", 10)
        make.allocate(customer, "email-sensor", 8)
        state(customer, "endpoint-packages", {"endpoint-core": 40, "endpoint-pro": 2})
        state(customer, "ztsa-internet-ai", {"units": 20}, on={INTERNET, AI})
        make.allocate(customer, SANDBOX, 5)
        make.allocate(customer, VIRTUAL, 500)
    return customer


def state(
    customer: Customer, group: str, units: dict[str, int], on: Iterable[str] | None = None
) -> None:
    post(
        Allocate(
            customer=customer,
            asked=make.asked(),
            group=group,
            quantities={key: Decimal(number) for key, number in units.items()},
            on=None if on is None else frozenset(on),
        )
    )


def features(keys: Iterable[str]) -> list[Feature]:
    return list(Feature.objects.filter(key__in=list(keys)).select_related("group"))


def release(customer: Customer, *keys: str, key: str = "", **more: Any) -> Any:
    with clock.moved_to(NOON):
        asked = make.asked(key)
        return post(ReleaseMany(customer=customer, asked=asked, features=features(keys), **more))


def held(customer: Customer) -> dict[str, int]:
    live = standing(customer, now=NOON + timedelta(hours=1)).live
    keys = dict(Feature.objects.values_list("pk", "key"))
    return {keys[pk]: credits for pk, credits in live.by_feature.items() if credits}


def test_several_groups_are_released_in_one_operation(customer: Customer) -> None:
    before = Operation.objects.filter(customer=holding(customer)).count()

    answer = release(customer, "email-core", "endpoint-pro", VIRTUAL)

    assert Operation.objects.filter(customer=customer).count() == before + 1
    assert answer.data["before"] - answer.data["after"] == 250 + 600 + 12_500
    assert answer.data["features"] == 3
    assert set(held(customer)) == {"email-sensor", "endpoint-core", BUNDLE, SANDBOX}
    assert verify_books(customer) == []


def test_one_undo_brings_all_of_it_back(customer: Customer) -> None:
    before = held(holding(customer))
    answer = release(customer, *HELD)
    assert held(customer) == {}

    with clock.moved_to(NOON):
        operation = answer.operation.public_id
        post(Undo(customer=customer, asked=make.asked(), operation=operation))

    assert held(customer) == before


def test_activity_names_some_of_many(customer: Customer) -> None:
    holding(customer)
    act = one_act(customer, release(customer, *HELD).operation.public_id)

    assert act is not None
    assert act.words.startswith("Released ")
    assert act.words.endswith(" and 4 more")


def test_what_others_need_is_refused_and_nothing_is_written(customer: Customer) -> None:
    before = held(holding(customer))

    with pytest.raises(NotAllowed, match="Sandbox holds credits and needs Internet Access"):
        release(customer, "email-core", BUNDLE)

    assert held(customer) == before


def test_a_feature_and_the_one_that_needs_it_go_together(customer: Customer) -> None:
    holding(customer)
    release(customer, BUNDLE, SANDBOX)

    assert not {BUNDLE, SANDBOX} & set(held(customer))


def test_it_is_known_beforehand_what_has_to_stay(customer: Customer) -> None:
    holding(customer)
    with clock.moved_to(NOON):
        books = open_draft(customer).books
        command = ReleaseMany(
            customer=customer, asked=make.asked(), features=features(["email-core", BUNDLE])
        )
        wanted, kept = without_needed(command, books)

    assert [feature.key for feature in wanted] == ["email-core"]
    assert [one.feature.key for one in kept] == [BUNDLE]
    assert kept[0].need.sentence == "Sandbox holds credits and needs Internet Access."


def test_a_change_of_a_chosen_group_since_it_was_seen_stops_all_of_it(customer: Customer) -> None:
    holding(customer)
    seen = Balance.objects.get(customer=customer).seq
    with clock.moved_to(NOON - timedelta(hours=1)):
        make.allocate(customer, "email-sensor", 9)

    with pytest.raises(StaleView, match="Email Sensor was changed meanwhile"):
        release(customer, "email-core", "email-sensor", seen=seen)

    assert {"email-core", "email-sensor"} <= set(held(customer))
    release(customer, "email-core", seen=seen)
    assert "email-core" not in held(customer)


def test_the_same_key_is_one_act_and_another_selection_a_conflict(customer: Customer) -> None:
    holding(customer)
    first = release(customer, "email-core", "email-sensor", key="twice")

    again = release(customer, "email-sensor", "email-core", key="twice")

    assert (again.repeated, again.operation) == (True, first.operation)
    with pytest.raises(KeyConflict):
        release(customer, "email-core", key="twice")


def test_nothing_chosen_is_refused(customer: Customer) -> None:
    with pytest.raises(InvalidCommand, match="Choose what to release"):
        release(customer)


def test_what_a_system_reports_is_a_choice_all_the_same(customer: Customer) -> None:
    holding(customer)
    with clock.moved_to(NOON - timedelta(hours=1)):
        post(
            SetUsageSource(
                customer=customer, asked=make.asked(), group="email-core", name="Mail gateway"
            )
        )

    release(customer, "email-core", "email-sensor")

    assert not {"email-core", "email-sensor"} & set(held(customer))


@pytest.mark.parametrize("seed", range(10))
def test_a_selection_ends_as_its_single_releases_do(
    customer: Customer, other_customer: Customer, seed: int
) -> None:
    dice = random.Random(seed)
    keys = dice.sample(HELD, dice.randint(1, len(HELD)))
    holding(customer), holding(other_customer)

    with clock.moved_to(NOON):
        books = open_draft(customer).books
        command = ReleaseMany(customer=customer, asked=make.asked(), features=features(keys))
        wanted, kept = without_needed(command, books)
    if kept:
        with pytest.raises(NotAllowed):
            release(customer, *keys)
    if wanted:
        release(customer, *(feature.key for feature in wanted))
    stayed = one_by_one(other_customer, features(keys))

    assert held(customer) == held(other_customer)
    assert {feature.key for feature in stayed} == {one.feature.key for one in kept}
    assert verify_books(customer) == []


def one_by_one(customer: Customer, wanted: list[Feature]) -> list[Feature]:
    """Release what can be released, again and again; what cannot stays."""
    waiting = list(wanted)
    while True:
        refused = []
        for feature in waiting:
            command = Release(
                customer=customer,
                asked=make.asked(),
                group=feature.group.key,
                features=[feature],
            )
            try:
                with clock.moved_to(NOON):
                    post(command)
            except NotAllowed:
                refused.append(feature)
        if len(refused) == len(waiting):
            return refused
        waiting = refused
