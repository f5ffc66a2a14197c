"""Contracts: entered once, one in force at a time, extended with what is under them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.domain.contracts import contract_in_force
from billing.models import PaygContract
from credits import clock
from credits.domain.verify import verify_books
from credits.exceptions import InvalidCommand, NotAllowed
from credits.models import Customer, Operation
from tests.billing.payg.contracts import (
    AGAIN,
    BUCKETS,
    ENDS,
    LATER_END,
    NOON,
    RATE,
    STARTS,
    contract,
    extend,
    held,
    held_at,
    switch,
)

MICROSECOND = timedelta(microseconds=1)


def test_a_contract_is_in_force_from_its_first_instant_to_its_last(agreed: PaygContract) -> None:
    customer = agreed.customer

    assert contract_in_force(customer, STARTS - MICROSECOND) is None
    assert contract_in_force(customer, STARTS) == agreed
    assert contract_in_force(customer, ENDS - MICROSECOND) == agreed
    assert contract_in_force(customer, ENDS) is None


def test_entering_it_changes_no_credits_and_is_kept_as_an_operation(agreed: PaygContract) -> None:
    assert agreed.operation.kind == "enter-contract"
    assert agreed.operation.subject == "AWS Marketplace AGR-1"
    assert not agreed.operation.entries.exists()
    assert held(agreed.customer) == 3 * RATE


def test_the_same_key_enters_one_contract(customer: Customer) -> None:
    first, second = contract(customer, key="once"), contract(customer, key="once")

    assert first == second
    assert PaygContract.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"agreement": "   "}, "agreement"),
        ({"agreement": "A" * 61}, "agreement"),
        ({"agreement": "A\u200b1"}, "agreement"),
        ({"starts_at": STARTS + timedelta(hours=1)}, "starts"),
        ({"ends_at": ENDS - MICROSECOND}, "ends"),
        ({"ends_at": STARTS}, "ends"),
        ({"ends_at": datetime(2026, 5, 1, tzinfo=UTC)}, "ends"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    customer: Customer, fields: dict[str, Any], where: str
) -> None:
    with pytest.raises(InvalidCommand) as refusal:
        contract(customer, **fields)

    assert refusal.value.field == where
    assert not PaygContract.objects.exists()


def test_two_contracts_never_overlap(agreed: PaygContract) -> None:
    with pytest.raises(NotAllowed, match="AGR-1 is in force then, until 30 Nov 2026"):
        contract(agreed.customer, agreement="AGR-2", starts_at=ENDS - clock.DAY, ends_at=LATER_END)

    following = contract(agreed.customer, agreement="AGR-2", starts_at=ENDS, ends_at=LATER_END)
    assert contract_in_force(agreed.customer, ENDS) == following


def test_an_agreement_is_entered_once_for_all_customers(
    agreed: PaygContract, other_customer: Customer
) -> None:
    with pytest.raises(NotAllowed, match="agr-1 was entered before") as refusal:
        contract(other_customer, agreement="agr-1")

    assert agreed.customer.name not in refusal.value.message


def test_an_extension_carries_the_features_under_it(agreed: PaygContract) -> None:
    customer = agreed.customer
    switch(customer, to_payg={BUCKETS})
    with clock.moved_to(NOON + clock.DAY):
        extend(agreed)

    agreed.refresh_from_db()
    assert agreed.ends_at == LATER_END
    assert held_at(customer, ENDS) == 0
    assert held_at(customer, LATER_END - MICROSECOND) == 0
    assert held_at(customer, LATER_END) == 3 * RATE
    assert verify_books(customer) == []


def test_an_extension_moves_no_day_of_the_next_switch(agreed: PaygContract) -> None:
    switch(agreed.customer, to_payg={BUCKETS})
    with clock.moved_to(NOON + 20 * clock.DAY):
        extend(agreed)

    with clock.moved_to(AGAIN):
        switch(agreed.customer, to_credits={BUCKETS})
        assert held(agreed.customer) == 3 * RATE


def test_an_extension_asked_twice_is_one(agreed: PaygContract) -> None:
    switch(agreed.customer, to_payg={BUCKETS})

    assert not extend(agreed, key="once").repeated
    assert extend(agreed, key="once").repeated
    assert Operation.objects.filter(kind="extend-contract").count() == 1


def test_an_extension_ends_later_and_meets_no_other_contract(agreed: PaygContract) -> None:
    with pytest.raises(InvalidCommand, match="30 Nov 2026"):
        extend(agreed, ENDS)
    contract(agreed.customer, agreement="AGR-2", starts_at=ENDS, ends_at=LATER_END)
    with pytest.raises(NotAllowed, match="AGR-2"):
        extend(agreed, LATER_END)
    with clock.moved_to(ENDS), pytest.raises(NotAllowed, match="ended on 30 Nov 2026"):
        extend(agreed, LATER_END)
