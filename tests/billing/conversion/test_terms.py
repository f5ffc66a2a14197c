"""Seat licenses convert once for each term, at the rate of its first day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from billing.domain.conversion.in_force import likely_renewal, units_on
from billing.domain.conversion.reducing import ReduceSeats, reduce_units
from billing.domain.conversion.terms import (
    ConvertSeats,
    add_units,
    convert,
    enter_entitlement,
    renew_entitlement,
)
from billing.domain.orders import UnusualTerm
from billing.models import Channel, Entitlement, EntitlementTerm, Purchase
from credits import clock
from credits.domain.figures import standing
from credits.domain.members import NoLongerAllowed
from credits.domain.people import Right
from credits.exceptions import InvalidCommand, KeyConflict, NotAllowed, UnknownObject
from credits.models import Customer, License, Operation, Role
from tests.billing.conversion.conftest import asking, seats
from tests.factories import credits as make

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.moved_to(NOW):
        yield


def valid(customer: Customer, moment: datetime | None = None) -> int:
    moment = moment or clock.now()
    return standing(customer, now=clock.now()).live.figure_at(moment).valid


def test_400_endpoint_sensors_become_8_000_credits_to_their_last_day(
    customer: Customer,
) -> None:
    term = enter_entitlement(customer, seats(), asking())

    license = term.license
    assert (license.credits, license.kind) == (8_000, "converted")
    assert term.ends_at == datetime(2027, 7, 1, tzinfo=UTC) == license.ends_at
    assert valid(customer) == 8_000
    purchase = term.purchase
    assert (purchase.channel, purchase.order_number) == (Channel.CONVERSION, "EN-1001 2026-07-01")
    assert purchase.price is None
    assert [line.license for line in purchase.lines.all()] == [license]


@pytest.mark.parametrize(
    ("first", "credits"),
    [("2024-12-31", 900), ("2025-01-01", 1_500), ("2026-07-01", 1_500)],
)
def test_300_mailboxes_by_the_day_their_term_begins(
    customer: Customer, first: str, credits: int
) -> None:
    term = enter_entitlement(
        customer, seats("xdr-email-sensor", 300, first, "2027-06-30"), asking()
    )

    assert term.license.credits == credits


def test_a_renewal_is_a_new_license_at_the_rate_of_its_own_first_day(customer: Customer) -> None:
    first = enter_entitlement(
        customer, seats("xdr-email-sensor", 300, "2024-07-01", "2025-06-30"), asking()
    )

    renewal = renew_entitlement(
        first.entitlement, seats("xdr-email-sensor", 300, "2025-07-01", "2027-06-30"), asking()
    )

    assert (first.license.credits, renewal.license.credits) == (900, 1_500)
    assert renewal.license.renews == first.license
    assert renewal.entitlement == first.entitlement
    first.license.refresh_from_db()
    assert (first.license.credits, first.license.ends_at) == (
        900,
        datetime(2025, 7, 1, tzinfo=UTC),
    )


def test_the_same_key_converts_once(customer: Customer) -> None:
    ask = asking()

    first, second = (enter_entitlement(customer, seats(), ask) for _turn in range(2))

    assert first == second
    assert License.objects.count() == EntitlementTerm.objects.count() == 1


def test_the_same_key_with_other_units_is_refused(customer: Customer) -> None:
    ask = asking()
    enter_entitlement(customer, seats(), ask)

    with pytest.raises(KeyConflict):
        enter_entitlement(customer, seats(units=401), ask)


def test_a_term_converts_once_whatever_the_key(customer: Customer) -> None:
    first = enter_entitlement(customer, seats(), asking())
    again = seats(first="2027-07-01", last="2028-06-30")
    renew_entitlement(first.entitlement, again, asking())

    with pytest.raises(NotAllowed, match="has a term from 2027-07-01 already: L-202"):
        renew_entitlement(first.entitlement, again, asking())

    assert License.objects.count() == 2


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"product": "no-such"}, "product", "no such product"),
        ({"first": "2019-12-31"}, "first_day", "no conversion rate on 2019-12-31"),
        ({"units": 0}, "units", "from 1 to"),
        ({"units": 1_000_000_001}, "units", "from 1 to"),
        ({"last": "2026-06-30"}, "ends", "must not be before"),
        ({"kind": "half"}, "kind", "full or trial"),
        ({"units": 1_000_000_000, "product": "cloud-risk"}, "credits", "Credits must be"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    customer: Customer, wrong: dict[str, object], field: str, words: str
) -> None:
    with pytest.raises(InvalidCommand, match=words) as refused:
        enter_entitlement(customer, seats(**wrong), asking())  # type: ignore[arg-type]

    assert refused.value.field == field
    assert not Operation.objects.filter(kind="grant").exists()
    assert not Entitlement.objects.exists()


@pytest.mark.parametrize(
    ("first", "last"), [("2025-01-01", "2026-06-30"), ("2026-01-01", "2026-12-31")]
)
def test_a_term_that_is_over_or_far_back_is_asked_for_by_name(
    customer: Customer, first: str, last: str
) -> None:
    with pytest.raises(UnusualTerm, match="Confirm that it is meant"):
        enter_entitlement(
            customer, seats(first=first, last=last, unusual_confirmed=False), asking()
        )
    assert not Purchase.objects.exists()


def test_terms_do_not_overlap(customer: Customer) -> None:
    first = enter_entitlement(customer, seats(), asking())

    with pytest.raises(NotAllowed, match=r"2026-07-01 to 2027-06-30 \(L-201\)"):
        renew_entitlement(first.entitlement, seats(first="2027-06-30", last="2028-06-29"), asking())


def test_another_customers_seat_license_is_not_renewed(
    customer: Customer, other_customer: Customer
) -> None:
    first = enter_entitlement(customer, seats(), asking())
    command = ConvertSeats(
        customer=other_customer,
        asked=asking(),
        seats=seats(first="2027-07-01", last="2028-06-30"),
        entitlement=first.entitlement,
    )

    with pytest.raises(UnknownObject):
        convert(command)
    assert EntitlementTerm.objects.count() == 1


def test_more_units_are_a_further_term_with_the_same_end(customer: Customer) -> None:
    first = enter_entitlement(
        customer, seats("xdr-endpoint-sensor", 400, "2026-07-01", "2027-06-30"), asking()
    )

    more = add_units(first.entitlement, 450, date(2026, 9, 1), asking())

    assert (more.units, more.license.credits, more.ends_at) == (50, 1_000, first.ends_at)
    assert more.license.renews is None
    days = [datetime(2026, 8, 31, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)]
    assert [units_on(first.entitlement, day) for day in days] == [400, 450]
    likely = likely_renewal(first.entitlement, NOW)
    assert (likely.units, likely.first_day) == (450, date(2027, 7, 1))


@pytest.mark.parametrize("units", [400, 399])
def test_no_more_units_are_no_increase(customer: Customer, units: int) -> None:
    first = enter_entitlement(customer, seats(), asking())

    with pytest.raises(InvalidCommand, match="has 400 units"):
        add_units(first.entitlement, units, date(2026, 9, 1), asking())


def test_units_are_added_only_while_a_term_runs(customer: Customer) -> None:
    first = enter_entitlement(customer, seats(), asking())

    with pytest.raises(NotAllowed, match="Enter a renewal"):
        add_units(first.entitlement, 500, date(2027, 7, 1), asking())


def test_fewer_units_are_taken_from_what_was_added_last(customer: Customer) -> None:
    first = enter_entitlement(customer, seats(), asking())
    more = add_units(first.entitlement, 450, date(2026, 8, 1), asking())
    ask = asking(reason="Returned")

    with clock.moved_to(datetime(2026, 9, 1, 12, tzinfo=UTC)):
        for _turn in range(2):
            reduce_units(
                ReduceSeats(customer=customer, asked=ask, entitlement=first.entitlement, units=300)
            )
        first.refresh_from_db()
        more.refresh_from_db()
        assert (first.units, first.license.credits) == (300, 6_000)
        assert more.license.voided_at is not None
        assert units_on(first.entitlement, clock.now()) == 300
        assert valid(customer) == 6_000


@pytest.mark.parametrize("units", [400, 500, 0])
def test_a_reduction_leaves_fewer_units_and_some(customer: Customer, units: int) -> None:
    first = enter_entitlement(customer, seats(), asking())
    command = ReduceSeats(
        customer=customer, asked=asking(), entitlement=first.entitlement, units=units
    )

    with pytest.raises(InvalidCommand) as refused:
        reduce_units(command)
    assert refused.value.field == "units"


def test_trial_seats_become_trial_credits(customer: Customer) -> None:
    term = enter_entitlement(customer, seats(kind="trial"), asking())

    assert term.license.kind == "trial"


def test_numbers_count_over_all_customers(customer: Customer, other_customer: Customer) -> None:
    made = [enter_entitlement(who, seats(), asking()) for who in (customer, other_customer)]

    assert [term.entitlement.label for term in made] == ["EN-1001", "EN-1002"]


def test_a_renewal_is_of_the_same_product_and_type(customer: Customer) -> None:
    first = enter_entitlement(customer, seats(), asking())
    other = seats("xdr-email-sensor", first="2027-07-01", last="2028-06-30")

    with pytest.raises(InvalidCommand, match="another product or type"):
        renew_entitlement(first.entitlement, other, asking())


def test_entering_needs_the_right_under_the_lock(customer: Customer) -> None:
    viewer = make.make_member(customer, make.make_user(), Role.VIEWER)

    with pytest.raises(NoLongerAllowed):
        enter_entitlement(customer, seats(), asking(actor=viewer), right=Right.ENTER_PURCHASES)
