"""Messages applied from what the marketplace says, whatever they say themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.domain.marketplaces.applying import NotAllApplied, apply_messages, replay
from billing.domain.marketplaces.linking import follow
from billing.domain.marketplaces.providers import Item
from billing.models import MarketplaceAgreement, MarketplaceMessage, Purchase
from credits import clock
from credits.domain.commands import Asked
from credits.domain.parking import Park
from credits.domain.post import post
from credits.models import Customer, License, OutgoingMail
from credits.roles import StaffRole
from tests.billing.marketplaces.core import fake
from tests.billing.marketplaces.core.conftest import NOW
from tests.billing.marketplaces.core.fake import agreement, day, linked, send
from tests.billing.marketplaces.core.reading import levels, orders, standing, valid
from tests.factories import credits as make

pytestmark = pytest.mark.django_db


def apply(minutes: float = 0) -> dict[str, int]:
    """The job's run so many minutes from the present."""
    with clock.moved_to(clock.now() + timedelta(minutes=minutes)):
        return apply_messages(clock.now())


def row(message_id: str = "m-1") -> MarketplaceMessage:
    return MarketplaceMessage.objects.get(message_id=message_id)


def test_a_linked_agreement_comes_to_an_order_over_whole_days(customer: Customer) -> None:
    truth = agreement()
    found = linked(truth, customer)

    follow(found)

    assert orders(customer) == [("1", 10_000, "2026-11-10", "2027-11-11", False, None)]
    purchase = Purchase.objects.get(customer=customer)
    assert purchase.channel == "aws"
    assert purchase.order_number == "l-1 /1"
    assert purchase.operation.source == "aws"
    assert purchase.entered_by is None
    assert valid(customer, day("2027-11-10T23:59:59+00:00")) == 10_000
    assert valid(customer, day("2027-11-11")) == 0


def test_the_same_message_again_buys_nothing_again(customer: Customer) -> None:
    truth = agreement()
    follow(linked(truth, customer))
    for number in range(3):
        send(truth)
        send(truth, f"other-{number}")

        apply()

    assert row().deliveries == 3
    assert len(orders(customer)) == 1
    assert fake.aws().settled == ["m-1", "other-0", "other-1", "other-2"]


def test_more_units_are_one_more_order_from_today(customer: Customer) -> None:
    truth = agreement()
    follow(linked(truth, customer))
    fake.aws().change(truth.reference, items=[Item(fake.PLAN, 15)])
    send(truth)

    apply()

    assert orders(customer)[1] == ("2", 5_000, "2026-11-20", "2027-11-11", False, None)
    assert valid(customer) == 15_000


def test_fewer_units_reduce_the_newest_order_first(customer: Customer) -> None:
    truth = agreement()
    found = linked(truth, customer)
    for units in (10, 15, 12, 8):
        fake.aws().change(truth.reference, items=[Item(fake.PLAN, units)])
        follow(found)
        assert valid(customer) == units * 1_000

    assert [(credits, is_void) for _n, credits, _s, _e, is_void, _r in orders(customer)] == [
        (8_000, False),
        (2_000, True),
    ]


def test_a_term_that_starts_where_the_last_one_ends_is_a_renewal(customer: Customer) -> None:
    truth = agreement()
    found = linked(truth, customer)
    follow(found)
    fake.aws().change(
        truth.reference,
        items=[Item(fake.PLAN, 12)],
        starts_at=day("2027-11-10T13:37:00+00:00"),
        ends_at=day("2028-11-10T13:37:00+00:00"),
    )

    with clock.moved_to(day("2027-11-10T14:00:00+00:00")):
        follow(found)

    first = License.objects.get(customer=customer, renews=None)
    assert orders(customer) == [
        ("1", 10_000, "2026-11-10", "2027-11-11", False, None),
        ("2", 12_000, "2027-11-11", "2028-11-11", False, first.number),
    ]
    assert levels(customer) == {
        "2026-11-10 00:00": 10_000,
        "2027-11-11 00:00": 12_000,
        "2028-11-11 00:00": 0,
    }


def test_a_later_end_of_the_same_term_extends_it(customer: Customer) -> None:
    truth = agreement()
    found = linked(truth, customer)
    follow(found)
    fake.aws().change(truth.reference, ends_at=day("2027-12-24T08:00:00+00:00"))

    follow(found)

    assert orders(customer) == [("1", 10_000, "2026-11-10", "2027-12-25", False, None)]


def test_without_a_beginning_a_later_end_is_a_renewal(customer: Customer) -> None:
    truth = agreement(starts_at=None)
    found = linked(truth, customer)
    follow(found)
    fake.aws().change(truth.reference, ends_at=day("2028-11-10T13:37:00+00:00"))

    follow(found)

    assert [order[2:4] for order in orders(customer)] == [
        ("2026-11-20", "2027-11-11"),
        ("2027-11-11", "2028-11-11"),
    ]


def test_an_earlier_end_is_booked_ahead(customer: Customer) -> None:
    truth = agreement()
    found = linked(truth, customer)
    follow(found)
    fake.aws().change(truth.reference, ends_at=day("2027-01-15T12:00:00+00:00"))

    follow(found)

    assert valid(customer) == 10_000
    assert levels(customer)["2027-01-16 00:00"] == 0


def test_a_cancellation_voids_at_once(customer: Customer) -> None:
    truth = agreement()
    found = linked(truth, customer)
    follow(found)
    fake.aws().change(truth.reference, state="ended")

    follow(found)

    assert valid(customer) == 0
    assert orders(customer)[0][4]


def test_the_end_of_a_term_voids_nothing(customer: Customer) -> None:
    truth = agreement()
    found = linked(truth, customer)
    follow(found)
    fake.aws().change(truth.reference, state="ended")

    with clock.moved_to(day("2027-11-10T13:40:00+00:00")):
        follow(found)

        assert valid(customer) == 10_000
    assert not orders(customer)[0][4]


def test_what_was_cancelled_and_taken_up_again_starts_today(customer: Customer) -> None:
    truth = agreement()
    found = linked(truth, customer)
    follow(found)
    fake.aws().change(truth.reference, state="ended")
    follow(found)
    fake.aws().change(truth.reference, state="active")

    with clock.moved_to(NOW + timedelta(days=3)):
        follow(found)

        assert valid(customer) == 10_000
    assert orders(customer)[1][:4] == ("2", 10_000, "2026-11-23", "2027-11-11")
    assert valid(customer, NOW + timedelta(days=1)) == 0


def test_an_agreement_that_nobody_linked_is_parked_until_somebody_does(
    customer: Customer,
) -> None:
    truth = agreement()
    send(truth)

    apply()

    assert (row().state, row().problem) == (
        "parked",
        "No customer has linked this agreement yet.",
    )
    assert not orders(customer)

    linked(truth, customer)
    apply()

    assert row().state == "applied"
    assert valid(customer) == 10_000


def test_what_was_linked_is_applied_without_any_message(customer: Customer) -> None:
    fake.aws().is_silent = True
    found = linked(agreement(), customer)
    assert follow(found) is None
    apply()
    assert not orders(customer)
    fake.aws().is_silent = False

    counts = apply()

    assert counts["agreements"] == 1
    assert valid(customer) == 10_000
    assert apply()["agreements"] == 0


def test_a_plan_without_a_worth_is_parked_and_replayed(customer: Customer) -> None:
    truth = agreement(items=[Item(fake.PLAN, 1)])
    follow(linked(truth, customer))
    fake.aws().change(truth.reference, items=[Item(fake.PLAN, 1), Item(fake.OTHER, 2)])
    send(truth)
    apply()
    assert row().state == "parked"
    assert fake.OTHER in row().problem
    fake.aws().change(truth.reference, items=[Item(fake.PLAN, 3)])

    assert replay(MarketplaceMessage.objects.all()) == 1
    apply()

    assert row().state == "applied"
    assert valid(customer) == 3_000


def test_without_an_answer_it_waits_longer_each_time(customer: Customer) -> None:
    truth = agreement()
    follow(linked(truth, customer))
    fake.aws().is_silent = True
    send(truth)
    pauses = []
    at = NOW
    for _try in range(12):
        with clock.moved_to(at):
            apply_messages(at)
        pauses.append(row().due_at - at)
        at = row().due_at

    assert pauses[0] == timedelta(seconds=10)
    assert pauses[-1] == timedelta(hours=1)
    assert pauses == sorted(pauses)
    assert row().state == "stored"
    fake.aws().is_silent = False
    with clock.moved_to(at):
        apply_messages(at)
    assert row().state == "applied"


def test_late_messages_are_told_once_a_day(customer: Customer) -> None:
    make.make_staff(make.make_user(email="operator@vendor.example"), StaffRole.OPERATOR)
    fake.aws().is_silent = True
    send(agreement())

    for minutes in (1, 14, 16, 30, 60):
        apply(minutes)

    mails = OutgoingMail.objects.filter(kind="marketplaces-late")
    assert [mail.to for mail in mails] == ["operator@vendor.example"]
    assert "has not been applied" in mails[0].text
    apply(60 * 24)
    assert mails.all().count() == 2


def test_a_message_that_cannot_be_settled_waits_for_a_person(customer: Customer) -> None:
    truth = agreement()
    follow(linked(truth, customer))
    fake.aws().change(truth.reference, items=[Item(fake.PLAN, 20)])
    fake.aws().refused["m-1"] = "The units are not those of the operation."
    send(truth)

    apply()

    assert (row().state, row().problem) == ("parked", "The units are not those of the operation.")
    assert valid(customer) == 10_000


def test_an_agreement_that_is_not_synced_yet_is_asked_for_during_an_hour(
    customer: Customer,
) -> None:
    truth = agreement()
    del fake.aws().said[truth.reference]
    send(truth)

    apply()
    assert row().state == "stored"
    apply(61)

    assert (row().state, row().problem) == ("parked", "There is no such agreement.")


def test_unknown_actions_are_looked_up_like_any_other(customer: Customer) -> None:
    truth = agreement()
    follow(linked(truth, customer))
    fake.aws().change(truth.reference, items=[Item(fake.PLAN, 11)])
    send(truth, action="A thing nobody has documented")

    apply()

    assert row().state == "applied"
    assert valid(customer) == 11_000


def test_one_that_falls_over_holds_up_nobody(customer: Customer) -> None:
    truth = agreement()
    azure = agreement("0f8fad5b-d9cb-469f-a165-70867728950e", marketplace="azure")
    follow(linked(truth, customer))
    send(azure, "a-1")
    send(truth, "m-1")
    fake.azure().fails = True

    with pytest.raises(NotAllApplied, match="2 left undone"):
        apply()

    assert row("m-1").state == "applied"
    assert row("a-1").state == "stored"
    assert row("a-1").problem == "RuntimeError: It fell over."


def test_what_waits_in_a_queue_is_fetched_and_applied(customer: Customer) -> None:
    truth = agreement()
    follow(linked(truth, customer))
    fake.aws().waiting = [fake.message(truth, "q-1"), fake.message(truth, "q-2")]

    counts = apply()

    assert (counts["collected"], counts["applied"]) == (2, 2)


def test_the_buyer_is_let_in_before_the_marketplace_is_told(customer: Customer) -> None:
    truth = agreement(
        "0f8fad5b-d9cb-469f-a165-70867728950e",
        marketplace="azure",
        state="pending",
        must_activate=True,
    )
    found = linked(truth, customer)
    follow(found)

    assert fake.azure().activated == [truth.reference]
    assert valid(customer) == 10_000
    assert standing(found)["state"] == "active"
    assert not standing(found)["waits"]


def test_telling_the_marketplace_is_tried_until_it_works(customer: Customer) -> None:
    truth = agreement(
        "0f8fad5b-d9cb-469f-a165-70867728950e",
        marketplace="azure",
        state="pending",
        must_activate=True,
        starts_at=None,
        ends_at=None,
    )
    found = linked(truth, customer)
    fake.azure().is_silent = True
    assert follow(found) is None
    fake.azure().is_silent = False

    apply()

    assert fake.azure().activated == [truth.reference]
    # It began with that, and so the marketplace says its days from then on.
    fake.azure().change(truth.reference, starts_at=NOW, ends_at=NOW + timedelta(days=30))
    send(truth)
    apply()
    assert orders(customer)[0][2:4] == ("2026-11-20", "2026-12-21")


def test_parked_books_take_it_as_soon_as_they_are_open(customer: Customer) -> None:
    truth = agreement()
    found = linked(truth, customer)
    post(Park(customer=customer, asked=Asked(source="test", key="park", reason="I1")))
    send(truth)

    apply()

    assert row().state == "stored"
    assert "parked" in row().problem
    assert MarketplaceAgreement.objects.get(pk=found.pk).applied == 0


def test_what_the_books_refuse_is_kept_as_the_reason(customer: Customer) -> None:
    truth = agreement(items=[Item(fake.PLAN, 10**10)])
    follow(linked(truth, customer))
    send(truth)

    apply()

    assert row().state == "parked"
    assert "whole number from 1 to" in row().problem
    assert not Purchase.objects.filter(customer=customer).exists()
