"""Saving an estimate: once per key, its own rows only, never over what somebody else saved."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from credits import clock
from credits.exceptions import (
    CreditsError,
    InvalidCommand,
    KeyConflict,
    RateClosed,
    StaleView,
    UnknownObject,
)
from credits.models import Customer, LedgerEntry, Operation, User
from estimator.domain.contents import saved_draft
from estimator.domain.estimates import Draft
from estimator.domain.saving import (
    Saved,
    Wanted,
    duplicate_estimate,
    save_estimate,
)
from estimator.models import Estimate, EstimateLine, EstimateVersion
from tests.factories import credits as make

PLAN = Draft(
    {"email-core": D(500), "cloud-risk": {"1": D(501), "2": D(9_000)}, "endpoint-pro": D(10)},
    years=3,
    overlap=True,
)


def save(
    customer: Customer,
    user: User,
    *,
    key: str = "",
    name: str = "Plan 2027",
    draft: Draft = PLAN,
    **fields: Any,
) -> Saved:
    return save_estimate(
        customer=customer,
        wanted=Wanted(name=name, draft=draft, **fields),
        asked=make.asked(key, actor=user),
    )


def rows() -> tuple[int, int, int]:
    return Estimate.objects.count(), EstimateLine.objects.count(), EstimateVersion.objects.count()


def test_saved_estimate_says_what_was_asked(customer: Customer, alice: User) -> None:
    instant = datetime(2026, 11, 25, 9, tzinfo=UTC)
    with clock.moved_to(instant):
        estimate = save(customer, alice).estimate

    found = Estimate.objects.get(pk=estimate.pk)
    assert saved_draft(found) == PLAN
    assert list(saved_draft(found).quantities) == list(PLAN.quantities)
    assert (found.label, found.version, found.level) == ("E-1", 1, 12_500 + 10_000 + 3_000)
    assert (found.created_by, found.updated_by) == (alice, alice)
    assert (found.created_at, found.updated_at) == (instant, instant)


def test_saving_is_no_act_on_the_books(customer: Customer, alice: User) -> None:
    before = (Operation.objects.count(), LedgerEntry.objects.count())

    save(customer, alice)

    assert (Operation.objects.count(), LedgerEntry.objects.count()) == before


def test_same_key_saves_once(customer: Customer, alice: User) -> None:
    first = save(customer, alice, key="one")
    written = rows()

    again = save(customer, alice, key="one")

    assert (again.repeated, again.estimate.pk) == (True, first.estimate.pk)
    assert rows() == written


def test_same_key_for_another_content_is_refused(customer: Customer, alice: User) -> None:
    save(customer, alice, key="one")
    written = rows()

    with pytest.raises(KeyConflict):
        save(customer, alice, key="one", name="Plan 2028")

    assert rows() == written


def test_same_key_of_another_customer_is_refused(
    customer: Customer, other_customer: Customer, alice: User, carol: User
) -> None:
    save(customer, alice, key="one")

    with pytest.raises(KeyConflict):
        save(other_customer, carol, key="one")


def test_saving_over_it_is_a_new_version(customer: Customer, alice: User, rep: User) -> None:
    first = save(customer, alice).estimate

    later = save(
        customer, rep, name="Plan B", draft=Draft({"email-core": D(10)}), estimate=first, seen=1
    ).estimate

    assert (later.pk, later.number, later.version, later.name) == (first.pk, 1, 2, "Plan B")
    assert (later.created_by, later.updated_by) == (alice, rep)
    assert saved_draft(later) == Draft({"email-core": D(10)})
    assert [version.level for version in later.versions.order_by("number")] == [25_500, 250]


def test_version_saved_meanwhile_is_not_overwritten(customer: Customer, alice: User) -> None:
    first = save(customer, alice).estimate
    save(customer, alice, name="Meanwhile", estimate=first, seen=1)

    with pytest.raises(StaleView):
        save(customer, alice, name="Late", estimate=first, seen=1)

    assert Estimate.objects.get(pk=first.pk).name == "Meanwhile"


def test_numbers_count_per_customer(
    customer: Customer, other_customer: Customer, alice: User, carol: User
) -> None:
    labels = [save(customer, alice).estimate.label for _ in range(3)]

    assert labels == ["E-1", "E-2", "E-3"]
    assert save(other_customer, carol).estimate.label == "E-1"


def test_duplicate_is_another_estimate(customer: Customer, alice: User) -> None:
    original = save(customer, alice, name="n" * 120).estimate

    copy = duplicate_estimate(
        estimate=original,
        asked=make.asked(actor=alice),
    ).estimate

    assert (copy.label, copy.version) == ("E-2", 1)
    assert copy.name == "n" * 113 + " (copy)"
    assert saved_draft(copy) == PLAN


@pytest.mark.parametrize(
    ("changed", "error", "field"),
    [
        ({"name": ""}, InvalidCommand, "name"),
        ({"name": "n" * 121}, InvalidCommand, "name"),
        ({"draft": Draft({}, years=0)}, InvalidCommand, "years"),
        ({"draft": Draft({}, years=11)}, InvalidCommand, "years"),
        ({"draft": Draft({"no-such": D(1)})}, UnknownObject, "no-such"),
        (
            {"draft": Draft({"endpoint-pro-without-xdr": D(1)})},
            RateClosed,
            "endpoint-pro-without-xdr",
        ),
        ({"draft": Draft({f"f-{n}": D(1) for n in range(401)})}, InvalidCommand, None),
        ({"draft": Draft({"endpoint-sap-scanner": D(10**9)})}, InvalidCommand, None),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_field(
    customer: Customer,
    alice: User,
    changed: dict[str, Any],
    error: type[CreditsError],
    field: str | None,
) -> None:
    with clock.moved_to(datetime(2026, 11, 25, tzinfo=UTC)), pytest.raises(error) as caught:
        save(customer, alice, **changed)

    assert caught.value.field == field
    assert rows() == (0, 0, 0)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"number": 1}, "estimator_estimate_number_once"),
        ({"name": ""}, "estimator_estimate_has_name"),
        ({"years": 11}, "estimator_estimate_years_in_range"),
        ({"level": -1}, "estimator_estimate_level_not_negative"),
    ],
)
def test_database_holds_what_an_estimate_is(
    customer: Customer, alice: User, fields: dict[str, Any], constraint: str
) -> None:
    estimate = save(customer, alice).estimate
    usual = {
        "customer": customer,
        "number": 2,
        "name": "Another",
        "created_by": alice,
        "updated_by": alice,
        "created_at": estimate.created_at,
        "updated_at": estimate.updated_at,
    }

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Estimate.objects.create(**(usual | fields))


def test_database_holds_one_line_a_feature_and_one_version_a_key(
    customer: Customer, alice: User
) -> None:
    estimate = save(customer, alice, key="one").estimate
    line = estimate.lines.get(position=1)
    version = estimate.versions.get()

    other = estimate.lines.get(position=2).feature
    usual: dict[str, Any] = {"estimate": estimate, "position": 1, "feature": line.feature}
    rows: list[tuple[str, dict[str, Any]]] = [
        ("estimator_line_feature_once", {"position": 9}),
        ("estimator_line_position_once", {"feature": other}),
    ]
    for constraint, row in rows:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            EstimateLine.objects.create(quantities={}, **(usual | row))
    usual = {
        "estimate": estimate,
        "number": 1,
        "key": version.key,
        "content": {},
        "level": 0,
        "saved_by": alice,
        "saved_at": version.saved_at,
        "known_at": version.known_at,
    }
    rows = [
        ("key", {"number": 2}),
        ("estimator_version_number_once", {"key": "two"}),
        ("estimator_version_has_key", {"key": "", "number": 2}),
    ]
    for constraint, row in rows:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            EstimateVersion.objects.create(**(usual | row))


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_same_key_sent_at_once_saves_once(customer: Customer, alice: User) -> None:
    ready = threading.Barrier(8)
    answers: list[Saved] = []

    def send() -> None:
        ready.wait()
        answers.append(save(customer, alice, key="one"))
        connection.close()

    senders = [threading.Thread(target=send) for _ in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    assert len({answer.estimate.pk for answer in answers}) == 1
    assert sorted(answer.repeated for answer in answers) == [False] + [True] * 7
    assert rows() == (1, 3, 1)


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_new_estimates_at_once_have_numbers_of_their_own(customer: Customer, alice: User) -> None:
    ready = threading.Barrier(6)

    def send() -> None:
        ready.wait()
        save(customer, alice)
        connection.close()

    senders = [threading.Thread(target=send) for _ in range(6)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    numbers = Estimate.objects.for_customer(customer).values_list("number", flat=True)
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]
