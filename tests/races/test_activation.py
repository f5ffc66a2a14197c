"""A code that several people enter at one moment is used once, and tries never exceed the limit."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from billing.domain.conversion.activating import CodeRefused, activate_code
from billing.domain.conversion.guessing import take_place
from billing.domain.conversion.issuing import IssueCodes, issue_codes
from billing.domain.conversion.rates import OWN_FILE, load_conversion_rates
from billing.domain.conversion.terms import enter_entitlement
from billing.models import ActivationCode, Entitlement, EntitlementTerm
from credits.domain import verify
from credits.domain.door import Delayed
from credits.models import Customer, License, Role, SecurityEvent, User
from tests.billing.conversion.conftest import asking, seats
from tests.factories import credits as make
from tests.races.racing import race

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _rates(catalogue: None) -> None:
    load_conversion_rates(OWN_FILE.read_bytes())


def issue(customer: Customer | None) -> ActivationCode:
    ask = make.asked()
    command = IssueCodes(
        asked=ask, product="xdr-endpoint-sensor", units=400, months=12, customer=customer
    )
    return issue_codes(command)[0]


def test_two_people_of_a_customer_enter_one_code(customer: Customer, alice: User) -> None:
    second = make.make_member(customer, make.make_user(name="Second"), Role.ADMIN)
    for _turn in range(4):
        code = issue(customer)

        results = race(
            [
                partial(activate_code, customer, code.public_id, make.asked(actor=who))
                for who in (alice, second)
            ]
        )

        won = [one for one in results if isinstance(one, EntitlementTerm)]
        lost = [one for one in results if isinstance(one, CodeRefused)]
        assert (len(won), len(lost)) == (1, 1), results
        assert won[0].license.label in lost[0].message
    assert License.objects.count() == 4
    assert verify.verify_books(customer) == []


def test_two_customers_enter_one_code(
    customer: Customer, other_customer: Customer, alice: User, carol: User
) -> None:
    for _turn in range(4):
        code = issue(None)

        results = race(
            [
                partial(activate_code, customer, code.public_id, make.asked(actor=alice)),
                partial(activate_code, other_customer, code.public_id, make.asked(actor=carol)),
            ]
        )

        lost = [one for one in results if isinstance(one, CodeRefused)]
        assert len(lost) == 1, results
        assert "cannot be used here" in lost[0].message
    assert License.objects.count() == 4


def test_one_key_sent_by_all_at_once_converts_once(customer: Customer) -> None:
    ask = asking()

    results = race([lambda: enter_entitlement(customer, seats(), ask)] * 6)

    assert len({getattr(one, "pk", one) for one in results}) == 1
    assert License.objects.count() == 1


def test_seat_licenses_of_one_moment_have_numbers_of_their_own(
    customer: Customer, other_customer: Customer
) -> None:
    owners = [customer, other_customer] * 4

    results = race([partial(enter_entitlement, who, seats(), asking()) for who in owners])

    assert all(isinstance(one, EntitlementTerm) for one in results), results
    assert set(Entitlement.objects.values_list("number", flat=True)) == set(range(1001, 1009))


def test_tries_at_once_cannot_exceed_the_limit(
    customer: Customer, alice: User, settings: Any
) -> None:
    settings.CODE_TRIES_PER_PERSON = 4

    results = race([lambda: take_place(alice, customer, "192.0.2.1")] * 10)

    assert sum(isinstance(one, SecurityEvent) for one in results) == 4
    assert sum(isinstance(one, Delayed) for one in results) == 6
