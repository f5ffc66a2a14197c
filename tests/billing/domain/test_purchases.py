"""A purchase: recorded whole, once, and never mixed with another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from billing.domain.purchases import (
    OrderNumberTaken,
    OrderState,
    UnusualTerm,
    matching,
    order_state,
    purchases_for,
    purchases_of,
    record_purchase,
)
from billing.models import Purchase, PurchaseState
from credits import clock
from credits.domain.figures import figure
from credits.domain.licenses import ExtendLicense, ReduceLicense, VoidLicense
from credits.domain.post import post
from credits.exceptions import CreditsError, InvalidCommand, KeyConflict, UnknownObject
from credits.models import Customer, LedgerEntry, License, Operation, User
from tests.billing.ordering import buy, line, order, today
from tests.factories import credits as make
from tests.races.racing import race

DAY = timedelta(days=1)


def books() -> tuple[int, int, int, int]:
    """How many rows of each kind there are: a refusal adds none."""
    return (
        Operation.objects.count(),
        LedgerEntry.objects.count(),
        License.objects.count(),
        Purchase.objects.count(),
    )


def test_an_order_is_one_operation_with_its_licenses_in_order(
    customer: Customer, rep: User
) -> None:
    later = line(2_000, today() + 30 * DAY)

    purchase = buy(
        customer, " SO-7 ", line(), later, actor=rep, price=Decimal("99.5"), currency="EUR"
    )

    licenses = [entered.license for entered in purchase.lines.all()]
    assert [license.credits for license in licenses] == [15_000, 2_000]
    assert [license.label for license in licenses] == ["L-201", "L-202"]
    assert purchase.operation.entries.count() == 4
    assert purchase.order_number == "SO-7"
    assert purchase.entered_by == rep
    assert purchase.recorded_at == purchase.operation.recorded_at


def test_a_price_never_enters_a_sum_of_credits(customer: Customer) -> None:
    buy(customer, "SO-1", line(300), price=Decimal("1_000_000"), currency="EUR")

    now = clock.now() + DAY

    assert figure(customer, at=now, known=now).valid == 300


def test_the_same_request_twice_is_one_purchase(customer: Customer) -> None:
    asked = make.asked("key-1")
    first = record_purchase(customer, order(), asked)
    before = books()

    again = record_purchase(customer, order(), asked)

    assert again == first
    assert books() == before


def test_a_repeat_is_answered_although_its_term_has_become_unusual(customer: Customer) -> None:
    asked = make.asked("key-1")
    short = order("SO-1", line(last_day=today() + DAY))
    first = record_purchase(customer, short, asked)

    with clock.moved_to(clock.now() + 400 * DAY):
        assert record_purchase(customer, short, asked) == first


@pytest.mark.parametrize(
    "changed",
    [
        {"lines": [line(15_001, date(2027, 1, 1))]},
        {"order_number": "SO-2"},
        {"channel": "support"},
        {"price": Decimal(1), "currency": "EUR"},
        {"price": Decimal(5), "currency": "USD"},
    ],
)
def test_a_key_used_for_something_else_is_refused(
    customer: Customer, changed: dict[str, Any]
) -> None:
    first = order("SO-1", line(15_000, date(2027, 1, 1)), price=Decimal(5), currency="EUR")
    record_purchase(customer, first, make.asked("key-1"))
    before = books()

    with pytest.raises(KeyConflict):
        record_purchase(customer, replace(first, **changed), make.asked("key-1"))

    assert books() == before


def test_a_key_of_another_customer_is_refused(customer: Customer, other_customer: Customer) -> None:
    record_purchase(customer, order(), make.asked("key-1"))

    with pytest.raises(KeyConflict):
        record_purchase(other_customer, order(), make.asked("key-1"))


@pytest.mark.parametrize("number", ["SO-1", "so-1", "  SO-1 "])
def test_an_order_number_is_used_once_in_a_channel(
    customer: Customer, other_customer: Customer, number: str
) -> None:
    first = buy(customer, "SO-1")
    before = books()

    with pytest.raises(OrderNumberTaken) as refusal:
        buy(other_customer, number)

    assert refusal.value.purchase == first
    assert refusal.value.field == "order_number"
    assert "SO-1" in refusal.value.message
    assert customer.name not in refusal.value.message
    assert books() == before


def test_another_channel_may_use_the_number(customer: Customer) -> None:
    buy(customer, "SO-1")

    assert buy(customer, "SO-1", channel="support").channel == "support"


def test_a_cancelled_order_frees_its_number(customer: Customer) -> None:
    first = buy(customer, "SO-1")
    Purchase.objects.filter(pk=first.pk).update(state=PurchaseState.CANCELLED)

    assert buy(customer, "SO-1") != first


UNUSUAL = [
    (-91, 300, "lines.1.starts", "more than 90 days back"),
    (-30, -1, "lines.1.ends", "ended on"),
]


@pytest.mark.parametrize(("first", "last", "field", "words"), UNUSUAL)
def test_an_unusual_term_is_asked_about_by_name(
    customer: Customer, first: int, last: int, field: str, words: str
) -> None:
    odd = line(first_day=today() + first * DAY, last_day=today() + last * DAY)
    before = books()

    with pytest.raises(UnusualTerm, match=words) as refusal:
        buy(customer, "SO-1", odd)

    assert refusal.value.field == field
    assert books() == before
    assert buy(customer, "SO-1", odd, unusual_confirmed=True).lines.count() == 1


@pytest.mark.parametrize(("first", "last"), [(-90, 300), (-30, 0), (400, 800)])
def test_an_ordinary_term_is_not_asked_about(customer: Customer, first: int, last: int) -> None:
    ordinary = line(first_day=today() + first * DAY, last_day=today() + last * DAY)

    assert buy(customer, "SO-1", ordinary).lines.count() == 1


BAD_LINES = [
    ({"credits": 0}, "lines.1.credits"),
    ({"credits": -5}, "lines.1.credits"),
    ({"credits": 10**20}, "lines.1.credits"),
    ({"first_day": date(2027, 3, 2), "last_day": date(2027, 3, 1)}, "lines.1.ends"),
    ({"first_day": date(1999, 1, 1)}, "lines.1.starts"),
    ({"last_day": date(2101, 1, 1)}, "lines.1.ends"),
]


@pytest.mark.parametrize(("fields", "field"), BAD_LINES)
def test_a_license_that_makes_no_sense_is_refused_at_its_field(
    customer: Customer, fields: dict[str, Any], field: str
) -> None:
    before = books()

    with pytest.raises(InvalidCommand) as refusal:
        buy(customer, "SO-1", replace(line(), **fields))

    assert refusal.value.field == field
    assert books() == before


def test_the_second_license_is_named_as_the_second(customer: Customer) -> None:
    with pytest.raises(InvalidCommand) as refusal:
        buy(customer, "SO-1", line(), line(0))

    assert refusal.value.field == "lines.2.credits"


BAD_ORDERS = [
    ({"order_number": "  "}, "order_number"),
    ({"order_number": "x" * 61}, "order_number"),
    ({"order_number": "SO\u202e1"}, "order_number"),
    ({"channel": "post"}, "channel"),
    ({"lines": []}, "lines"),
    ({"price": Decimal(-1), "currency": "EUR"}, "price"),
    ({"price": Decimal("1.005"), "currency": "EUR"}, "price"),
    ({"price": Decimal("NaN"), "currency": "EUR"}, "price"),
    ({"price": Decimal("Infinity"), "currency": "EUR"}, "price"),
    ({"price": Decimal(10**13), "currency": "EUR"}, "price"),
    ({"price": Decimal(5)}, "currency"),
    ({"price": Decimal(5), "currency": "eur"}, "currency"),
    ({"currency": "EUR"}, "price"),
]


@pytest.mark.parametrize(("fields", "field"), BAD_ORDERS)
def test_an_order_that_makes_no_sense_is_refused_at_its_field(
    customer: Customer, fields: dict[str, Any], field: str
) -> None:
    before = books()

    with pytest.raises(InvalidCommand) as refusal:
        record_purchase(customer, replace(order(), **fields), make.asked())

    assert refusal.value.field == field
    assert books() == before


def test_a_renewal_is_linked_to_the_license_it_renews(customer: Customer) -> None:
    old = buy(customer).lines.get().license

    renewal = buy(customer, "SO-2", line(first_day=old.ends_at.date(), renews=old))

    assert renewal.lines.get().license.renews == old


def test_another_customers_license_cannot_be_renewed(
    customer: Customer, other_customer: Customer
) -> None:
    theirs = buy(other_customer).lines.get().license
    before = books()

    with pytest.raises(UnknownObject):
        buy(customer, "SO-2", line(renews=theirs))

    assert books() == before


def test_a_license_is_renewed_once(customer: Customer) -> None:
    old = buy(customer).lines.get().license
    buy(customer, "SO-2", line(renews=old))

    with pytest.raises(InvalidCommand, match="L-201 has a renewal already") as refusal:
        buy(customer, "SO-3", line(), line(renews=old))

    assert refusal.value.field == "lines.2.renews"


def test_one_order_renews_a_license_once(customer: Customer) -> None:
    old = buy(customer).lines.get().license

    with pytest.raises(InvalidCommand) as refusal:
        buy(customer, "SO-2", line(renews=old), line(renews=old))

    assert refusal.value.field == "lines.2.renews"


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_the_same_request_many_times_at_once_is_one_purchase(customer: Customer) -> None:
    asked = make.asked("key-1")

    results = race([lambda: record_purchase(customer, order(), asked).pk] * 8)

    assert len(set(results)) == 1
    assert isinstance(results[0], int)
    assert Purchase.objects.count() == License.objects.count() == 1


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_two_customers_cannot_take_one_order_number_at_once(
    customer: Customer, other_customer: Customer
) -> None:
    both = (customer, other_customer)

    results = race([partial(buy, who, "SO-1") for who in both for _ in range(3)])

    recorded = [result for result in results if isinstance(result, Purchase)]
    refused = [result for result in results if isinstance(result, OrderNumberTaken)]
    assert len(recorded) == 1
    assert len(refused) == 5
    assert Operation.objects.filter(kind="grant").count() == 1


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_two_renewals_of_one_license_at_once_are_one(customer: Customer) -> None:
    old = buy(customer, "SO-0").lines.get().license
    orders = [order(f"SO-{n}", line(renews=old)) for n in range(1, 5)]

    results = race([partial(record_purchase, customer, one, make.asked()) for one in orders])

    assert sum(isinstance(result, Purchase) for result in results) == 1
    refused = [result for result in results if isinstance(result, CreditsError)]
    assert len(refused) == 3
    assert License.objects.filter(renews=old).count() == 1


def test_purchases_are_read_as_they_were_ordered(customer: Customer) -> None:
    purchase = buy(customer, "SO-1", line(), line(500, today() + 30 * DAY))
    license = purchase.lines.all()[0].license
    post(ReduceLicense(customer=customer, asked=make.asked(), license=license, credits=9_000))
    longer = license.ends_at + 500 * DAY
    post(ExtendLicense(customer=customer, asked=make.asked(), license=license, ends_at=longer))

    found: Any = purchases_of(customer).get()

    assert found.credits == 15_500
    assert found.starts_at.date() == today()
    assert found.ends_at < longer


def test_a_person_reads_purchases_of_visible_customers_only(
    customer: Customer, other_customer: Customer, rep: User, manager: User
) -> None:
    buy(customer, "SO-1")
    buy(other_customer, "SO-2")

    assert [found.order_number for found in purchases_for(rep)] == ["SO-1"]
    assert {found.order_number for found in purchases_for(manager)} == {"SO-1", "SO-2"}


@pytest.mark.parametrize(("words", "found"), [("so-1", 1), ("halden", 1), ("rina", 1), ("%", 0)])
def test_purchases_are_searched_by_number_customer_and_person(
    customer: Customer, rep: User, words: str, found: int
) -> None:
    buy(customer, "SO-1", actor=rep)

    assert matching(purchases_of(customer), words).count() == found


def test_an_order_says_how_it_stands(customer: Customer) -> None:
    now = clock.now()
    purchase = buy(customer, "SO-1", line(), line(500, today() + 30 * DAY))
    first, second = (entered.license for entered in purchase.lines.all())

    def state(at: Any = now) -> OrderState:
        return order_state(purchases_of(customer).get(), at)

    assert state(now - 2 * DAY) == OrderState.UPCOMING
    assert state() == OrderState.VALID
    assert state(now + 800 * DAY) == OrderState.ENDED
    post(VoidLicense(customer=customer, asked=make.asked(), license=first))
    assert state() == OrderState.PARTLY_VOIDED
    post(VoidLicense(customer=customer, asked=make.asked(), license=second))
    assert state() == OrderState.VOIDED
    Purchase.objects.update(state=PurchaseState.CANCELLED)
    assert state() == OrderState.CANCELLED
