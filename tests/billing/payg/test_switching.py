"""Several features are switched at once: all or nothing, under the contract in force."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billing.models import PaygContract
from credits import clock
from credits.domain.activity import one_act
from credits.domain.allocations import Allocate
from credits.domain.post import post
from credits.domain.verify import verify_books
from credits.exceptions import (
    ConfirmationNeeded,
    InvalidCommand,
    NotAllowed,
    StaleView,
    UnknownObject,
)
from credits.models import Customer, FeatureChoice, Operation, UsageReport
from tests.billing.payg.contracts import (
    AGAIN,
    BUCKETS,
    CLOUD,
    ENDS,
    NOON,
    PACKAGES,
    PRO,
    RATE,
    SCANS,
    held,
    held_at,
    switch,
)
from tests.factories import credits as make

MICROSECOND = timedelta(microseconds=1)


def test_without_a_contract_in_force_nothing_goes_on_pay_as_you_go(holding: Customer) -> None:
    with pytest.raises(NotAllowed, match="needs a contract, and none is in force"):
        switch(holding, to_payg={BUCKETS})

    assert not FeatureChoice.objects.filter(customer=holding).exists()


def test_a_switch_carries_the_contracts_end(agreed: PaygContract) -> None:
    answer = switch(agreed.customer, to_payg={BUCKETS, SCANS})

    until = {c.feature.key: c.until for c in answer.operation.choices.select_related("feature")}
    assert until == {BUCKETS: ENDS, SCANS: ENDS}
    assert held(agreed.customer) == 0
    assert held_at(agreed.customer, ENDS - MICROSECOND) == 0
    assert held_at(agreed.customer, ENDS) == 3 * RATE
    assert verify_books(agreed.customer) == []


def test_one_that_is_refused_refuses_all(agreed: PaygContract) -> None:
    switch(agreed.customer, to_payg={SCANS})

    with pytest.raises(NotAllowed, match="File Security SDK was switched"):
        switch(agreed.customer, to_payg={BUCKETS}, to_credits={SCANS})

    assert held(agreed.customer) == 3 * RATE
    assert Operation.objects.filter(kind="switch-billing").count() == 1


def test_both_ways_at_once_is_one_operation_told_as_both(agreed: PaygContract) -> None:
    switch(agreed.customer, to_payg={BUCKETS})
    with clock.moved_to(AGAIN):
        answer = switch(agreed.customer, to_payg={SCANS}, to_credits={BUCKETS})
        act = one_act(agreed.customer, answer.operation.public_id)

    assert act is not None
    assert act.words == (
        "Switched File Security SDK to pay-as-you-go, contract to 30 Nov 2026; "
        "File Security Storage by bucket back to credits"
    )
    assert verify_books(agreed.customer) == []


def test_within_thirty_days_it_is_refused_to_the_last_instant(agreed: PaygContract) -> None:
    switch(agreed.customer, to_payg={BUCKETS})

    with clock.moved_to(AGAIN - MICROSECOND), pytest.raises(NotAllowed, match="2026-06-03"):
        switch(agreed.customer, to_credits={BUCKETS})
    with clock.moved_to(AGAIN):
        switch(agreed.customer, to_credits={BUCKETS})
        assert held(agreed.customer) == 3 * RATE


def test_going_back_states_the_typed_units_and_keeps_the_others_of_the_group(
    agreed: PaygContract,
) -> None:
    customer = agreed.customer
    stated = {"endpoint-essentials": Decimal(20), PRO: Decimal(5)}
    ask = make.asked(confirmed_shortfall=10**9)
    post(Allocate(customer=customer, asked=ask, group=PACKAGES, quantities=stated))
    switch(customer, to_payg={PRO})
    with clock.moved_to(AGAIN):
        switch(customer, to_credits={PRO}, units={PRO: Decimal(7)}, shortfall=10**9)

    newest = UsageReport.objects.filter(customer=customer, group__key=PACKAGES).latest("pk")
    assert newest.quantities == {"endpoint-essentials": "20", PRO: "7"}


def test_going_back_below_zero_asks_and_books_nothing_before(agreed: PaygContract) -> None:
    customer = agreed.customer
    switch(customer, to_payg={BUCKETS})
    with clock.moved_to(AGAIN):
        make.allocate(customer, "email-core", 1_000)
        with pytest.raises(ConfirmationNeeded) as asked:
            switch(customer, to_credits={BUCKETS})
        assert held(customer) == 0
        switch(customer, to_credits={BUCKETS}, shortfall=asked.value.shortfall)
        assert held(customer) == 3 * RATE


def test_a_review_that_is_older_than_the_groups_credits_is_stale(agreed: PaygContract) -> None:
    with clock.moved_to(NOON + clock.DAY):
        make.allocate(agreed.customer, BUCKETS, 4)

    with clock.moved_to(NOON + clock.DAY), pytest.raises(StaleView):
        switch(agreed.customer, to_payg={BUCKETS}, seen=1)


def test_what_makes_no_sense_is_refused(agreed: PaygContract) -> None:
    customer = agreed.customer

    with pytest.raises(InvalidCommand, match="at least one feature"):
        switch(customer)
    with pytest.raises(InvalidCommand, match="never both"):
        switch(customer, to_payg={BUCKETS}, to_credits={BUCKETS})
    with pytest.raises(InvalidCommand, match="go back to credits"):
        switch(customer, to_payg={BUCKETS}, units={BUCKETS: Decimal(1)})
    with pytest.raises(UnknownObject):
        switch(customer, to_payg={"no-such-feature"})
    with pytest.raises(NotAllowed, match="on credits already"):
        switch(customer, to_credits={CLOUD})
