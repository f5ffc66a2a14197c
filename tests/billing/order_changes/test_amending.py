"""An order amended: the same licenses, as they should have been, and what was before is kept."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.domain.order_changes.amending import AmendOrder, amend_purchase
from billing.domain.order_changes.events import erase_words
from billing.domain.orders import UnusualTerm
from billing.domain.purchase_lists import purchases_of
from billing.domain.purchases import OrderNumberTaken, record_purchase
from billing.domain.second_look import NeedsSecondLook
from billing.models import Purchase, PurchaseEvent
from credits import clock
from credits.domain.activity import one_act
from credits.domain.allocations import Undo
from credits.domain.figures import figure
from credits.domain.licenses import ExtendLicense, VoidLicense
from credits.domain.members import NoLongerAllowed
from credits.domain.post import post
from credits.domain.rebuilding import rebuild_projections
from credits.domain.restating import GrantChanged, RestateGrant
from credits.domain.verify import verify_books
from credits.exceptions import CreditsError, InvalidCommand, KeyConflict, NotAllowed
from credits.models import Customer, LedgerEntry, License, Operation, User
from tests.billing.order_changes.mending import (
    WHY,
    amend,
    as_it_is,
    cancel_order,
    licenses_of,
    void,
)
from tests.billing.ordering import buy, line, order, today
from tests.factories import credits as make

DAY = timedelta(days=1)


def balance_at(customer: Customer, days: int = 0) -> int:
    now = clock.now()
    return figure(customer, at=now + days * DAY, known=now + DAY).balance


def counted() -> tuple[int, ...]:
    """How many rows of each kind there are: a refusal adds none."""
    models = (Operation, LedgerEntry, License, Purchase, PurchaseEvent)
    return tuple(model.objects.count() for model in models)


@pytest.fixture
def purchase(customer: Customer, rep: User) -> Purchase:
    return buy(
        customer,
        "SO-1",
        line(15_000),
        line(500, today() + 30 * DAY),
        actor=rep,
        price=Decimal("12500"),
        currency="EUR",
    )


def test_credits_typed_wrong_are_right_from_the_beginning(
    customer: Customer, purchase: Purchase, rep: User
) -> None:
    granted, first = purchase.operation, licenses_of(purchase)[0]

    amended = amend(purchase, {"credits": 1_500}, actor=rep)

    first.refresh_from_db()
    assert (first.credits, first.label, first.voided_at) == (1_500, "L-201", None)
    assert amended.operation.reverses == granted
    assert balance_at(customer) == 1_500
    assert balance_at(customer, 31) == 2_000
    assert verify_books(customer) == []
    assert rebuild_projections(customer, dry_run=True) == []


@pytest.mark.parametrize(("first", "last"), [(-20, 300), (10, 400), (-60, 30)])
def test_days_typed_wrong_move_the_license_as_a_whole(
    customer: Customer, purchase: Purchase, rep: User, first: int, last: int
) -> None:
    days = {"first_day": today() + first * DAY, "last_day": today() + last * DAY}

    amend(purchase, days, actor=rep)

    license = licenses_of(purchase)[0]
    assert license.starts_at == clock.start_of(days["first_day"])
    assert license.ends_at == clock.start_of(days["last_day"] + DAY)
    assert balance_at(customer) == (15_000 if first <= 0 else 0)
    assert balance_at(customer, last + 2) == (500 if last < 390 else 0)
    assert verify_books(customer) == []
    assert rebuild_projections(customer, dry_run=True) == []


def test_what_was_before_is_kept_with_who_and_why(purchase: Purchase, rep: User) -> None:
    amend(purchase, {"credits": 1_500}, actor=rep, order_number="SO-2", price=Decimal("1250"))

    event = purchase.events.get()
    assert event.kind == "amended"
    assert event.operation.actor == rep
    assert event.operation.note.text == WHY
    assert event.changes == [
        {"name": "order_number", "before": "SO-1", "after": "SO-2"},
        {"name": "price", "before": "12500.00 EUR", "after": "1250.00 EUR"},
        {"name": "credits", "before": 15_000, "after": 1_500, "license": "L-201"},
    ]


def test_what_is_no_credits_books_nothing(
    customer: Customer, purchase: Purchase, rep: User
) -> None:
    granted, entries = purchase.operation, LedgerEntry.objects.count()

    amended = amend(purchase, actor=rep, order_number=" SO-9 ", channel="support", note="By mail.")

    assert (amended.order_number, amended.channel, amended.note) == ("SO-9", "support", "By mail.")
    assert amended.operation == granted
    assert LedgerEntry.objects.count() == entries
    assert verify_books(customer) == []


def test_an_order_is_amended_more_than_once(
    customer: Customer, purchase: Purchase, rep: User
) -> None:
    for credits in (1, 20_000, 15_000):
        amend(purchase, {"credits": credits}, actor=rep)
        assert balance_at(customer) == credits

    assert purchase.events.count() == 3
    assert verify_books(customer) == []
    found = purchases_of(customer).get()
    assert found.credits == 15_500  # type: ignore[attr-defined]


def test_an_amended_order_is_cancelled_as_a_whole(
    customer: Customer, purchase: Purchase, rep: User
) -> None:
    amend(purchase, {"first_day": today() - 5 * DAY}, actor=rep)

    cancel_order(purchase, actor=rep)

    assert balance_at(customer) == 0
    assert all(license.voided_at == license.starts_at for license in licenses_of(purchase))
    assert verify_books(customer) == []
    assert rebuild_projections(customer, dry_run=True) == []


def refused(purchase: Purchase, rep: User, kind: type[CreditsError], **said: Any) -> CreditsError:
    """An amendment that is refused and leaves nothing behind."""
    before = counted()
    lines = said.pop("lines", [])
    with pytest.raises(kind) as refusal:
        amend(purchase, *lines, actor=rep, **said)
    assert counted() == before
    return refusal.value


def test_a_license_that_was_extended_or_voided_comes_first(
    customer: Customer, purchase: Purchase, rep: User
) -> None:
    first, second = licenses_of(purchase)
    extend = ExtendLicense(
        customer=customer, asked=make.asked(), license=first, ends_at=first.ends_at + DAY
    )
    extension = post(extend).operation

    refusal = refused(purchase, rep, NotAllowed, lines=[{"credits": 1}])
    assert "L-201 was corrected after it was granted (extend" in refusal.message

    post(Undo(customer=customer, asked=make.asked(), operation=extension.public_id))
    amend(purchase, {"credits": 2}, actor=rep)
    post(VoidLicense(customer=customer, asked=make.asked(), license=second))
    refused(purchase, rep, NotAllowed, lines=[{"credits": 3}])
    assert amend(purchase, actor=rep, order_number="SO-5").order_number == "SO-5"
    assert verify_books(customer) == []


@pytest.mark.parametrize(
    ("said", "field"),
    [
        pytest.param({"lines": [{}, {"credits": 0}]}, "lines.2.credits", id="no-credits"),
        pytest.param({"lines": [{"last_day": today() - 9 * DAY}]}, "lines.1.ends", id="backwards"),
        pytest.param({"order_number": " "}, "order_number", id="no-number"),
        pytest.param({"channel": "aws"}, "channel", id="a-marketplace"),
        pytest.param({"price": None}, "price", id="currency-alone"),
        pytest.param({"reason": "  "}, "reason", id="no-reason"),
        pytest.param({"reason": "x" * 501}, "reason", id="long-reason"),
        pytest.param({}, None, id="nothing-different"),
    ],
)
def test_bad_input_is_refused_at_its_field(
    purchase: Purchase, rep: User, said: dict[str, Any], field: str | None
) -> None:
    assert refused(purchase, rep, InvalidCommand, **said).field == field


@pytest.mark.parametrize("number", ["SO-7", "so-7 "])
def test_a_number_that_another_order_has_is_refused_and_the_order_named(
    other_customer: Customer, purchase: Purchase, rep: User, number: str
) -> None:
    other = buy(other_customer, "SO-7")

    refusal = refused(purchase, rep, OrderNumberTaken, order_number=number)

    assert isinstance(refusal, OrderNumberTaken)
    assert refusal.purchase == other
    assert amend(purchase, actor=rep, order_number="so-1").order_number == "so-1"


def test_an_unusual_new_term_is_asked_about_by_name(
    customer: Customer, purchase: Purchase, rep: User
) -> None:
    long_ago = {"first_day": today() - 100 * DAY}

    refusal = refused(purchase, rep, UnusualTerm, lines=[long_ago])
    assert refusal.field == "lines.1.starts"

    amend(purchase, long_ago, actor=rep, unusual_confirmed=True)
    amend(purchase, {"credits": 7}, actor=rep)
    assert balance_at(customer, -95) == 7


def test_a_rise_above_what_one_person_may_enter_is_a_further_order(
    settings: Any, purchase: Purchase, rep: User
) -> None:
    settings.PURCHASE_SECOND_LOOK_CREDITS = 15_000

    assert (
        "further order"
        in refused(purchase, rep, NeedsSecondLook, lines=[{"credits": 15_001}]).message
    )
    assert amend(purchase, {"credits": 14_900}, actor=rep).order_number == "SO-1"


def test_a_request_sent_twice_amends_once(purchase: Purchase, rep: User) -> None:
    said = as_it_is(purchase, {"credits": 1_500})
    for _ in range(2):
        lines = [
            {"credits": one.credits, "first_day": one.first_day, "last_day": one.last_day}
            for one in said.lines
        ]
        amend(purchase, *lines, actor=rep, key="once")

    assert purchase.events.count() == 1
    with pytest.raises(KeyConflict):
        amend(purchase, {"credits": 9}, actor=rep, key="once")


def test_the_first_request_sent_again_finds_its_amended_order(
    customer: Customer, rep: User
) -> None:
    entered = order("SO-3", line(10), price=Decimal(5), currency="EUR")
    purchase = record_purchase(customer, entered, make.asked("first", actor=rep))
    amend(purchase, {"credits": 11}, actor=rep, order_number="SO-4", price=Decimal(6))

    assert record_purchase(customer, entered, make.asked("first", actor=rep)) == purchase
    assert Purchase.objects.count() == 1


def test_an_amendment_is_not_undone(purchase: Purchase, customer: Customer, rep: User) -> None:
    amended = amend(purchase, {"credits": 1_500}, actor=rep)

    with pytest.raises(NotAllowed, match="Amend the order again instead"):
        post(
            Undo(
                customer=customer,
                asked=make.asked(),
                operation=amended.operation.public_id,
            )
        )


def test_what_was_changed_meanwhile_is_said(
    customer: Customer, purchase: Purchase, rep: User
) -> None:
    stale = as_it_is(purchase, {"credits": 9})
    earlier = purchase.operation
    void(purchase, licenses_of(purchase)[1], never=True, actor=rep)

    with pytest.raises(GrantChanged):
        amend_purchase(
            purchase,
            AmendOrder(
                customer=customer,
                asked=make.asked(actor=rep, reason=WHY),
                purchase=purchase,
                amendment=stale,
            ),
        )
    with pytest.raises(GrantChanged):
        post(
            RestateGrant(
                customer=customer, asked=make.asked(), operation=earlier.public_id, lots=[]
            )
        )


def test_only_who_may_correct_orders_amends(
    customer: Customer, purchase: Purchase, alice: User, support: User, manager: User
) -> None:
    with pytest.raises(NoLongerAllowed):
        amend(purchase, {"credits": 1}, actor=alice)
    amend(purchase, {"credits": 2}, actor=support)
    amend(purchase, {"credits": 3}, actor=manager)
    assert balance_at(customer) == 3


def test_an_order_of_a_marketplace_follows_it(customer: Customer, rep: User) -> None:
    purchase = buy(customer, "agreement /1", channel="aws")

    with pytest.raises(NotAllowed, match="came by AWS Marketplace and follows it"):
        amend(purchase, {"credits": 1}, actor=rep)


def test_the_activity_says_it_in_words(customer: Customer, purchase: Purchase, rep: User) -> None:
    days = {"first_day": today(), "last_day": today()}
    amended = amend(purchase, {"credits": 1_500, **days}, {"credits": 2}, actor=rep)

    act = one_act(customer, amended.operation.public_id)

    assert act is not None
    day = f"{today():%-d %b %Y}"
    assert act.words.startswith(
        f"Amended order SO-1: L-201 has 1,500 credits from {day} to {day}; L-202 has 2 credits"
    )


def test_a_purge_takes_own_words_out_of_the_history_and_leaves_the_numbers(
    customer: Customer, purchase: Purchase, rep: User
) -> None:
    amend(purchase, {"credits": 9}, actor=rep, note="Maria called.")

    erase_words(customer)

    assert [one["name"] for one in purchase.events.get().changes] == ["credits"]
